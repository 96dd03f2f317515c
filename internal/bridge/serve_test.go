package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/control"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
	"postern/server/peek"
)

// serving is a bridge that serves the sample account over HTTP.
type serving struct {
	*Bridge
	t      *testing.T
	url    string
	end    context.CancelFunc
	ended  chan error
	client string
}

func serve(t *testing.T, dir string) *serving {
	t.Helper()
	return serveWith(t, Config{Dir: dir, Getenv: fileVault})
}

// noVault is an environment in which no vault can be opened, which takes its time. What is issued is good all the same.
var noVault = env(map[string]string{"POSTERN_VAULT": "file"})

func serveWith(t *testing.T, c Config) *serving { return serveAt(t, c, Addresses{}) }

func serveAt(t *testing.T, c Config, a Addresses) *serving {
	t.Helper()
	c.Demo, a.Local = true, "127.0.0.1:0"
	s := &serving{Bridge: openAt(t, c), t: t, ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	s.end = cancel
	ready := make(chan string, 1)
	go func() {
		s.ended <- s.Serve(ctx, a, "1", func(local, _ string) { ready <- local })
	}()
	select {
	case s.url = <-ready:
	case err := <-s.ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-s.ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
	})
	return s
}

// grant gives a client scopes of the sample account, without a browser, and returns its grant and token.
func (s *serving) grant(scopes ...string) (oauth.Grant, string) {
	s.t.Helper()
	now := s.config.Now()
	c, err := oauth.NewStatic("tester", []string{"http://127.0.0.1/cb"}, now)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.Store.SaveClient(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
	s.client = c.ID
	access := opaque.New(opaque.Access)
	g := oauth.Grant{ID: "g" + access[6:16], ClientID: c.ID, Resource: s.url, Profiles: []string{demoID}, Scopes: scopes, CreatedAt: now}
	pepper := s.service().pepper.Load()
	if err := s.Store.AddGrant(s.t.Context(), g, oauth.Token{Hash: pepper.Hash(access), GrantID: g.ID, Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
		s.t.Fatal(err)
	}
	return g, access
}

// call calls a tool with the token and returns the status and the answer.
func (s *serving) call(token, name, args string) (int, string) {
	s.t.Helper()
	return s.callAt(http.DefaultClient, s.url, token, name, args)
}

// callAt does so at another address, by that client.
func (s *serving) callAt(c *http.Client, address, token, name, args string) (int, string) {
	s.t.Helper()
	req := s.request(address, token, "tools/call", `"name":"`+name+`","arguments":`+args)
	req.Header.Set("Mcp-Name", name)
	resp, err := c.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err.Error()
	}
	return resp.StatusCode, string(b)
}

// request is one of the newest revision.
func (s *serving) request(address, token, method, params string) *http.Request {
	s.t.Helper()
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, address, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`,`+meta+`}}`))
	if err != nil {
		s.t.Fatal(err)
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method} {
		req.Header.Set(header, value)
	}
	return req
}

const search = `{"query":"in:inbox","max":1}`

func TestServeAnswersWithinTheGrant(t *testing.T) {
	s := serve(t, t.TempDir())
	_, token := s.grant("gmail:read")
	if status, text := s.call(token, "gmail_search", search); status != http.StatusOK || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := s.call("mcpat_x", "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, text := s.call(token, "gmail_search", `{"query":"x","profile":"work"}`); status != http.StatusOK || !strings.Contains(text, "there is no profile") {
		t.Errorf("another profile: %d %s", status, text)
	}
}

// TestAWiderGrant: a call beyond the grant asks the owner, and after the yes the very same token is enough.
func TestAWiderGrant(t *testing.T) {
	s := serve(t, t.TempDir())
	g, token := s.grant("gmail:read")
	modify := `{"message_ids":["0"],"action":"read"}`
	status, text := s.call(token, "gmail_modify", modify)
	if status != http.StatusForbidden || !strings.Contains(text, "gmail:write") {
		t.Fatalf("%d %s", status, text)
	}
	if status, _ := s.call(token, "gmail_modify", modify); status != http.StatusForbidden {
		t.Fatalf("the second call gets %d", status)
	}
	open, err := s.Queue.Pending(t.Context())
	if err != nil || len(open) != 1 || open[0].Kind != approval.Widen || open[0].Offer.Grant != g.ID {
		t.Fatalf("questions %+v, %v", open, err)
	}
	if err := s.Queue.Answer(t.Context(), open[0].ID, approval.Answer{Approved: true, Terms: &approval.Terms{Scopes: []string{"gmail:write"}}}); err != nil {
		t.Fatal(err)
	}
	within(t, "the wider grant", func() bool { status, _ = s.call(token, "gmail_modify", modify); return status == http.StatusOK })
}

