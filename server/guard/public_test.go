package guard_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/server/guard"
)

// fromOutside serves h as the public side does, with requests that say where they come from.
func fromOutside(t *testing.T, h http.Handler, now func() time.Time, count func(*http.Request)) func(from, path, body string) *http.Response {
	t.Helper()
	web := httptest.NewUnstartedServer(nil)
	web.Config = guard.NewPublicServer(&guard.Public{Next: h, MCP: "/mcp", Source: func(r *http.Request) string { return r.Header.Get("Test-From") }, Count: count, Now: now})
	web.Start()
	t.Cleanup(web.Close)
	return func(from, path, body string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, web.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Test-From", from)
		if path == "/mcp" {
			r.Header.Set("Authorization", "Bearer x") // nobody looks whether it is good
		}
		resp, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
}

// TestPublicRates: who asks too often is sent away, and nobody else, until all together are too many.
func TestPublicRates(t *testing.T) {
	var counted atomic.Int32
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	send := fromOutside(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), func() time.Time { return at }, func(*http.Request) { counted.Add(1) })
	status := func(from string) int {
		resp := send(from, "/token", "")
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After is %q", resp.Header.Get("Retry-After"))
		}
		return resp.StatusCode
	}
	for n := range 130 {
		want := http.StatusNoContent
		if n >= 120 {
			want = http.StatusTooManyRequests
		}
		if got := status("2001:db8::1"); got != want {
			t.Fatalf("request %d gets %d, want %d", n, got, want)
		}
	}
	if got := status("2001:db8::2"); got != http.StatusTooManyRequests {
		t.Errorf("another address of the same network gets %d", got)
	}
	if got := status("192.0.2.1"); got != http.StatusNoContent {
		t.Errorf("somebody else gets %d", got)
	}
	at = at.Add(time.Second)
	for n := range 6 {
		if got := status("2001:db8::1"); (got == http.StatusNoContent) != (n < 5) {
			t.Errorf("a second later request %d gets %d", n, got)
		}
	}
	if got := counted.Load(); got != 138 {
		t.Errorf("%d were counted", got)
	}
	served := 0
	for i := range 6 * 120 { // six places that keep to their own limit, and are too many together
		if status("198.51.100."+string(rune('1'+i%6))) == http.StatusNoContent {
			served++
		}
	}
	if served < 400 || served >= 600 {
		t.Errorf("%d of 720 were served", served)
	}
	at = at.Add(time.Minute)
	for n := range 130 { // a proxy that does not say for whom it asks
		if got := status("127.0.0.1"); got != http.StatusNoContent {
			t.Fatalf("request %d of a proxy gets %d", n, got)
		}
	}
}

// TestPublicSlots: 16 requests of a place run at once, and 64 of all.
func TestPublicSlots(t *testing.T) {
	began, leave := make(chan struct{}, 100), make(chan struct{})
	send := fromOutside(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		began <- struct{}{}
		<-leave
	}), nil, nil)
	var g sync.WaitGroup
	run := func(from string, n int) {
		for range n {
			g.Go(func() { send(from, "/mcp", "") })
		}
		for range n {
			<-began
		}
	}
	refused := func(from string) {
		t.Helper()
		if resp := send(from, "/mcp", ""); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("one more from %s gets %d", from, resp.StatusCode)
		}
	}
	run("192.0.2.1", 16)
	refused("192.0.2.1")
	run("127.0.0.1", 20) // a proxy that does not say for whom
	run("192.0.2.2", 16)
	run("192.0.2.3", 12)
	refused("192.0.2.4")
	close(leave)
	g.Wait()
	if resp := send("192.0.2.4", "/mcp", ""); resp.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
}

// TestPublicSizes: only the MCP endpoint takes more than 64 KB, and nothing a header of more than 32.
func TestPublicSizes(t *testing.T) {
	send := fromOutside(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}), nil, nil)
	for path, sizes := range map[string]map[int]int{"/token": {64 << 10: http.StatusOK, 64<<10 + 1: http.StatusRequestEntityTooLarge}, "/mcp": {1 << 20: http.StatusOK}, "/mcp/": {1 << 20: http.StatusOK}} {
		for size, want := range sizes {
			if resp := send("192.0.2.1", path, strings.Repeat("x", size)); resp.StatusCode != want {
				t.Errorf("%d bytes to %s get %d, want %d", size, path, resp.StatusCode, want)
			}
		}
	}
	if resp := send("192.0.2.1"+strings.Repeat(" ", 40<<10)+"x", "/token", ""); resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 40 KB gets %d", resp.StatusCode)
	}
}

// TestOtherHostsFromOutside: where the public side is reached there is one host, and no hint at any other.
func TestOtherHostsFromOutside(t *testing.T) {
	f := &guard.Front{Issuer: "https://postern.example.com", OAuth: http.NotFoundHandler(), MCP: http.NotFoundHandler(), Public: true}
	for _, host := range []string{"evil.example", "127.0.0.1:7878", "localhost", "postern.example.com:8443", "postern.example.com.evil.example", ""} {
		r := httptest.NewRequest(http.MethodGet, "/mcp", nil)
		r.Host = host
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != http.StatusMisdirectedRequest || strings.Contains(w.Body.String(), "postern.example.com") {
			t.Errorf("%q gets %d %s", host, w.Code, w.Body)
		}
	}
	for _, host := range []string{"postern.example.com", "Postern.Example.com:443"} {
		r := httptest.NewRequest(http.MethodGet, "/mcp", nil)
		r.Host = host
		w := httptest.NewRecorder()
		f.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%q gets %d", host, w.Code)
		}
	}
}
