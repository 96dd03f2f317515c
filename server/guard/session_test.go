package guard_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/server/guard"
)

// with returns a request of the caller in another method, with a session id.
func (c *caller) with(method, session string) *http.Request {
	c.d.t.Helper()
	var r *http.Request
	if method == http.MethodPost {
		r = c.post("tools/list", nil)
	} else {
		r = c.d.request(method, "/mcp", "")
		r.Header.Set("Authorization", "Bearer "+c.token)
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Mcp-Protocol-Version", string(c.era))
	}
	r.Header.Del("Mcp-Session-Id")
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	return r
}

// TestSessionsBelongToTheirGrant tries every way to somebody else's session (attack 47; MCP 2025-11-25, Session
// Hijacking): to a stranger it does not exist, and its owner notices nothing.
func TestSessionsBelongToTheirGrant(t *testing.T) {
	d := newDoor(t)
	_, victims := d.grant(all)
	_, attackers := d.grant(all)
	victim, attacker := d.caller(legacy, victims), d.caller(legacy, attackers)
	stream := d.listen(victim.with(http.MethodGet, victim.session))
	if stream.res.StatusCode != http.StatusOK {
		t.Fatalf("the victim listens: %d", stream.res.StatusCode)
	}
	for _, id := range []string{
		victim.session, "never-issued", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "mcp-session-6b3d7a0e-0000-4000-8000-000000000000",
		strings.ToLower(victim.session), victim.session[:25], victim.session + "A", " ", "*", "../" + victim.session, attacker.session + "," + victim.session,
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			before := d.passedOn()
			a := d.do(attacker.with(method, id))
			want := http.StatusNotFound
			if id == " " { // which net/http takes for nothing
				want = a.status
			}
			if a.status != want || a.status < 400 || d.passedOn() != before {
				t.Errorf("%s with %q: %d %s, want %d", method, id, a.status, a.body, want)
			}
		}
		// An answer to a question of the server's, put into the victim's session.
		r := d.request(http.MethodPost, "/mcp", `{"jsonrpc":"2.0","id":1,"result":{"action":"accept","content":{"approve":true}}}`)
		r.Header = attacker.with(http.MethodPost, id).Header
		if a := d.do(r); a.status < 400 {
			t.Errorf("an answer with %q: %d %s", id, a.status, a.body)
		}
	}
	r := attacker.with(http.MethodPost, attacker.session)
	r.Header.Add("Mcp-Session-Id", victim.session)
	if a := d.do(r); a.status != http.StatusNotFound {
		t.Errorf("two ids: %d %s", a.status, a.body)
	}
	// A modern request has no session: the id means nothing, and nothing is begun or ended by it.
	m := &caller{d: d, era: modern, token: attackers}
	for method, want := range map[string]int{http.MethodPost: 200, http.MethodGet: 405, http.MethodDelete: 405} {
		if a := d.do(m.with(method, victim.session)); a.status != want || a.header.Get("Mcp-Session-Id") != "" {
			t.Errorf("a modern %s with it: %d %v", method, a.status, a.header)
		}
	}
	// A version that there is not is neither a way around the check.
	for _, version := range []string{"2099-01-01", "zzz", "2026-07-27", "9", ""} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
			r := attacker.with(method, victim.session)
			r.Header.Set("Mcp-Protocol-Version", version)
			if a := d.do(r); a.status < 400 {
				t.Errorf("%s as %q with it: %d %s", method, version, a.status, a.body)
			}
		}
	}
	if a := d.do(victim.with(http.MethodPost, victim.session)); a.status != http.StatusOK {
		t.Errorf("the victim's session: %d %s", a.status, a.body)
	}
	d.http.Changed()
	if event := stream.next(); !strings.Contains(event, "list_changed") {
		t.Errorf("the victim's stream: %q", event)
	}
}

