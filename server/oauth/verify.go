package oauth

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postern/server/oauth/opaque"
)

// ErrToken is returned by Verify for what is no access token of this server's, or none any more. It does not say why:
// that is nobody's business who has not the token.
var ErrToken = errors.New("the access token is not valid, or not any more")

// Verify returns the holder of an access token, with the scopes that it is good for in Token.Scopes. It returns
// ErrToken, or why the store could not be read. It is one indexed read.
func (s *Server) Verify(ctx context.Context, token string) (Holder, error) {
	s.start()
	if !opaque.Is(opaque.Access, token) {
		return Holder{}, ErrToken
	}
	pepper, err := s.Pepper()
	if err != nil {
		return Holder{}, fmt.Errorf("reading the vault: %w", err)
	}
	h, err := s.Store.Holder(ctx, pepper.Hash(token))
	if errors.Is(err, ErrNotFound) {
		return Holder{}, ErrToken
	}
	if err != nil {
		return Holder{}, fmt.Errorf("reading a token: %w", err)
	}
	now := s.Now()
	if h.Token.Use != ForAccess || !now.Before(h.Token.ExpiresAt) || !h.Grant.Live(now) || h.Client.Status == Blocked || h.Grant.Resource != s.Resource() {
		return Holder{}, ErrToken
	}
	if h.Token.Scopes == nil {
		h.Token.Scopes = h.Grant.Scopes
	} else {
		h.Token.Scopes = slices.DeleteFunc(h.Token.Scopes, func(scope string) bool { return !s.Holds(h.Grant.Scopes, scope) })
	}
	return h, nil
}
