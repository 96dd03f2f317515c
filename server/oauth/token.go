package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"postern/server/oauth/opaque"
)

// tokens is the answer of the token endpoint (RFC 6749 section 5.1). scope is always stated: it is what the owner gave,
// which need not be what was asked for.
type tokens struct {
	Access  string `json:"access_token"`
	Type    string `json:"token_type"`
	Expires int64  `json:"expires_in"` // seconds
	Refresh string `json:"refresh_token"`
	Scope   string `json:"scope"`
}

func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	v, e := form(r)
	if e != nil {
		e.write(w)
		return
	}
	id, from := claimed(r, v), s.place(r)
	if !s.limits.exchange(id, from) {
		overload(time.Minute, "too many token requests").write(w)
		return
	}
	out, e := s.exchange(r.Context(), r, v)
	if e != nil {
		if e.Status != http.StatusInternalServerError {
			s.limits.bad(id, from)
		}
		s.Log.Info("token request refused", "error", e.Code, "client", clip(id, 80))
		e.write(w)
		return
	}
	writeJSON(w, http.StatusOK, out)
}

// claimed is the client that a request says it is from, before that is checked.
func claimed(r *http.Request, v url.Values) string {
	if user, _, ok := r.BasicAuth(); ok {
		return clip(user, 512)
	}
	return clip(v.Get("client_id"), 512)
}

func (s *Server) exchange(ctx context.Context, r *http.Request, v url.Values) (tokens, *Error) {
	switch v.Get("grant_type") {
	case "authorization_code", "refresh_token":
	case "":
		return tokens{}, refuse(invalidRequest, "grant_type is missing")
	default:
		return tokens{}, refuse(unsupportedGrantType, "there are authorization_code and refresh_token")
	}
	c, e := s.authenticate(ctx, r, v)
	if e != nil {
		return tokens{}, e
	}
	if e := s.target(v["resource"]); e != nil {
		return tokens{}, e
	}
	if v.Get("grant_type") == "refresh_token" {
		return s.refresh(ctx, c, v)
	}
	return s.redeem(ctx, c, v)
}

// redeem exchanges a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
func (s *Server) redeem(ctx context.Context, c Client, v url.Values) (tokens, *Error) {
	bad := refuse(invalidGrant, "the code is not good: it is unknown, over or used, or it belongs to another request")
	h, pepper, e := s.held(ctx, opaque.Code, v.Get("code"))
	if e != nil {
		return tokens{}, e
	}
	if h == nil || h.Token.Use != ForCode || h.Grant.ClientID != c.ID || h.Grant.Resource != s.Resource() {
		return tokens{}, bad
	}
	if !h.Token.UsedAt.IsZero() {
		return tokens{}, s.replayed(ctx, h.Grant.ID, "its code was used twice")
	}
	if s.over(h) {
		return tokens{}, bad
	}
	// OAuth 2.1 section 4.1.3 has no redirect_uri here; who sends it, as RFC 6749 has it, must send the right one.
	if uri, ok := v["redirect_uri"]; ok && uri[0] != h.Token.RedirectURI {
		return tokens{}, bad
	}
	if !proves(v.Get("code_verifier"), h.Token.Challenge) {
		return tokens{}, refuse(invalidGrant, "code_verifier does not belong to the code_challenge")
	}
	return s.issue(ctx, pepper, *h, nil, nil)
}

// refresh exchanges a refresh token (RFC 6749 section 6, OAuth 2.1 section 4.3).
func (s *Server) refresh(ctx context.Context, c Client, v url.Values) (tokens, *Error) {
	bad := refuse(invalidGrant, "the refresh token is not good: it is unknown or over, or the owner has ended the grant")
	h, pepper, e := s.held(ctx, opaque.Refresh, v.Get("refresh_token"))
	if e != nil {
		return tokens{}, e
	}
	if h == nil || h.Token.Use != ForRefresh || h.Grant.ClientID != c.ID || h.Grant.Resource != s.Resource() || s.over(h) {
		return tokens{}, bad
	}
	narrowed, e := s.narrowed(v.Get("scope"), h.Grant)
	if e != nil {
		return tokens{}, e
	}
	if narrowed == nil {
		narrowed = h.Token.Scopes
	}
	return s.issue(ctx, pepper, *h, narrowed, h.Token.Scopes)
}

