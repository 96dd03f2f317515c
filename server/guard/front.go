package guard

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"postern/server/oauth"
	"postern/server/oauth/page"
)

// Front is the one door of a side: it lets in what was sent to the server's own address, and shares it out between the
// authorization server and the MCP endpoint. Nothing else is served, and what proxies say of a request is not believed.
type Front struct {
	Issuer  string          // as oauth.Server has it
	OAuth   http.Handler    // see oauth.Server.Handler
	MCP     http.Handler    // see Guard
	Origins func() []string // web origins that may call besides the own one; nil for none
	Public  bool            // it is reached from outside: no other address is ours, whoever asks
}

// maxURL is the most bytes of a path with its query.
const maxURL = 16 << 10

// ServeHTTP answers 421 to another spelling of the own address, with the right one, and to any other 403, or from outside
// 421 too (RFC 9110 section 15.5.20).
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Origin")
	own, err := url.Parse(f.Issuer)
	if err != nil {
		http.Error(w, "the issuer is no address", http.StatusInternalServerError)
		return
	}
	switch {
	case len(r.RequestURI) > maxURL:
		plain(w, http.StatusRequestURITooLong, "the address is too long")
	case r.URL.Host != "" && r.URL.Host != r.Host || !strings.HasPrefix(r.RequestURI, "/"):
		plain(w, f.wrong(), "the request was sent to another address")
	case sameHost(r.Host, own):
		f.share(w, r)
	case loopbackName(r.Host) && loopbackName(own.Host):
		f.elsewhere(w, r)
	default:
		plain(w, f.wrong(), "this is not the address of the server")
	}
}

// wrong is the answer to a request for an address that is not the server's. Here it may be the work of a web page that
// rebinds a name to this computer, and is forbidden.
func (f *Front) wrong() int {
	if f.Public {
		return http.StatusMisdirectedRequest
	}
	return http.StatusForbidden
}

func (f *Front) share(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	switch {
	case path == oauth.Path || path == oauth.Path+"/": // some clients add the slash; a redirect would lose the body
		f.MCP.ServeHTTP(w, r)
	case slices.Contains(oauth.Paths(), path):
		if f.cors(w, r) {
			return
		}
		f.OAuth.ServeHTTP(w, r)
	default:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "not_found"})
	}
}

// cors lets the owner's chosen web origins use the token endpoints, and reports whether that was all that was asked.
func (f *Front) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || f.Origins == nil || !slices.Contains(f.Origins(), origin) || strings.HasPrefix(r.URL.Path, "/authorize") {
		return false
	}
	return allowOrigin(w, r, origin)
}

// elsewhere answers a request for another name of this computer: tokens are good for one address alone.
func (f *Front) elsewhere(w http.ResponseWriter, r *http.Request) {
	right := f.Issuer + oauth.Path
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/authorize") {
		var pages page.Renderer
		_ = pages.Write(w, page.Problem{Kind: page.WrongAddress, Detail: right}) // that nobody reads it is no error
		return
	}
	plain(w, http.StatusMisdirectedRequest, "use the address "+right)
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

// sameHost reports whether a Host header names the host of the issuer, with or without the usual port.
func sameHost(host string, own *url.URL) bool {
	usual := ":80"
	if own.Scheme == "https" {
		usual = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(host, usual), strings.TrimSuffix(own.Host, usual))
}

// loopbackName reports whether a Host header is a name of this computer.
func loopbackName(host string) bool {
	u, err := url.Parse("http://" + host)
	if err != nil {
		return false
	}
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, strings.ToLower(u.Hostname()))
}
