package bridge

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/server/oauth"
)

// TestSidesAreApart: a token of one side is nothing on the other, whatever the headers say.
func TestSidesAreApart(t *testing.T) {
	s := newShared(t)
	s.on()
	_, local := s.grant("gmail:read")
	public := s.publicGrant("gmail:read")
	if status, _ := s.callPublic(local, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("a local token gets %d from outside", status)
	}
	if status, _ := s.call(public, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("a public token gets %d on this computer", status)
	}
	for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Host", "X-Original-Host"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.edge.URL()+"/mcp", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+local)
		req.Header.Set(header, strings.TrimPrefix(s.url, "http://"))
		resp, err := s.edge.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("with %s a local token gets %d from outside", header, resp.StatusCode)
		}
	}
}

// TestNothingElseIsPublic walks over everything that this computer can be asked for, through the edge: what is not on the
// list is not there, and nothing is at another host.
func TestNothingElseIsPublic(t *testing.T) {
	s := newShared(t)
	s.on()
	s.edge.AnyHost(true)
	ask := func(line, host string) int {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		// One place may ask no more than 120 times at once.
		c, err := s.edge.Dial(ctx, s.edge.Domain, fmt.Sprintf("127.0.%d.%d", len(line)%200, len(host)+1))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", line, host); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("%s at %s: %v", line, host, err)
		}
		resp.Body.Close()
		if code := resp.Header.Get("Ngrok-Error-Code"); code != "" {
			t.Fatalf("%s at %s did not get through: %s", line, host, code)
		}
		return resp.StatusCode
	}
	local := strings.TrimPrefix(s.url[:len(s.url)-len("/mcp")], "http://")
	walked := 0
	for pattern := range s.routes("1") {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			t.Fatalf("the route %q names no method", pattern)
		}
		for _, form := range []string{path, path + "/", "/" + path, "/mcp/.." + path, "/mcp/../" + strings.TrimPrefix(path, "/"), "/%2e%2e" + path, "/authorize/.." + path, "http://" + local + path, "http://" + s.edge.Domain + path} {
			for _, host := range []string{s.edge.Domain, local, "localhost", "evil.example"} {
				walked++
				got := ask(method+" "+form, host)
				if want := http.StatusNotFound; host == s.edge.Domain && strings.HasPrefix(form, "/") && got != want {
					t.Errorf("%s %s at %s gets %d, want %d", method, form, host, got, want)
				}
				if got != http.StatusNotFound && got != http.StatusMisdirectedRequest {
					t.Errorf("%s %s at %s gets %d", method, form, host, got)
				}
			}
		}
	}
	if walked < 8*9*4 { // or else the list is not what it was
		t.Errorf("only %d were walked", walked)
	}
	for _, path := range append(oauth.Paths(), oauth.Path) { // these are public, but at no other host
		for _, host := range []string{local, "localhost", "127.0.0.1", "evil.example", s.edge.Domain + ".evil.example", s.edge.Domain + ":8443"} {
			if got := ask("GET "+path, host); got != http.StatusMisdirectedRequest {
				t.Errorf("%s at %s gets %d", path, host, got)
			}
		}
		if got := ask("GET "+path, s.edge.Domain); got == http.StatusNotFound && !strings.HasPrefix(path, "/authorize/") || got == http.StatusMisdirectedRequest {
			t.Errorf("%s gets %d", path, got)
		}
	}
}

// TestLockdownEndsTheTunnel with ten streams that are open: all is dead within two seconds.
func TestLockdownEndsTheTunnel(t *testing.T) {
	s := newShared(t)
	s.on()
	token := s.publicGrant("gmail:read")
	var ended []<-chan struct{}
	for range 10 {
		done := make(chan struct{})
		ended = append(ended, done)
		body := s.publicStream(token)
		go func() {
			defer close(done)
			_, _ = io.Copy(io.Discard, body) // until it is cut
			body.Close()
		}()
	}
	began := time.Now()
	if err := openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, done := range ended {
		waitFor(t, done, "the end of all streams")
	}
	within(t, "the address to be offline at the edge", func() bool {
		status, text := s.get("/mcp")
		if !strings.Contains(text, "ERR_NGROK_") {
			t.Fatalf("Postern answers %d %s", status, text)
		}
		return strings.HasSuffix(text, "ERR_NGROK_3200")
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if now := s.tunnel(); now.State != "off" {
		t.Errorf("%+v", now)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "locked down") {
		t.Errorf("switching it on: %v", err)
	}
	if err := s.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := s.tunnel(); now.State != "off" {
		t.Errorf("after it is lifted: %+v", now)
	}
	s.on()
	if status, _ := s.callPublic(token, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("the old token gets %d", status)
	}
}

// publicStream opens a stream of notifications from outside.
func (s *shared) publicStream(token string) io.ReadCloser {
	s.t.Helper()
	req := s.request(s.edge.URL()+oauth.Path, token, "subscriptions/listen", `"notifications":{"toolsListChanged":true}`)
	resp, err := s.edge.Client().Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("opening a stream: %v %v", resp, err)
	}
	return resp.Body
}

// TestConnectionsThatRest: more of them than there is room for, from few addresses that keep to their pace, keep nobody out.
func TestConnectionsThatRest(t *testing.T) {
	s := newShared(t)
	s.on()
	var opening sync.WaitGroup
	for from := range 5 {
		opening.Go(func() {
			for range 108 {
				c, err := s.edge.Dial(t.Context(), s.edge.Domain, fmt.Sprintf("127.0.0.%d", 20+from))
				if err != nil {
					t.Error(err)
					return
				}
				t.Cleanup(func() { c.Close() })
				if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", oauth.ResourcePath, s.edge.Domain); err != nil {
					t.Error(err)
					return
				}
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				if resp.Body.Close(); resp.StatusCode != http.StatusOK {
					t.Errorf("one of many connections gets %d", resp.StatusCode)
				}
			}
		})
	}
	opening.Wait()
	for range 20 {
		client := s.edge.ClientFrom("127.0.0.9") // with a connection of its own
		resp, err := client.Get(s.edge.URL() + oauth.ResourcePath)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusOK {
			t.Fatalf("another address gets %d %s", resp.StatusCode, resp.Header.Get("Ngrok-Error-Code"))
		}
	}
}