// held looks up what was presented; nil if it is unknown.
func (s *Server) held(ctx context.Context, k opaque.Kind, presented string) (*Holder, opaque.Pepper, *Error) {
	pepper, e := s.pepper()
	if e != nil {
		return nil, pepper, e
	}
	if presented == "" {
		return nil, pepper, refuse(invalidRequest, "the code or refresh_token is missing")
	}
	if !opaque.Is(k, presented) {
		return nil, pepper, nil
	}
	h, err := s.Store.Holder(ctx, pepper.Hash(presented))
	if errors.Is(err, ErrNotFound) {
		return nil, pepper, nil
	}
	if err != nil {
		return nil, pepper, s.broken("reading a token", err)
	}
	return &h, pepper, nil
}

// over reports whether the time of what was presented is over, or its grant has ended. Exchange would say so too; but who
// presents what is no good learns nothing of it, also not by how long it takes to write.
func (s *Server) over(h *Holder) bool {
	now := s.Now()
	return !now.Before(h.Token.ExpiresAt) || !h.Grant.Live(now)
}

// issue exchanges what h holds for a new pair of tokens.
func (s *Server) issue(ctx context.Context, pepper opaque.Pepper, h Holder, access, refresh []string) (tokens, *Error) {
	life, err := s.lifetimes(ctx)
	if err != nil {
		return tokens{}, s.broken("reading how long tokens are good", err)
	}
	now := s.Now()
	at, rt := opaque.New(opaque.Access), opaque.New(opaque.Refresh)
	pair := []Token{
		{Hash: pepper.Hash(at), GrantID: h.Grant.ID, Use: ForAccess, Scopes: access, IssuedAt: now, ExpiresAt: sooner(now.Add(life.Access), h.Grant.ExpiresAt)},
		{Hash: pepper.Hash(rt), GrantID: h.Grant.ID, Use: ForRefresh, Scopes: refresh, IssuedAt: now, ExpiresAt: sooner(now.Add(life.Refresh), h.Grant.ExpiresAt)},
	}
	// A client that hangs up is no reason to take the code and give nothing for it.
	switch err := s.Store.Exchange(context.WithoutCancel(ctx), h.Token.Hash, now, life.Grace, pair...); {
	case errors.Is(err, ErrUsed):
		return tokens{}, s.replayed(ctx, h.Grant.ID, "a code or refresh token of it was used twice")
	case errors.Is(err, ErrNotFound):
		return tokens{}, refuse(invalidGrant, "its time is over, or the owner has ended the grant") // since it was looked up
	case err != nil:
		return tokens{}, s.broken("exchanging a token", err)
	}
	scopes := access
	if scopes == nil {
		scopes = h.Grant.Scopes
	}
	return tokens{Access: at, Type: "Bearer", Expires: int64(pair[0].ExpiresAt.Sub(now) / time.Second), Refresh: rt, Scope: strings.Join(scopes, " ")}, nil
}

// replayed ends a grant of which somebody has used a code or refresh token that was used before: one of the two had no
// right to it, and nobody can tell which (OAuth 2.1 sections 4.1.3 and 4.3.1).
func (s *Server) replayed(ctx context.Context, grantID, why string) *Error {
	if err := s.Store.RevokeGrant(context.WithoutCancel(ctx), grantID, why, s.Now()); err != nil {
		return s.broken("ending a grant", err)
	}
	s.Log.Warn("a grant was ended", "grant", grantID, "reason", why)
	s.ended(grantID)
	return refuse(invalidGrant, "it was used before: everything that was issued for it has been revoked")
}

func (s *Server) ended(grantID string) {
	if s.Ended != nil {
		s.Ended(grantID)
	}
}

// sooner returns t, or the end of the grant if that comes first; zero is no end.
func sooner(t, end time.Time) time.Time {
	if !end.IsZero() && end.Before(t) {
		return end
	}
	return t
}

// proves reports whether verifier is what the S256 challenge was made of (RFC 7636 sections 4.1 and 4.6).
func proves(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, func(r rune) bool { return !unreserved(r) }) {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func unreserved(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r)
}
