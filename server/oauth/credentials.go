package oauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"

	"postern/server/oauth/opaque"
)

// authenticate finds the client of a token or revocation request (RFC 6749 section 2.3): a public one names itself, one
// with a secret proves itself, in the header or in the body but not in both.
func (s *Server) authenticate(ctx context.Context, r *http.Request, v url.Values) (Client, *Error) {
	id, secret := v.Get("client_id"), v.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		user, err := url.QueryUnescape(user) // RFC 6749 section 2.3.1
		if err != nil {
			return Client{}, unknownClient()
		}
		if password, err = url.QueryUnescape(password); err != nil {
			return Client{}, unknownClient()
		}
		if secret != "" {
			return Client{}, refuse(invalidRequest, "client credentials stand in the header and in the body")
		}
		if id != "" && id != user {
			return Client{}, unknownClient()
		}
		id, secret = user, password
	} else if r.Header.Get("Authorization") != "" {
		return Client{}, unknownClient()
	}
	if v.Get("client_assertion") != "" || v.Get("client_assertion_type") != "" {
		return Client{}, unknownClient() // private_key_jwt is not offered
	}
	if id == "" {
		return Client{}, refuse(invalidRequest, "client_id is missing")
	}
	c, err := s.Store.Client(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Client{}, unknownClient()
	}
	if err != nil {
		return Client{}, s.broken("reading a client", err)
	}
	if c.Status == Blocked {
		return Client{}, unknownClient()
	}
	if c.Public() {
		if secret != "" {
			return Client{}, unknownClient()
		}
		return c, nil
	}
	if !opaque.Is(opaque.Secret, secret) || subtle.ConstantTimeCompare(HashSecret(secret), c.SecretHash) != 1 {
		return Client{}, unknownClient()
	}
	return c, nil
}

// HashSecret returns what is kept of a client's secret. It needs no key and no slow hash: the secret is 256 random bits
// that Postern has made, so nobody finds it from its hash by trying. Unlike a token it thus outlives the pepper, and a
// lockdown: it says who a client is and gives it nothing.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// NeedsSecret reports whether the client has a secret of which nothing is kept any more: it cannot prove itself until the
// owner has made it a new one.
func (c Client) NeedsSecret() bool { return !c.Public() && len(c.SecretHash) != sha256.Size }

// unknownClient is also the answer for a blocked client, and for a wrong secret: which it is, is nobody's business. A
// client that gets it registers again.
func unknownClient() *Error {
	return &Error{Code: invalidClient, Description: "this client is not known here: register again", Status: http.StatusUnauthorized}
}

// pepper returns the key of the hashes, or the refusal of a request that needs it.
func (s *Server) pepper() (opaque.Pepper, *Error) {
	p, err := s.Pepper()
	if err != nil {
		return p, s.broken("reading the vault", err)
	}
	return p, nil
}

// broken is the refusal of a request that Postern could not do, whose cause stands in the log alone.
func (s *Server) broken(doing string, err error) *Error {
	s.Log.Error(doing, "error", err)
	return &Error{Code: serverError, Description: "Postern could not do this; its log says why", Status: http.StatusInternalServerError}
}
