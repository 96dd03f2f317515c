package guard_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postern/server/guard"
	"postern/server/oauth"
)

// TestHost holds the front to one address (attacks 2 and 45): whatever the request says of itself, nothing is answered
// as another host, and nothing that it says comes back.
func TestHost(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	own := strings.TrimPrefix(d.issuer, "http://")
	port := own[strings.LastIndex(own, ":"):]
	body := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`
	for _, c := range []struct {
		name, target, host, extra string
		want                      int
	}{
		{"own address", "/mcp", own, "", 200},
		{"slash at the end", "/mcp/", own, "", 200},
		{"evil host", "/mcp", "evil.example", "", 403},
		{"evil host on the own port", "/mcp", "evil.example" + port, "", 403},
		{"own address as a label", "/mcp", "127.0.0.1.evil.example" + port, "", 403},
		{"own address, other port", "/mcp", "127.0.0.1:1", "", 421},
		{"own address, no port", "/mcp", "127.0.0.1", "", 421},
		{"localhost", "/mcp", "localhost" + port, "", 421},
		{"LOCALHOST", "/mcp", "LOCALHOST" + port, "", 421},
		{"localhost with a dot", "/mcp", "localhost." + port, "", 403},
		{"IPv6", "/mcp", "[::1]" + port, "", 421},
		{"mapped address", "/mcp", "[::ffff:127.0.0.1]" + port, "", 403},
		{"short address", "/mcp", "127.1" + port, "", 403},
		{"number", "/mcp", "2130706433" + port, "", 403},
		{"nothing", "/mcp", "", "", 403},
		{"user information", "/mcp", "evil@" + own, "", 400},
		{"absolute form, evil", "http://evil.example/mcp", own, "", 403},
		{"absolute form, own", d.issuer + "/mcp", own, "", 403},
		{"absolute form, own, for another host", d.issuer + "/mcp", "evil.example", "", 403},
		{"authority form", own, own, "", 400},
		{"two slashes", "//evil.example/mcp", own, "", 404},
		{"two Host headers", "/mcp", own, "Host: evil.example\r\n", 400},
		{"X-Forwarded-Host does not help", "/mcp", "evil.example", "X-Forwarded-Host: " + own + "\r\n", 403},
		{"X-Forwarded-Host does not harm", "/mcp", own, "X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\nForwarded: host=evil.example;proto=https\r\nX-Original-URL: /token\r\nX-Rewrite-URL: /token\r\nX-HTTP-Method-Override: GET\r\n", 200},
	} {
		a := d.raw(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\n%sAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", c.target, c.host, c.extra, token, len(body), body))
		if a.status != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, a.status, a.body, c.want)
		}
		if text := fmt.Sprint(a.header, a.body); strings.Contains(text, "evil") {
			t.Errorf("%s comes back: %s", c.name, text)
		}
		if c.want == 421 && !strings.Contains(a.body, d.issuer+"/mcp") {
			t.Errorf("%s: %q does not say which address is right", c.name, a.body)
		}
	}
}

// TestForwardedIsNotBelieved looks for what a proxy may say in everything that names the own address (attack 2).
func TestForwardedIsNotBelieved(t *testing.T) {
	d := newDoor(t)
	for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-authorization-server", "/mcp", "/authorize?client_id=x"} {
		r := d.request(http.MethodGet, path, "")
		for _, h := range []string{"X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "X-Original-Host", "Forwarded"} {
			r.Header.Set(h, "evil.example")
		}
		r.Header.Set("Forwarded", "host=evil.example;proto=https")
		r.Header.Set("X-Forwarded-Proto", "https")
		a := d.do(r)
		if text := fmt.Sprint(a.header, a.body); strings.Contains(text, "evil") || strings.Contains(text, "https://127") {
			t.Errorf("%s: %s", path, text)
		}
		if strings.HasPrefix(path, "/.well-known") && !strings.Contains(a.body, `"`+d.issuer) {
			t.Errorf("%s does not name the issuer: %s", path, a.body)
		}
	}
}

// TestMisdirectedPage: a person in a browser gets a page, not a line of text.
func TestMisdirectedPage(t *testing.T) {
	d := newDoor(t)
	r := d.request(http.MethodGet, "/authorize?client_id=x", "")
	r.Host = strings.Replace(strings.TrimPrefix(d.issuer, "http://"), "127.0.0.1", "localhost", 1)
	a := d.do(r)
	if a.status < 400 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(a.body, d.issuer) || a.header.Get("Location") != "" {
		t.Errorf("%d %v %.200s", a.status, a.header, a.body)
	}
}