// TestAllowedOnce: the owner's yes can be for the very call that was refused, one time, and the grant stays as it is.
func TestAllowedOnce(t *testing.T) {
	s := serve(t, t.TempDir())
	_, token := s.grant("gmail:read")
	_, text := s.call(token, "gmail_search", search)
	id := regexp.MustCompile(`\bid:(\w+)`).FindStringSubmatch(text)
	if id == nil {
		t.Fatalf("no message in %s", text)
	}
	read, unread := `{"message_ids":["`+id[1]+`"],"action":"read"}`, `{"message_ids":["`+id[1]+`"],"action":"unread"}`
	try := func(args string) int {
		status, text := s.call(token, "gmail_modify", args)
		if status == http.StatusOK && strings.Contains(text, `"isError":true`) {
			t.Errorf("the call was let through, but failed: %s", text)
		}
		return status
	}
	if status := try(read); status != http.StatusForbidden {
		t.Fatalf("before: %d", status)
	}
	open, err := s.Queue.Pending(t.Context())
	if err != nil || len(open) != 1 || !strings.Contains(fmt.Sprint(open[0].Preview.Fields), id[1]) {
		t.Fatalf("questions %+v, %v", open, err)
	}
	if err := s.Queue.Answer(t.Context(), open[0].ID, approval.Answer{Approved: true, Terms: &approval.Terms{Scopes: []string{"gmail:write"}, Once: true}}); err != nil {
		t.Fatal(err)
	}
	within(t, "the settled question", func() bool {
		q, err := s.Queue.Get(t.Context(), open[0].ID)
		return err == nil && q.State == approval.Done
	})
	for _, c := range []struct {
		what, args string
		want       int
	}{{"another call", unread, http.StatusForbidden}, {"the call", strings.ReplaceAll(read, ",", " , "), http.StatusOK}, {"the call again", read, http.StatusForbidden}} {
		if status := try(c.args); status != c.want {
			t.Errorf("%s: %d, want %d", c.what, status, c.want)
		}
	}
}

func TestAYesToACallIsForAMinute(t *testing.T) {
	var o once
	call, now := digest("g", peek.Message{Method: "tools/call", Name: "x"}, []string{"s"}), time.Now()
	o.allow(call, now.Add(onceKept))
	if o.take(digest("other", peek.Message{Method: "tools/call", Name: "x"}, []string{"s"}), now) || o.take(call, now.Add(onceKept)) {
		t.Error("another grant's call is let through, or one that comes too late")
	}
	o.allow(call, now.Add(onceKept))
	if !o.take(call, now) || o.take(call, now) {
		t.Error("it is good for other than one call")
	}
}

func TestPauseKeepsTokens(t *testing.T) {
	s := serve(t, t.TempDir())
	_, token := s.grant("gmail:read")
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusServiceUnavailable {
		t.Errorf("paused: %d", status)
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusOK {
		t.Errorf("resumed: %d", status)
	}
}

// TestRevokingFromAnotherProcess ends the open stream of a grant at once, and its token.
func TestRevokingFromAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	g, token := s.grant("gmail:read")
	closed := s.listen(token)
	other := openAt(t, Config{Dir: dir})
	if err := other.RevokeGrant(t.Context(), g.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("after the revocation: %d", status)
	}
	waitFor(t, closed, "the stream's end")
}

func TestTheSecondBridgeSaysWhereTheFirstIs(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	second := openAt(t, Config{Dir: dir, Demo: true})
	err := second.Serve(t.Context(), Addresses{Local: "127.0.0.1:0"}, "1", func(string, string) { t.Error("it serves") })
	var running *control.RunningError
	if !errors.As(err, &running) || !strings.Contains(err.Error(), s.url) {
		t.Errorf("%v", err)
	}
	if r, err := second.Running(t.Context()); err != nil || r.Local != s.url {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAddressesThatAreRefused(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:7878", ":7878", "192.168.1.2:7878", "example.com:7878", "127.0.0.1"} {
		if l, err := listenLocal(addr); err == nil {
			l.Close()
			t.Errorf("%s is listened on", addr)
		}
	}
}

// TestTheProxysLastWordCounts: what came before it in X-Forwarded-For anybody may have written (attack 56).
func TestTheProxysLastWordCounts(t *testing.T) {
	for want, headers := range map[string][]string{
		"127.0.0.1": nil, "203.0.113.9": {"203.0.113.9"}, "203.0.113.8": {"127.0.0.1, 10.0.0.1, 203.0.113.8"}, "203.0.113.7": {"127.0.0.1", "10.0.0.1,203.0.113.7 "},
		"203.0.113.6": {"203.0.113.6:4711"}, "2001:db8::1": {"[2001:DB8::1%eth0]:80"}, "2001:db8::2": {"2001:db8::2%claude.ai (Anthropic; verified)"}, // an address is all that is left
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Header["X-Forwarded-For"] = "127.0.0.1:4711", headers
		r.Header["Forwarded"], r.Header["X-Real-Ip"] = []string{"for=10.0.0.2"}, []string{"10.0.0.3"}
		if got := proxySource(r); got != want {
			t.Errorf("%q at the public side: %s, want %s", headers, got, want)
		}
		if got := connectionSource(r); got != "127.0.0.1" {
			t.Errorf("%q at the local side: %s", headers, got)
		}
	}
}

// TestAProxyThatAddsNothing: what it passes on of the client's own is no address, so it is not told apart by it.
func TestAProxyThatAddsNothing(t *testing.T) {
	for _, header := range []string{"whoever", "203.0.113.9, whoever", "203.0.113.9,", "_hidden", strings.Repeat("x", 30<<10)} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", header)
		if got := proxySource(r); got != "127.0.0.1" {
			t.Errorf("%.40q counts as %.40q", header, got)
		}
	}
}

