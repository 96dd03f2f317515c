package bridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/ngroktest"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

const authtoken = "2abc_authtoken"

// shared is a serving bridge with an ngrok account at a stand-in edge.
type shared struct {
	*serving
	edge *ngroktest.Edge
}

func shareAt(t *testing.T, c Config, e *ngroktest.Edge) *shared {
	t.Helper()
	e.Token = authtoken
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // that the tests wait for nothing of it is its own test
	if c.Web == nil {
		c.Web = e.Client().Transport
	}
	if c.Getenv == nil {
		c.Getenv = fileVault
	}
	s := &shared{serving: serveWith(t, c), edge: e}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, e.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.set("tunnel.connect_url", e.Addr())
	s.set("tunnel.ca_file", ca)
	if err := s.TunnelLogin(t.Context(), " "+authtoken+"\n", "https://"+e.Domain+"/"); err != nil {
		t.Fatal(err)
	}
	return s
}

func newShared(t *testing.T) *shared { return shareAt(t, Config{}, &ngroktest.Edge{}) }

func (s *shared) set(name, value string) {
	s.t.Helper()
	if err := s.SetSetting(s.t.Context(), name, value); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shared) on() {
	s.t.Helper()
	if err := s.ShareOn(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shared) tunnel() desk.Tunnel {
	s.t.Helper()
	now, err := s.Tunnel(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return now
}

// until waits until the tunnel stands so.
func (s *shared) until(what string, is func(desk.Tunnel) bool) desk.Tunnel {
	s.t.Helper()
	var now desk.Tunnel
	within(s.t, what, func() bool { now = s.tunnel(); return is(now) })
	return now
}

// get asks the public address.
func (s *shared) get(path string) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.edge.URL()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.edge.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(b) + resp.Header.Get("Ngrok-Error-Code")
}

// publicGrant gives a client scopes for the public side.
func (s *shared) publicGrant(scopes ...string) string {
	s.t.Helper()
	g, access := s.grant(scopes...)
	now := s.config.Now()
	token := opaque.New(opaque.Access)
	g.ID, g.Resource = "p"+g.ID, s.edge.URL()+oauth.Path
	if err := s.Store.AddGrant(s.t.Context(), g, oauth.Token{Hash: s.service().pepper.Load().Hash(token), GrantID: g.ID, Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
		s.t.Fatal(err)
	}
	_ = access
	return token
}

// callPublic calls a tool from outside.
func (s *shared) callPublic(token, name, args string) (int, string) {
	s.t.Helper()
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + name + `","arguments":` + args + `,` + meta + `}}`
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.edge.URL()+oauth.Path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": name} {
		req.Header.Set(header, value)
	}
	resp, err := s.edge.Client().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body) // a stream that is cut is what some tests want
	return resp.StatusCode, string(b)
}

// TestShare takes the owner through it: on, used, off, and the address is dead.
func TestShare(t *testing.T) {
	s := newShared(t)
	if now := s.tunnel(); now.State != "off" || now.URL != "" || now.Needs != "" || now.ConnectURL != s.edge.Addr() || now.CAFile == "" {
		t.Errorf("before: %+v", now)
	}
	s.on()
	now := s.tunnel()
	if now.State != "online" || now.URL != s.edge.URL()+"/mcp" || now.Account != "Example account" || now.Plan != "Free" || now.Limit != 20_000 || now.Since.IsZero() {
		t.Errorf("on: %+v", now)
	}
	if left := now.Until.Sub(s.config.Now()); left < 7*time.Hour+59*time.Minute || left > 8*time.Hour {
		t.Errorf("it ends in %v, want 8 hours", left)
	}
	if now = s.until("a look from outside", func(now desk.Tunnel) bool { return now.Check != "" }); now.CheckBad || !strings.HasSuffix(now.Check, "answers as it should") {
		t.Errorf("%+v", now)
	}
	if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.Public != now.URL || snap.Tunnel.State != "online" || snap.TunnelTrouble != "" {
		t.Errorf("%+v, %v", snap.Tunnel, err)
	}
	other := openAt(t, Config{Dir: s.Dir, Getenv: fileVault})
	if r, err := other.Running(t.Context()); err != nil || r.Public != now.URL {
		t.Errorf("another process sees %+v, %v", r, err)
	}
	token := s.publicGrant("gmail:read")
	if status, text := s.callPublic(token, "gmail_search", search); status != http.StatusOK || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("a call from outside: %d %s", status, text)
	}
	if now = s.tunnel(); now.LastCall.IsZero() || now.Requests < 2 {
		t.Errorf("%+v", now)
	}
	if err := other.ShareOn(t.Context()); err != nil { // it is on: nothing happens
		t.Error(err)
	}
	if err := other.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, text := s.get("/.well-known/oauth-protected-resource"); status != http.StatusNotFound || !strings.HasSuffix(text, "ERR_NGROK_3200") {
		t.Errorf("off: %d %s", status, text)
	}
	if now = s.until("a look whether it is dead", func(now desk.Tunnel) bool { return strings.Contains(now.Check, "dead") }); now.State != "off" || now.CheckBad || now.URL != "" || !strings.Contains(now.Check, "ERR_NGROK_3200") {
		t.Errorf("%+v", now)
	}
	if now.Requests < 2 {
		t.Errorf("%d requests were counted", now.Requests)
	}
	var events []activity.Event
	within(t, "the record", func() bool {
		all, err := s.Activity(t.Context(), activity.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		events = nil
		for _, e := range all {
			if e.Event == activity.Shared || e.Event == activity.Unshared {
				events = append(events, e.Event)
			}
		}
		return len(events) == 2
	})
	if events[1] != activity.Shared { // the newest first
		t.Errorf("%v", events)
	}
	s.on() // and again, with the same address and the same token
	if status, text := s.callPublic(token, "gmail_search", search); status != http.StatusOK {
		t.Errorf("a call when it is on again: %d %s", status, text)
	}
}