// TestNothingElseIsServed asks for what a curious stranger would (attack 55).
func TestNothingElseIsServed(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for target, want := range map[string]int{
		"/": 404, "/favicon.ico": 404, "/debug/pprof/": 404, "/debug/vars": 404, "/metrics": 404, "/sse": 404, "/mcp.json": 404,
		"/mcp/x": 404, "/mcp//": 404, "//mcp": 404, "/./mcp": 404, "/x/../mcp": 404, "/../mcp": 404, "/%2e%2e/mcp": 404, "/..%2fmcp": 404,
		"/mcp%2f": 200, "/%6dcp": 200, "/MCP": 404, "/mcp;x": 404, "/mcp%00": 404, "/mcp\\": 404,
		"/.well-known/": 404, "/.well-known/openid-configuration": 404, "/.well-known/../mcp": 404, "/control.sock": 404,
		"/token/../mcp": 404, "/approvals": 404, "*": 403,
		"/mcp?" + strings.Repeat("x", 17<<10): 414,
		"/" + strings.Repeat("x", 17<<10):     414,
	} {
		a := d.raw("GET " + target + " HTTP/1.1\r\nHost: " + strings.TrimPrefix(d.issuer, "http://") + "\r\nAuthorization: Bearer " + token + "\r\nMcp-Protocol-Version: 2026-07-28\r\nConnection: close\r\n\r\n")
		if want == 200 { // it is /mcp by another spelling (RFC 3986 section 6.2.2.2), and that takes no GET from a modern client
			want = 405
		}
		if a.status != want {
			t.Errorf("GET %.60s: %d %.80s, want %d", target, a.status, a.body, want)
		}
		if a.header.Get("Location") != "" {
			t.Errorf("GET %.60s leads to %s", target, a.header.Get("Location"))
		}
	}
}

// TestMethods: HEAD and the rest do nothing anywhere (attack 30, G11).
func TestMethods(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for _, path := range append(oauth.Paths(), "/mcp") {
		for _, method := range []string{"HEAD", "PUT", "PATCH", "TRACE", "PROPFIND", "QUERY"} {
			r := d.request(method, path, "")
			r.Header.Set("Authorization", "Bearer "+token)
			if a := d.do(r); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", method, path, a.status, a.header.Get("Allow"))
			}
		}
	}
	if n := d.passedOn(); n != 0 {
		t.Errorf("%d requests were passed on", n)
	}
	a := d.raw("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\nConnection: close\r\n\r\n")
	if a.status != http.StatusForbidden {
		t.Errorf("CONNECT: %d", a.status)
	}
	a = d.raw("OPTIONS * HTTP/1.1\r\nHost: " + strings.TrimPrefix(d.issuer, "http://") + "\r\nConnection: close\r\n\r\n")
	if a.status != http.StatusForbidden {
		t.Errorf("OPTIONS *: %d", a.status)
	}
}

// TestUsualPorts: the port that a scheme has by itself may be named or not, on both sides.
func TestUsualPorts(t *testing.T) {
	for _, c := range []struct {
		issuer, host string
		want         int
	}{
		{"https://postern.example.com", "postern.example.com", 200}, {"https://postern.example.com", "postern.example.com:443", 200},
		{"https://postern.example.com", "POSTERN.example.com", 200}, {"https://postern.example.com", "postern.example.com:80", 403},
		{"https://postern.example.com", "127.0.0.1:7879", 403}, {"https://postern.example.com", "localhost", 403},
		{"http://127.0.0.1", "127.0.0.1:80", 200}, {"http://127.0.0.1:7878", "127.0.0.1:80", 421},
	} {
		f := &guard.Front{Issuer: c.issuer, MCP: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) })}
		if got := serveTo(f, c.host); got != c.want {
			t.Errorf("%s at %s: %d, want %d", c.host, c.issuer, got, c.want)
		}
	}
}

// serveTo sends a request for /mcp to a host and returns the status.
func serveTo(h http.Handler, host string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/mcp", nil)
	r.Host = host
	h.ServeHTTP(w, r)
	return w.Code
}