// TestNothingOfATokenIsKept looks through the state directory, which a thief may have copied (attack 40).
func TestNothingOfATokenIsKept(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	_, token := s.grant("gmail:read")
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusOK {
		t.Fatal(status)
	}
	for _, name := range files(t, dir) {
		if b := read(t, name); bytes.Contains(b, []byte(token[6:])) {
			t.Errorf("%s holds the token", filepath.Base(name))
		}
	}
	// The thief's own Postern over the copy has another vault, and so another pepper.
	thief := serve(t, t.TempDir())
	copied := openAt(t, Config{Dir: copyOf(t, dir)})
	h, err := copied.Store.Holder(t.Context(), thief.service().pepper.Load().Hash(token))
	if !errors.Is(err, oauth.ErrNotFound) {
		t.Errorf("with another pepper the token is %+v, %v", h, err)
	}
}

// listen opens the stream of an older client, and returns a channel that is closed when it ends.
func (s *serving) listen(token string) <-chan struct{} {
	s.t.Helper()
	stream, closed := s.stream(token), make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, stream) // its end is what is waited for
		stream.Close()
	}()
	return closed
}

// stream opens the stream of an older client.
func (s *serving) stream(token string) io.ReadCloser {
	s.t.Helper()
	send := func(method, session, body string) *http.Response {
		req, err := http.NewRequestWithContext(s.t.Context(), method, s.url, strings.NewReader(body))
		if err != nil {
			s.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		if session != "" {
			req.Header.Set("Mcp-Session-Id", session)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			s.t.Fatal(err)
		}
		return resp
	}
	hello, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": map[string]any{
		"protocolVersion": "2025-11-25", "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "t", "version": "1"}}})
	if err != nil {
		s.t.Fatal(err)
	}
	first := send(http.MethodPost, "", string(hello))
	first.Body.Close()
	stream := send(http.MethodGet, first.Header.Get("Mcp-Session-Id"), "")
	if stream.StatusCode != http.StatusOK {
		s.t.Fatalf("the stream gets %d", stream.StatusCode)
	}
	return stream.Body
}

func waitFor(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatalf("waited too long for %s", what)
	}
}

// within waits until is holds.
func within(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// TestPairingCodesComeFromTheOwner makes a code in one process and takes it in another.
func TestPairingCodesComeFromTheOwner(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	other := openAt(t, Config{Dir: dir, Demo: true, Getenv: fileVault})
	for _, bad := range []struct{ profiles, scopes []string }{{[]string{"nobody"}, nil}, {nil, []string{"gmail:everything"}}} {
		if p, err := other.MakePairingCode(t.Context(), bad.profiles, bad.scopes, time.Time{}); err == nil {
			t.Errorf("%v gives %+v", bad, p)
		}
	}
	p, err := other.MakePairingCode(t.Context(), nil, nil, time.Time{})
	if err != nil || len(p.Code) != 9 || p.Terms.Scopes[0] != "gmail:read" || p.Terms.Profiles[0] != demoID {
		t.Fatalf("%+v, %v", p, err)
	}
	c := codes{s.service()}
	if _, left, err := c.Redeem(t.Context(), "AAAA-AAAA", nil); !errors.Is(err, oauth.ErrCode) || left != 4 {
		t.Errorf("a wrong code: %d left, %v", left, err)
	}
	if got, _, err := c.Redeem(t.Context(), " "+strings.ToLower(strings.ReplaceAll(p.Code, "-", " "))+" ", nil); err != nil || got.Profiles[0] != demoID {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := c.Redeem(t.Context(), p.Code, nil); !errors.Is(err, oauth.ErrCode) {
		t.Errorf("the code again: %v", err)
	}
}
