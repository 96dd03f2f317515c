package guard_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestOrigin holds /mcp to programs, the own origin and those that the owner has named (attacks 4 and 45; MCP 2026-07-28,
// transports, Security Warning: an Origin that is not valid is answered 403).
func TestOrigin(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	d.origins = []string{"https://inspector.example"}
	port := d.issuer[strings.LastIndex(d.issuer, ":"):]
	for _, c := range []struct {
		name    string
		origins []string
		want    int
	}{
		{"none", nil, 200},
		{"own", []string{d.issuer}, 200},
		{"configured", []string{"https://inspector.example"}, 200},
		{"evil", []string{"https://evil.example"}, 403},
		{"null", []string{"null"}, 403},
		{"empty", []string{""}, 403},
		{"two, the first good", []string{d.issuer, "https://evil.example"}, 403},
		{"two, both good", []string{d.issuer, d.issuer}, 403},
		{"a list", []string{d.issuer + ", https://evil.example"}, 403},
		{"own with a slash", []string{d.issuer + "/"}, 403},
		{"own with a path", []string{d.issuer + "/mcp"}, 403},
		{"own over https", []string{strings.Replace(d.issuer, "http:", "https:", 1)}, 403},
		{"own without the port", []string{"http://127.0.0.1"}, 403},
		{"another port", []string{"http://127.0.0.1:1"}, 403},
		{"localhost", []string{"http://localhost" + port}, 403},
		{"own as a label", []string{d.issuer + ".evil.example"}, 403},
		{"own as a user", []string{"http://127.0.0.1@evil.example"}, 403},
		{"in capitals", []string{strings.ToUpper(d.issuer)}, 403},
		{"configured over http", []string{"http://inspector.example"}, 403},
		{"configured with a port", []string{"https://inspector.example:443"}, 403},
		{"below the configured", []string{"https://a.inspector.example"}, 403},
		{"an extension", []string{"chrome-extension://abcdefgh"}, 403},
		{"a file", []string{"file://"}, 403},
	} {
		r := (&caller{d: d, era: modern, token: token}).post("tools/list", nil)
		if c.origins != nil {
			r.Header["Origin"] = c.origins
		}
		before := d.passedOn()
		a := d.do(r)
		if a.status != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.want)
		}
		if passed := d.passedOn() > before; passed != (c.want == 200) {
			t.Errorf("%s: passed on: %v", c.name, passed)
		}
		allowed := a.header.Get("Access-Control-Allow-Origin")
		if c.want == 200 && c.origins != nil && allowed != c.origins[0] || (c.want != 200 || c.origins == nil) && allowed != "" {
			t.Errorf("%s: may be read by %q", c.name, allowed)
		}
		if a.header.Get("Access-Control-Allow-Credentials") != "" || !strings.Contains(a.header.Get("Vary"), "Origin") {
			t.Errorf("%s: %v", c.name, a.header)
		}
	}
}

// TestPreflight: a browser asks first, without a token (Fetch section 4.8), and a challenge can be read by the page.
func TestPreflight(t *testing.T) {
	d := newDoor(t)
	d.origins = []string{"https://inspector.example"}
	ask := func(path, origin string) answer {
		r := d.request(http.MethodOptions, path, "")
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization, content-type, mcp-protocol-version, mcp-method, mcp-name")
		return d.do(r)
	}
	for _, path := range []string{"/mcp", "/token", "/register", "/revoke"} {
		a := ask(path, "https://inspector.example")
		allowed := strings.ToLower(a.header.Get("Access-Control-Allow-Headers"))
		if a.status != http.StatusNoContent || a.header.Get("Access-Control-Allow-Origin") != "https://inspector.example" || a.header.Get("Access-Control-Allow-Origin") == "*" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		for _, h := range []string{"authorization", "content-type", "mcp-session-id", "mcp-protocol-version", "mcp-method", "mcp-name"} {
			if !strings.Contains(allowed, h) {
				t.Errorf("%s: %s is not allowed by %q", path, h, allowed)
			}
		}
		if a := ask(path, "https://evil.example"); a.header.Get("Access-Control-Allow-Origin") != "" || a.status < 400 {
			t.Errorf("%s for evil: %d %v", path, a.status, a.header)
		}
	}
	for _, path := range []string{"/authorize", "/authorize/finish", "/authorize/status"} { // pages and their forms are nobody else's
		if a := ask(path, "https://inspector.example"); a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, a.header)
		}
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server"} {
		r := d.request(http.MethodGet, path, "")
		r.Header.Set("Origin", "https://evil.example")
		if a := d.do(r); a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	r := d.request(http.MethodPost, "/mcp", `{}`)
	r.Header.Set("Origin", "https://inspector.example")
	if a := d.do(r); a.status != 401 || a.header.Get("Access-Control-Allow-Origin") != "https://inspector.example" || !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		t.Errorf("a challenge: %d %v", a.status, a.header)
	}
}

// TestForgedPosts are what a web page can send without asking (attack 46). None is passed on, also with a token that
// the browser would somehow add.
func TestForgedPosts(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_note","arguments":{"text":"forged"}}}`
	for _, kind := range []string{"text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json, text/plain", "text/plain; application/json", "application/jsonp"} {
		for _, origin := range []string{"https://evil.example", "null", ""} {
			r := d.request(http.MethodPost, "/mcp", body)
			r.Header.Set("Content-Type", kind)
			if kind == "" {
				r.Header.Del("Content-Type")
			}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			want := http.StatusForbidden
			if origin == "" {
				want = http.StatusUnsupportedMediaType
			}
			if a := d.do(r); a.status != want {
				t.Errorf("%q from %q: %d, want %d", kind, origin, a.status, want)
			}
		}
	}
	if n := d.passedOn(); n != 0 {
		t.Errorf("%d requests were passed on", n)
	}
}
