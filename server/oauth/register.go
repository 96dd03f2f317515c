package oauth

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"postern/internal/tool"
	"postern/server/oauth/opaque"
	"postern/server/oauth/redirect"
)

// The limits of a registration.
const (
	maxRegistration = 8 << 10
	maxRedirectURIs = 10
	// maxName is the most letters of a client's name that are kept.
	maxName = 64
	// maxUnapproved is how many clients of a kind and side are kept that nobody has let in. Newer ones take the place of
	// the oldest.
	maxUnapproved = 50
)

// registration is what Postern reads of a registration (RFC 7591 section 2). Everything else is left out: an
// authorization server may replace what a client asks for.
type registration struct {
	RedirectURIs    []string `json:"redirect_uris"`
	Name            string   `json:"client_name"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	ApplicationType string   `json:"application_type"`
}

// registered is the answer (RFC 7591 section 3.2.1). What is empty is left out: some clients refuse null.
type registered struct {
	ClientID        string   `json:"client_id"`
	IssuedAt        int64    `json:"client_id_issued_at"`
	Name            string   `json:"client_name,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	ApplicationType string   `json:"application_type"`
}

// serveRegister lets a client make itself known. It grants nothing and shows the owner nothing.
func (s *Server) serveRegister(w http.ResponseWriter, r *http.Request) {
	if why := s.closed(); why != "" {
		overload(time.Minute, "Postern takes no new clients now: it is "+why).write(w)
		return
	}
	if after, ok := s.limits.register(s.place(r)); !ok {
		overload(after, "too many registrations").write(w)
		return
	}
	in, e := readRegistration(r)
	if e != nil {
		e.write(w)
		return
	}
	c, e := in.client(s.Now())
	if e != nil {
		e.write(w)
		return
	}
	c.Outside = s.Public
	if err := s.Store.AddClient(r.Context(), c, maxUnapproved); err != nil {
		if errors.Is(err, ErrTooMany) {
			overload(time.Minute, err.Error()).write(w)
			return
		}
		s.broken("registering a client", err).write(w)
		return
	}
	writeJSON(w, http.StatusCreated, registered{
		ClientID: c.ID, IssuedAt: c.CreatedAt.Unix(), Name: c.Name, RedirectURIs: c.RedirectURIs,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}, AuthMethod: "none",
		ApplicationType: applicationType(in.ApplicationType, c.RedirectURIs),
	})
}

func readRegistration(r *http.Request) (registration, *Error) {
	var in registration
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return in, refuse(invalidMetadata, "the body must be application/json")
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxRegistration+1))
	switch {
	case err != nil:
		return in, refuse(invalidMetadata, "the body could not be read")
	case len(b) > maxRegistration:
		return in, &Error{Code: invalidMetadata, Description: "the registration is too long", Status: http.StatusRequestEntityTooLarge}
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return in, refuse(invalidMetadata, "the body is not a JSON object of client metadata")
	}
	return in, nil
}

// client makes the client of a registration.
func (in registration) client(now time.Time) (Client, *Error) {
	if len(in.RedirectURIs) == 0 || len(in.RedirectURIs) > maxRedirectURIs {
		return Client{}, refuse(invalidRedirectURI, "1 to %d redirect URIs are wanted, not %d", maxRedirectURIs, len(in.RedirectURIs))
	}
	for _, uri := range in.RedirectURIs {
		if err := redirect.Check(uri); err != nil {
			return Client{}, refuse(invalidRedirectURI, "%s", err)
		}
	}
	if in.GrantTypes != nil && !slices.Contains(in.GrantTypes, "authorization_code") {
		return Client{}, refuse(invalidMetadata, "the grant type authorization_code is the only one there is, with refresh_token")
	}
	if in.ResponseTypes != nil && !slices.Contains(in.ResponseTypes, "code") {
		return Client{}, refuse(invalidMetadata, "the response type code is the only one there is")
	}
	return Client{
		ID: newID(IDPrefix), Kind: Dynamic, Name: name(in.Name), RedirectURIs: in.RedirectURIs, Status: New, CreatedAt: now,
	}, nil
}

// name is a client's name as it is shown: one line without what is invisible or turns the direction of writing.
func name(s string) string {
	if s = strings.TrimSpace(tool.CleanLine(s)); s == "" {
		return "an app without a name"
	}
	return clip(s, maxName)
}

// IDPrefix is what the ids begin with that clients are given here.
const IDPrefix = "mcpc_"

// newID returns a random id. It is no secret, but it cannot be guessed either.
func newID(prefix string) string {
	return prefix + strings.TrimPrefix(opaque.New(opaque.Form), string(opaque.Form))[:26]
}

// applicationType is the one that was asked for, or "native" for what runs on the owner's computer (OpenID Connect
// Dynamic Client Registration 1.0 section 2).
func applicationType(asked string, uris []string) string {
	if asked == "web" || asked == "native" {
		return asked
	}
	if slices.ContainsFunc(uris, func(u string) bool { return strings.HasPrefix(u, "https:") }) {
		return "web"
	}
	return "native"
}

// NewStatic makes a client that the owner registers, after the rules for one that registers itself.
func NewStatic(called string, redirectURIs []string, now time.Time) (Client, error) {
	c, e := registration{Name: called, RedirectURIs: redirectURIs}.client(now)
	if e != nil {
		return Client{}, e
	}
	c.Kind = Static
	return c, nil
}
