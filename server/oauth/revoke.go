package oauth

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"postern/server/oauth/opaque"
)

// serveRevoke ends the grant that a token belongs to (RFC 7009). Of a token that is unknown, or another client's, it
// says nothing: the answer is 200.
func (s *Server) serveRevoke(w http.ResponseWriter, r *http.Request) {
	v, e := form(r)
	if e == nil && !s.limits.exchange(claimed(r, v), s.place(r)) {
		e = overload(time.Minute, "too many revocation requests")
	}
	if e == nil {
		e = s.revoke(r.Context(), r, v)
	}
	if e != nil {
		e.write(w)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func (s *Server) revoke(ctx context.Context, r *http.Request, v url.Values) *Error {
	c, e := s.authenticate(ctx, r, v)
	if e != nil {
		s.limits.bad(claimed(r, v), s.place(r))
		return e
	}
	token := v.Get("token")
	if token == "" {
		return refuse(invalidRequest, "token is missing")
	}
	kind := opaque.Access
	if opaque.Is(opaque.Refresh, token) {
		kind = opaque.Refresh
	}
	h, _, e := s.held(ctx, kind, token)
	if e != nil || h == nil || h.Grant.ClientID != c.ID || h.Token.Use == ForCode {
		return e
	}
	if err := s.Store.RevokeGrant(context.WithoutCancel(ctx), h.Grant.ID, "the client ended it", s.Now()); err != nil {
		return s.broken("revoking a token", err)
	}
	s.ended(h.Grant.ID)
	return nil
}