// TestOnAndOff: switching quickly ends where the last switch was.
func TestOnAndOff(t *testing.T) {
	s := newShared(t)
	for range 5 {
		s.on()
		s.service().share.cut() // it ends, and nobody waits for that
		s.on()
		if now := s.tunnel(); now.State != "online" {
			t.Fatalf("%+v", now)
		}
		if err := s.ShareOff(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := s.tunnel(); now.State != "off" {
			t.Fatalf("%+v", now)
		}
	}
}

// TestTriedAgain: what was found at the address is of now: after a cut it is looked again.
func TestTriedAgain(t *testing.T) {
	s := newShared(t)
	s.on()
	s.until("a look from outside", func(now desk.Tunnel) bool { return strings.HasSuffix(now.Check, "answers as it should") })
	s.edge.Quota("ERR_NGROK_727")
	s.edge.Cut()
	now := s.until("a look after the cut", func(now desk.Tunnel) bool { return now.State == "online" && now.Check != "" && now.CheckBad })
	if !strings.Contains(now.Check, "ERR_NGROK_727") {
		t.Errorf("%+v", now)
	}
}

// unplugged is a network that is gone until it is plugged in.
type unplugged struct {
	http.RoundTripper
	in atomic.Bool
}

func (u *unplugged) RoundTrip(r *http.Request) (*http.Response, error) {
	if !u.in.Load() {
		return nil, errors.New("the network is unreachable")
	}
	return u.RoundTripper.RoundTrip(r)
}

// TestNoProof: that nothing answers because this computer is offline does not prove that the address is dead.
func TestNoProof(t *testing.T) {
	e := &ngroktest.Edge{}
	web := &unplugged{}
	s := shareAt(t, Config{Web: web}, e)
	web.RoundTripper = e.Client().Transport
	s.on()
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := s.until("a look that shows nothing", func(now desk.Tunnel) bool { return strings.Contains(now.Check, "could not be seen") })
	if now.CheckBad || !strings.Contains(now.Check, "the network is unreachable") {
		t.Errorf("%+v", now)
	}
	web.in.Store(true)
	s.until("a look that does", func(now desk.Tunnel) bool { return strings.Contains(now.Check, "is dead") })
}

// elsewhere answers for the public address, as another Postern that is shared there would.
type elsewhere struct{ issuer string }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"resource":%q,"authorization_servers":[%q]}`, e.issuer+oauth.Path, e.issuer)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// TestStillAnswers: another one who is shared at the address when it should be dead is told to the owner.
func TestStillAnswers(t *testing.T) {
	e := &ngroktest.Edge{Domain: "postern-test.ngrok-free.dev"}
	s := shareAt(t, Config{Web: elsewhere{"https://" + e.Domain}}, e)
	s.on()
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := s.until("a look whether it is dead", func(now desk.Tunnel) bool { return now.CheckBad })
	if !strings.Contains(now.Check, "still answers as Postern") || !strings.Contains(now.Check, "dashboard.ngrok.com/authtokens") {
		t.Errorf("%+v", now)
	}
	if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.TunnelTrouble != now.Check {
		t.Errorf("%q, %v", snap.TunnelTrouble, err)
	}
}

// TestTryAgainAtOnce: who switches it on again right after a failure gets a new try, not the old answer.
func TestTryAgainAtOnce(t *testing.T) {
	s := newShared(t)
	for n := range 10 {
		s.edge.FailAuth("ERR_NGROK_106", "")
		if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "was revoked") {
			t.Fatalf("%d: %v", n, err)
		}
		s.edge.FailAuth("", "")
		s.on()
		if err := s.ShareOff(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsSharedAfterTheEnd(t *testing.T) {
	s := newShared(t)
	w, _, err := s.ways(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	h := &s.service().share
	s.on()
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
	if status, text := s.get("/mcp"); status == http.StatusOK || !strings.Contains(text, "ERR_NGROK_") {
		t.Errorf("%d %s", status, text)
	}
	if err := h.on(w, -1); !errors.Is(err, errNotServed) {
		t.Errorf("%v", err)
	}
}

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

// TestLockdownEndsTheTunnel, with ten busy streams and a reader who stands still: all is dead within two seconds.
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
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}`
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.edge.URL()+oauth.Path, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},`+meta+`}}`))
	if err != nil {
		s.t.Fatal(err)
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"} {
		req.Header.Set(header, value)
	}
	resp, err := s.edge.Client().Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("opening a stream: %v %v", resp, err)
	}
	return resp.Body
}

// clock is a clock that is set forward by hand.
type clock struct {
	mu sync.Mutex // guards the field below
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Round(0).Add(d) // as after a sleep, through which the monotonic clock has stood still
}

// TestItEndsByTheClock, not by a timer, which stands still while the computer sleeps.
func TestItEndsByTheClock(t *testing.T) {
	c := &clock{at: time.Now()}
	s := shareAt(t, Config{Now: c.now}, &ngroktest.Edge{})
	s.set("tunnel.off_after", "1h")
	s.on()
	s.set("tunnel.off_after", "4h")
	c.forward(2 * time.Hour)
	if now := s.tunnel(); now.State != "online" || now.Until.Sub(now.Since) < 3*time.Hour+50*time.Minute {
		t.Errorf("%+v", now)
	}
	c.forward(3 * time.Hour)
	s.until("the end", func(now desk.Tunnel) bool { return now.State == "off" })
	if status, _ := s.get("/mcp"); status != http.StatusNotFound {
		t.Errorf("the address gets %d", status)
	}
	s.set("tunnel.off_after", "never")
	s.on()
	if now := s.tunnel(); !now.Until.IsZero() {
		t.Errorf("%+v", now)
	}
}

func TestShareFails(t *testing.T) {
	s := newShared(t)
	if err := s.TunnelLogin(t.Context(), "2abc_other", s.edge.Domain); err != nil {
		t.Fatal(err)
	}
	err := s.ShareOn(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not know the authtoken") || strings.Contains(err.Error(), "2abc_other") {
		t.Errorf("%v", err)
	}
	now := s.tunnel()
	if now.State != "failed" || now.Code != "ERR_NGROK_107" || now.Detail == "" {
		t.Errorf("%+v", now)
	}
	snap, err := s.Snapshot(t.Context(), "1")
	if err != nil || snap.Public != "" || !strings.Contains(snap.TunnelTrouble, "does not know the authtoken") {
		t.Errorf("%q, %v", snap.TunnelTrouble, err)
	}
	if err := s.ShareOff(t.Context()); err != nil { // which says that it was seen
		t.Error(err)
	}
	if now := s.tunnel(); now.State != "off" || now.Detail != "" {
		t.Errorf("%+v", now)
	}
	if err := s.TunnelLogin(t.Context(), authtoken, s.edge.Domain); err != nil {
		t.Fatal(err)
	}
	s.on()
	if err := s.TunnelLogin(t.Context(), authtoken, "other.ngrok-free.dev"); err == nil || !strings.Contains(err.Error(), "switch that off first") {
		t.Errorf("a login while it is on: %v", err)
	}
	if err := s.TunnelLogout(t.Context()); err == nil {
		t.Error("a logout while it is on")
	}
}

// TestQuotaIsSeen: what ngrok answers in Postern's place is told to the owner, in plain words.
func TestQuotaIsSeen(t *testing.T) {
	for code, words := range map[string]string{"ERR_NGROK_725": "bytes of its month", "ERR_NGROK_726": "connections of its month", "ERR_NGROK_727": "requests of its month", "ERR_NGROK_734": "more requests a minute", "ERR_NGROK_3004": "cut, or this computer is too busy", "ERR_NGROK_6024": "click \"Visit Site\"", "ERR_NGROK_9997": "ngrok answers ERR_NGROK_9997"} {
		s := newShared(t)
		s.edge.Quota(code)
		s.on()
		now := s.until("a look from outside", func(now desk.Tunnel) bool { return now.Check != "" })
		if !now.CheckBad || !strings.Contains(now.Check, words) || !strings.Contains(now.Check, code) {
			t.Errorf("%s: %+v", code, now)
		}
		if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.TunnelTrouble != now.Check {
			t.Errorf("%q, %v", snap.TunnelTrouble, err)
		}
		if code != "ERR_NGROK_734" {
			continue
		}
		s.edge.Quota("") // it has passed, and the owner is not told of it any more
		s.until("another look", func(now desk.Tunnel) bool { return now.Check != "" && !now.CheckBad })
	}
}

func TestLoginThatIsNone(t *testing.T) {
	s := newShared(t)
	for _, token := range []string{"", "  ", "two words", "line\nbreak", strings.Repeat("x", 300), "tök"} {
		if err := s.TunnelLogin(t.Context(), token, s.edge.Domain); err == nil || token != "" && len(strings.TrimSpace(token)) > 3 && strings.Contains(err.Error(), strings.TrimSpace(token)) {
			t.Errorf("%q: %v", token, err)
		}
	}
	for _, domain := range []string{"", "localhost", "http://x.dev", "x.dev/path", "1.2.3.4"} {
		if err := s.TunnelLogin(t.Context(), authtoken, domain); err == nil || strings.Contains(err.Error(), authtoken) {
			t.Errorf("%q: %v", domain, err)
		}
	}
	if err := s.TunnelLogout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern tunnel login") {
		t.Errorf("%v", err)
	}
}

func TestNotSetUp(t *testing.T) {
	s := serve(t, t.TempDir())
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern tunnel login") {
		t.Errorf("%v", err)
	}
	if err := s.SetSetting(t.Context(), "tunnel.provider", "own-url"); err != nil {
		t.Fatal(err)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "tunnel.url") {
		t.Errorf("%v", err)
	}
	alone := openAt(t, Config{Getenv: fileVault})
	if err := alone.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern serve") {
		t.Errorf("%v", err)
	}
	if err := alone.ShareOff(t.Context()); err != nil {
		t.Errorf("%v", err)
	}
}

// TestOwnURLByTheSwitch: the other provider, without its callers knowing.
func TestOwnURLByTheSwitch(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, value := range map[string]string{"tunnel.provider": "own-url", "tunnel.url": "https://" + publicHost} {
		if err := s.SetSetting(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	l, err := listenLocal("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind := l.Addr().String()
	if err := s.SetSetting(t.Context(), "tunnel.behind", behind); err != nil {
		t.Fatal(err)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "listening") {
		t.Errorf("with the port taken: %v", err)
	}
	l.Close()
	if err := s.ShareOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask := func(host string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+behind+oauth.ResourcePath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask(publicHost); got != http.StatusOK {
		t.Errorf("%d", got)
	}
	if got := ask(behind); got != http.StatusMisdirectedRequest {
		t.Errorf("another host gets %d", got)
	}
	now, err := s.Tunnel(t.Context())
	if err != nil || now.Provider != "own-url" || now.URL != "https://"+publicHost+"/mcp" || now.Until.IsZero() || now.Limit != 0 {
		t.Errorf("%+v, %v", now, err)
	}
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(publicHost); got != 0 {
		t.Errorf("off: %d", got)
	}
}

// TestLookAtTunnel: what the doctor finds.
func TestLookAtTunnel(t *testing.T) {
	s := newShared(t)
	look := func() map[string]Look {
		t.Helper()
		all, err := s.LookAtTunnel(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]Look{}
		for _, one := range all {
			by[one.What] = one
		}
		return by
	}
	if got := look(); got["tunnel"].Says != "off" || got["ngrok's service"].Bad || got["ngrok account"].Bad {
		t.Errorf("off: %+v", got)
	}
	s.on()
	got := look()
	for _, what := range []string{"ngrok's service", "ngrok account", "public address", "issuer", "clock"} {
		if one, ok := got[what]; !ok || one.Bad || one.Says == "" {
			t.Errorf("%s: %+v", what, one)
		}
	}
	if got["issuer"].Says != s.edge.URL() {
		t.Errorf("%+v", got["issuer"])
	}
	s.edge.Quota("ERR_NGROK_727")
	if got := look(); !got["public address"].Bad {
		t.Errorf("%+v", got)
	}
	s.edge.Quota("")
	s.set("tunnel.ca_file", "")
	if got := look(); !got["ngrok's service"].Bad || !strings.Contains(got["ngrok's service"].Says, "certificate") {
		t.Errorf("%+v", got)
	}
}
