package bridge

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/ngroktest"
	"postern/internal/settings"
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
	return s.callAt(s.edge.Client(), s.edge.URL()+oauth.Path, token, name, args)
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
	if now = s.until("a look from outside", func(now desk.Tunnel) bool { return now.Check.What != "" }); now.Check.Bad() || !strings.HasSuffix(now.Check.Says, "answers as it should") {
		t.Errorf("%+v", now)
	}
	if now = s.tunnel(); !now.LastCall.IsZero() || now.Requests != 1 {
		t.Errorf("Postern's own look counts as a call: %+v", now)
	}
	if snap, err := s.Snapshot(t.Context(), "1"); err != nil || snap.Public != now.URL || snap.Tunnel.State != "online" || snap.Tunnel.Troubled() {
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
	s.set("tunnel.provider", settings.OwnURL)
	s.set("tunnel.url", "https://"+publicHost)
	if err := other.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "switch that off first") {
		t.Errorf("another way while it is on: %v", err)
	}
	s.set("tunnel.provider", settings.Ngrok)
	if err := other.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, text := s.get("/.well-known/oauth-protected-resource"); status != http.StatusNotFound || !strings.HasSuffix(text, "ERR_NGROK_3200") {
		t.Errorf("off: %d %s", status, text)
	}
	if now = s.until("a look whether it is dead", func(now desk.Tunnel) bool { return now.Check.What == desk.Dead }); now.State != "off" || now.Check.Bad() || now.URL != "" || !strings.Contains(now.Check.Says, "ERR_NGROK_3200") {
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
	set, err := s.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.way(settings.Ngrok, set.Tunnel, "1")
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
	if _, err := h.on(w, span{}); !errors.Is(err, errNotServed) {
		t.Errorf("%v", err)
	}
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
	s.set("tunnel.off_after", "1h") // and a clock that is set back does not put it off
	s.on()
	s.service().share.look()
	c.forward(-10 * time.Hour)
	s.service().share.look()
	if left := s.tunnel().Until.Sub(c.now()); left < 59*time.Minute || left > time.Hour {
		t.Errorf("after the clock was set back it ends in %v", left)
	}
	c.forward(61 * time.Minute)
	s.until("the end", func(now desk.Tunnel) bool { return now.State == "off" })
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
	if err != nil || snap.Public != "" || !snap.Tunnel.Troubled() || snap.Tunnel.Code != "ERR_NGROK_107" {
		t.Errorf("%+v, %v", snap.Tunnel, err)
	}
	s.service().group.Wait() // nothing looks whether an address is dead that never was up
	if now := s.tunnel(); now.Check.What != "" {
		t.Errorf("%+v", now.Check)
	}
	for what, mend := range map[string]func() error{ // the owner has seen it, or done something about it
		"off":                func() error { return s.ShareOff(t.Context()) },
		"off from elsewhere": func() error { return openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).ShareOff(t.Context()) },
		"a login":            func() error { return s.TunnelLogin(t.Context(), authtoken, s.edge.Domain) },
		"one from elsewhere": func() error {
			return openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).TunnelLogin(t.Context(), authtoken, s.edge.Domain)
		},
	} {
		s.edge.FailAuth("ERR_NGROK_106", "")
		if err := s.ShareOn(t.Context()); err == nil {
			t.Errorf("before %s: it does not fail", what)
		}
		if err := mend(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if now := s.tunnel(); now.State != "off" || now.Detail != "" {
			t.Errorf("after %s: %+v", what, now)
		}
	}
	s.edge.FailAuth("", "")
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
