package guard_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/peek"
)

// waiting is a public side whose requests run until they are let go.
type waiting struct {
	t      *testing.T
	public *guard.Public
	began  chan struct{}
	leave  chan struct{}
	g      sync.WaitGroup
}

func newWaiting(t *testing.T) *waiting {
	h := &waiting{t: t, began: make(chan struct{}, 100), leave: make(chan struct{})}
	h.public = &guard.Public{MCP: "/mcp", Source: func(r *http.Request) string { return r.RemoteAddr }, Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		h.began <- struct{}{}
		<-h.leave
	})}
	t.Cleanup(func() { close(h.leave); h.g.Wait() })
	return h
}

// send sends a request without a body, and returns 0 if it runs.
func (h *waiting) send(from, path, token string) int {
	r := httptest.NewRequest(http.MethodPost, path, nil)
	r.RemoteAddr = from
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	ended := make(chan int, 1)
	h.g.Go(func() {
		w := httptest.NewRecorder()
		h.public.ServeHTTP(w, r)
		ended <- w.Code
	})
	select {
	case <-h.began:
		return 0
	case code := <-ended:
		return code
	}
}

// fill sends n of them, which must run.
func (h *waiting) fill(n int, from, path, token string) {
	h.t.Helper()
	for i := range n {
		if got := h.send(from, path, token); got != 0 {
			h.t.Fatalf("request %d of %s gets %d", i, from, got)
		}
	}
}

// TestStrangersLeaveRoom: however many addresses somebody without a token has, the owner's clients get through.
func TestStrangersLeaveRoom(t *testing.T) {
	h := newWaiting(t)
	for i, c := range []struct{ path, token string }{{"/token", ""}, {"/mcp", ""}, {"/mcp", "Basic YTpi"}, {"/register", "Bearer x"}, {"/mcp/x", "Bearer x"}} {
		from := fmt.Sprintf("192.0.2.%d", i)
		h.fill(8, from, c.path, c.token)
		if got := h.send(from, c.path, c.token); got != http.StatusServiceUnavailable {
			t.Errorf("the ninth of %s gets %d", from, got)
		}
	}
	for _, from := range []string{"198.51.100.1", "2001:db8::1", "127.0.0.1"} {
		if got := h.send(from, "/token", ""); got != http.StatusServiceUnavailable {
			t.Errorf("one more stranger, from %s, gets %d", from, got)
		}
	}
	h.fill(14, "203.0.113.1", "/mcp", "Bearer x")
	h.fill(10, "203.0.113.2", "/mcp/", "Bearer x")
	if got := h.send("203.0.113.3", "/mcp", "Bearer x"); got != http.StatusServiceUnavailable {
		t.Errorf("more than there is room for: %d", got)
	}
}

// TestAWidePlaceIsOnePlace: who has a network of IPv6 has all the networks in it.
func TestAWidePlaceIsOnePlace(t *testing.T) {
	h := newWaiting(t)
	h.fill(8, "2001:db8:1:1::1", "/token", "")
	h.fill(8, "2001:db8:1:2::1", "/token", "")
	if got := h.send("2001:db8:1:3::1", "/token", ""); got != http.StatusServiceUnavailable {
		t.Errorf("a third network of a wide one gets %d", got)
	}
	h.fill(1, "2001:db8:2:1::1", "/token", "")
	h.fill(8, "2001:db8:1:1::1", "/mcp", "Bearer x") // 16 of this place by now
	if got := h.send("2001:db8:1:1::2", "/mcp", "Bearer x"); got != http.StatusServiceUnavailable {
		t.Errorf("the seventeenth of a place gets %d", got)
	}
	h.fill(8, "2001:db8:1:3::1", "/mcp", "Bearer x") // 32 of the wide one
	if got := h.send("2001:db8:1:4::1", "/mcp", "Bearer x"); got != http.StatusServiceUnavailable {
		t.Errorf("the 33rd of a wide place gets %d", got)
	}
	h.fill(1, "2001:db8:2:2::1", "/mcp", "Bearer x")
}

