package oauth

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"postern/server/oauth/page"
	"postern/server/oauth/redirect"
)

// maxState is the most bytes of a state parameter.
const maxState = 4 << 10

// authorization is an authorization request (OAuth 2.1 section 4.1.1) that has been found good.
type authorization struct {
	here        string // where its page loads again: path and all parameters, so that no two requests have the same
	redirectURI string // as it was presented
	state       string
	hasState    bool
	challenge   string
	scopes      []string
}

// serveAuthorize begins to wait for the owner. What is wrong with the client or its redirect URI is told to the person
// alone; everything else goes to the client (RFC 6749 section 4.1.2.1).
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || r.Header.Get("Purpose") == "prefetch" {
		w.WriteHeader(http.StatusServiceUnavailable) // nobody looks at the page, so nothing waits
		return
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		w.WriteHeader(http.StatusForbidden) // nor does anybody at a picture or a frame of a web page
		return
	}
	v, e := parameters(r.URL.RawQuery)
	if e != nil {
		s.show(w, page.Problem{Kind: page.Malformed, Detail: e.Description})
		return
	}
	if why := s.closed(); why != "" {
		s.show(w, page.Problem{Kind: closedKind(why)})
		return
	}
	here := address(v)
	if known := s.returning(r, here); known != nil { // before anything is counted: a flood must not end a page that waits
		s.reload(w, r, known)
		return
	}
	if after, ok := s.limits.visit(s.place(r)); !ok {
		s.show(w, page.Problem{Kind: page.TooMany, Wait: after, Here: here})
		return
	}
	c, problem := s.lookup(r, v.Get("client_id"))
	if problem != nil {
		s.show(w, *problem)
		return
	}
	uri := v.Get("redirect_uri")
	if uri == "" || !registers(c, uri) {
		s.show(w, page.Problem{Kind: page.UnknownRedirect, Client: shownClient(c)})
		return
	}
	if len(v.Get("state")) > maxState {
		s.show(w, page.Problem{Kind: page.Malformed, Client: shownClient(c), Detail: "the state is too long"})
		return
	}
	a := authorization{here: here, redirectURI: uri, state: v.Get("state"), hasState: v.Has("state"), challenge: v.Get("code_challenge")}
	if a.scopes, e = s.requested(v); e != nil {
		s.sendBack(w, r, c, a, e)
		return
	}
	s.wait(w, r, c, a)
}

// address is where the page of a request loads again: it holds all parameters but the one that is the page's own.
func address(v url.Values) string {
	v = maps.Clone(v)
	v.Del(typingParameter)
	return authorizePath + "?" + v.Encode()
}

// closedKind is the page for why nobody is let in.
func closedKind(why string) page.Kind {
	if why == "paused" {
		return page.Paused
	}
	return page.LockedDown
}

// registers reports whether uri is one of the client's redirect URIs.
func registers(c Client, uri string) bool {
	for _, registered := range c.RedirectURIs {
		if redirect.Match(registered, uri) {
			return true
		}
	}
	return false
}

// requested checks the rest of a request and returns the scopes that it asks for.
func (s *Server) requested(v url.Values) ([]string, *Error) {
	switch {
	case v.Get("response_type") == "":
		return nil, refuse(invalidRequest, "response_type is missing")
	case v.Get("response_type") != "code":
		return nil, refuse(unsupportedResponse, "the response type code is the only one there is")
	case v.Has("request") || v.Has("request_uri"):
		return nil, refuse(invalidRequest, "request objects are not taken")
	case v.Get("response_mode") != "" && v.Get("response_mode") != "query":
		return nil, refuse(invalidRequest, "the response mode query is the only one there is")
	case v.Get("code_challenge_method") != "S256":
		return nil, refuse(invalidRequest, "code_challenge_method must be S256") // absent means plain, RFC 7636 section 4.3
	case !challengeable(v.Get("code_challenge")):
		return nil, refuse(invalidRequest, "code_challenge must be the base64url of a SHA-256")
	}
	if e := s.target(v["resource"]); e != nil {
		return nil, e
	}
	return s.scopes(v.Get("scope"))
}

// challengeable reports whether s is written as an S256 challenge is (RFC 7636 section 4.2).
func challengeable(s string) bool {
	return len(s) == 43 && !strings.ContainsFunc(s, func(r rune) bool { return !unreserved(r) || r == '.' || r == '~' })
}

// sendBack tells the client what is wrong with its request. Anybody may register a client, so a browser is sent on by
// itself only to where the owner has let one in, to a known product or to this computer; elsewhere a person must click
// (OAuth 2.1 section 7.12.2).
func (s *Server) sendBack(w http.ResponseWriter, r *http.Request, c Client, a authorization, e *Error) {
	where := s.location(a, url.Values{"error": {e.Code}, "error_description": {e.Description}})
	to := redirect.Describe(a.redirectURI)
	if c.Status != Approved && to.Known == "" && to.Kind != redirect.Loopback {
		s.show(w, page.Done{Client: shownClient(c), Destination: destination(a.redirectURI), Denied: true, Location: where})
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, where, http.StatusFound)
}

// location is the redirect URI with an answer: the state as it came, and who answers (RFC 9207).
func (s *Server) location(a authorization, answer url.Values) string {
	if a.hasState {
		answer.Set("state", a.state)
	}
	answer.Set("iss", s.Issuer)
	sign := "?"
	if strings.Contains(a.redirectURI, "?") {
		sign = "&"
	}
	return a.redirectURI + sign + answer.Encode()
}

// show writes a page.
func (s *Server) show(w http.ResponseWriter, p page.Page) {
	var pages page.Renderer
	if err := pages.Write(w, p); err != nil {
		s.Log.Warn("a page was not written", "error", err)
	}
}

// shownClient is what a page says of a client.
func shownClient(c Client) page.Client {
	return page.Client{Name: c.Name, Published: identity(c), ByOwner: c.Kind == Static}
}

// identity is the host that vouches for the client's name, "" if none does.
func identity(c Client) string {
	if c.Kind != Published {
		return ""
	}
	u, err := url.Parse(c.ID)
	if err != nil {
		return ""
	}
	return u.Host
}

// destination is what a page says of a redirect URI.
func destination(uri string) page.Destination {
	t := redirect.Describe(uri)
	d := page.Destination{Host: t.Host, Loopback: t.Kind == redirect.Loopback, Known: t.Known != "", Resembles: t.Lookalike}
	if t.Kind == redirect.App {
		d.Scheme, _, _ = strings.Cut(uri, ":")
	}
	return d
}
