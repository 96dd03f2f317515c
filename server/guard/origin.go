package guard

import (
	"net/http"
	"slices"
)

// The headers that a web page may send and read (MCP 2026-07-28, transports).
const (
	requestHeaders  = "Authorization, Content-Type, Accept, Last-Event-ID, Mcp-Session-Id, Mcp-Protocol-Version, Mcp-Method, Mcp-Name"
	responseHeaders = "WWW-Authenticate, Mcp-Session-Id, Retry-After"
)

// foreign reports whether a request comes from a web page that has no business here (MCP, Security Warning: Origin must
// be validated). Programs that are no browsers send no Origin.
func (g *Guard) foreign(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	switch len(origins) {
	case 0:
		return false
	case 1:
		return origins[0] != g.issuer() && !slices.Contains(g.origins(), origins[0])
	}
	return true
}

func (g *Guard) origins() []string {
	if g.Origins == nil {
		return nil
	}
	return g.Origins()
}

// allowOrigin lets a web page read the answer, and reports whether the request only asked for that.
func allowOrigin(w http.ResponseWriter, r *http.Request, origin string) (preflight bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", responseHeaders)
	if r.Method != http.MethodOptions {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", requestHeaders)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