// TestStrangersLeaveTheRate: many who have no token use up what there is for those without one.
func TestStrangersLeaveTheRate(t *testing.T) {
	p := &guard.Public{MCP: "/mcp", Source: func(r *http.Request) string { return r.RemoteAddr }, Next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	send := func(from, path, token string) int {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.RemoteAddr = from
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code
	}
	synctest.Test(t, func(t *testing.T) { // so that no time passes
		wide := 0
		for i := range 400 {
			if send(fmt.Sprintf("2001:db8:1:%d::1", i), "/token", "") == http.StatusOK {
				wide++
			}
		}
		if wide != 240 {
			t.Errorf("%d networks of a wide one are served at once", wide)
		}
		all := 0
		for i := range 400 {
			if send(fmt.Sprintf("192.0.2.%d", i%200), "/token", "") == http.StatusOK {
				all++
			}
		}
		if all != 600-240 {
			t.Errorf("%d of all are served at once", all)
		}
		if got := send("198.51.100.1", "/token", "Bearer x"); got != http.StatusTooManyRequests {
			t.Errorf("one more gets %d", got)
		}
		for range 120 {
			if got := send("198.51.100.2", "/mcp", "Bearer x"); got != http.StatusOK {
				t.Fatalf("who shows a token gets %d", got)
			}
		}
		if got := send("198.51.100.2", "/mcp", "Bearer x"); got != http.StatusTooManyRequests {
			t.Errorf("who shows a token too often gets %d", got)
		}
	})
}

// TestBadTokensLeaveTheRate: who shows a bad token counts for a minute as who shows none, with all of the wide network.
func TestBadTokensLeaveTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		side := guard.NewPublicServer(&guard.Public{MCP: "/mcp", Source: func(r *http.Request) string { return r.RemoteAddr }, Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer good" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		})})
		send := func(from, token string) int {
			r := httptest.NewRequest(http.MethodPost, "/mcp", nil)
			r.RemoteAddr = from
			r.Header.Set("Authorization", "Bearer "+token)
			w := httptest.NewRecorder()
			side.Handler.ServeHTTP(w, r)
			return w.Code
		}
		looked := 0
		for i := range 2000 {
			if send(fmt.Sprintf("2001:db8:1:%d::1", i%100), "bad") == http.StatusUnauthorized {
				looked++
			}
		}
		if looked != 1+240 { // the first was not known yet
			t.Errorf("%d bad tokens of one network are looked at at once", looked)
		}
		if got := send("2001:db8:1:500::1", "good"); got != http.StatusTooManyRequests {
			t.Errorf("a good one from there that nobody knows yet gets %d", got)
		}
		for i := range 300 {
			if got := send(fmt.Sprintf("2001:db8:2:%d::1", i), "good"); got != http.StatusOK {
				t.Fatalf("a good one from elsewhere gets %d", got)
			}
		}
		for i := range 300 {
			if got := send(fmt.Sprintf("2001:db8:1:%d::1", 1000+i), "good"); got != http.StatusOK {
				t.Fatalf("a good one from there, once it is known, gets %d", got)
			}
		}
		time.Sleep(time.Minute)
		for range 120 {
			if got := send("2001:db8:1:500::1", "good"); got != http.StatusOK {
				t.Fatalf("a minute later a good one from there gets %d", got)
			}
		}
	})
}

// one is a Verifier for which one token is good.
type one string

func (o one) Verify(_ context.Context, token string) (oauth.Holder, error) {
	if token != string(o) {
		return oauth.Holder{}, oauth.ErrToken
	}
	return oauth.Holder{Grant: oauth.Grant{ID: "g"}}, nil
}
func (one) Holds([]string, string) bool { return true }
func (one) ResourceMetadata() string {
	return "https://postern.example.com/.well-known/oauth-protected-resource"
}

// TestABadTokenHoldsNoRoom: what is sent with a token that is not good is not waited for, and in the room of its request
// another runs.
func TestABadTokenHoldsNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard.Guard{
			Issuer: "https://postern.example.com", Tokens: one("good"), Needs: func(peek.Message) []string { return nil }, Sessions: &guard.Sessions{}, Live: &guard.Live{},
			Next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") }),
		}
		side := newPublicSide(t, g)
		body := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}`
		for i := range 70 {
			side.conn(fmt.Sprintf("192.0.2.%d:1", i/4)).send("POST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer bad\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
		}
		synctest.Wait() // all of them drag their bodies
		c := side.conn("192.0.2.1:1")
		c.send(fmt.Sprintf("POST /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
		if got := c.answer(); !strings.HasPrefix(got, "200") {
			t.Errorf("the owner's client gets %s", got)
		}
	})
}