// TestSessionsBeginAndEnd: only initialize begins one, always a new one, and what is over stays so.
func TestSessionsBeginAndEnd(t *testing.T) {
	d := newDoor(t)
	id, token := d.grant(all)
	c := d.caller(legacy, token)
	first := c.session
	c.session = "fixed-by-the-client"
	if a := d.do(c.post("initialize", map[string]any{"protocolVersion": string(legacy), "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "t", "version": "1"}})); a.header.Get("Mcp-Session-Id") == c.session || a.header.Get("Mcp-Session-Id") == "" {
		t.Errorf("a fixed session: %v", a.header)
	}
	c.session = first
	if a := d.do(c.post("initialize", map[string]any{"protocolVersion": string(legacy), "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "t", "version": "1"}})); a.header.Get("Mcp-Session-Id") == first {
		t.Error("initialize took up the session that there was")
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		if a := d.do(c.with(method, "")); a.status != http.StatusBadRequest || !strings.Contains(a.body, "initialize") {
			t.Errorf("%s without an id: %d %s", method, a.status, a.body)
		}
	}
	if a := d.do(c.with(http.MethodPost, first)); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := d.do(c.with(http.MethodDelete, first)); a.status != http.StatusOK {
		t.Errorf("DELETE: %d %s", a.status, a.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		if a := d.do(c.with(method, first)); a.status != http.StatusNotFound {
			t.Errorf("%s after DELETE: %d %s", method, a.status, a.body)
		}
	}
	c = d.caller(legacy, token)
	d.http.End(id)
	if a := d.do(c.with(http.MethodPost, c.session)); a.status != http.StatusNotFound {
		t.Errorf("after the grant's sessions ended: %d", a.status)
	}
	c = d.caller(legacy, token)
	d.pass(25 * time.Hour)
	if a := d.do(c.with(http.MethodPost, c.session)); a.status != http.StatusNotFound {
		t.Errorf("after a day: %d", a.status)
	}
	c = d.caller(legacy, token)
	d.pass(23 * time.Hour)
	if a := d.do(c.with(http.MethodPost, c.session)); a.status != http.StatusOK {
		t.Errorf("after 23 hours: %d", a.status)
	}
	d.pass(23 * time.Hour)
	if a := d.do(c.with(http.MethodPost, c.session)); a.status != http.StatusOK {
		t.Errorf("after 23 hours more, in between used: %d", a.status)
	}
	other := d.caller(legacy, token).session
	d.pass(25 * time.Hour)
	d.http.Idle()
	if d.sessions.Belongs(other, id) {
		t.Error("an idle session is kept")
	}
	if err := d.store.RevokeGrant(t.Context(), id, "test", d.clock()); err != nil {
		t.Fatal(err)
	}
	if a := d.do(c.with(http.MethodPost, c.session)); a.status != http.StatusUnauthorized {
		t.Errorf("after the grant ended: %d", a.status)
	}
}

// TestSessionLimits: the session that was unused for longest makes room, and another grant's does only when there are
// too many in all.
func TestSessionLimits(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s := &guard.Sessions{Now: func() time.Time { now = now.Add(time.Millisecond); return now }}
	other, _ := s.Begin("other")
	first, _ := s.Begin("greedy")
	second, _ := s.Begin("greedy")
	for i := range 254 {
		if _, ended := s.Begin("greedy"); ended != "" {
			t.Fatalf("session %d ended %q", i+3, ended)
		}
	}
	if !s.Belongs(first, "greedy") {
		t.Fatal("the first is gone")
	}
	if _, ended := s.Begin("greedy"); ended != second {
		t.Errorf("it ended %q, want the one that was unused for longest", ended)
	}
	if s.Belongs(second, "greedy") || !s.Belongs(first, "greedy") || !s.Belongs(other, "other") {
		t.Error("another session is gone")
	}
	seen := map[string]bool{}
	for range 16 {
		for i := range 256 {
			id, _ := s.Begin(string(rune('a'+i%16)) + "grant")
			if seen[id] || len(id) < 26 {
				t.Fatalf("the id %q is guessed", id)
			}
			seen[id] = true
		}
	}
	open := len(s.EndAll(""))
	if open > 4096 {
		t.Errorf("%d sessions are open", open)
	}
	if again := s.EndAll(""); len(again) != 0 {
		t.Errorf("%d are left", len(again))
	}
}
