package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/server"

	"postern/internal/tool"
	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/peek"
)

// counter is a Server over HTTP, with the tools of a desk, behind a guard whose tokens are the names of grants.
type counter struct {
	t        *testing.T
	desk     *desk
	server   *Server
	http     *HTTP
	live     guard.Live
	sessions guard.Sessions
	web      *httptest.Server
}

// tokens takes every token that names a grant.
type tokens struct{}

func (tokens) Verify(_ context.Context, token string) (h oauth.Holder, err error) {
	id, ok := strings.CutPrefix(token, "grant-")
	if !ok {
		return h, oauth.ErrToken
	}
	h.Grant.ID, h.Client.Name = id, "tester"
	return h, nil
}
func (tokens) Holds([]string, string) bool { return true }
func (tokens) ResourceMetadata() string {
	return "http://127.0.0.1/.well-known/oauth-protected-resource/mcp"
}

// newCounter opens one; with changes its Runner first.
func newCounter(t *testing.T, with ...func(*tool.Runner)) *counter {
	t.Helper()
	c := &counter{t: t, desk: newDesk(t, tool.Policy{}, with...)}
	c.server = &Server{Runner: c.desk.server.Runner, Version: "1.0", ClientOf: func(_ context.Context, h oauth.Holder) (tool.Client, error) {
		if h.Grant.ID == "broken" {
			return tool.Client{}, io.ErrUnexpectedEOF
		}
		return tool.Client{Key: "grant:" + h.Grant.ID, Name: h.Client.Name}, nil
	}}
	c.http = c.server.HTTP(&c.sessions)
	g := &guard.Guard{
		Tokens: tokens{}, Needs: func(peek.Message) []string { return nil }, Source: func(*http.Request) string { return "test" },
		Sessions: &c.sessions, Live: &c.live, Next: c.http,
	}
	c.web = httptest.NewServer(g)
	t.Cleanup(func() { c.live.Shut(); c.web.Close() })
	return c
}

// post makes a request of an era; with is its session of the legacy one.
func (c *counter) post(version, session, method string, params map[string]any) *http.Request {
	c.t.Helper()
	if params == nil {
		params = map[string]any{}
	}
	if version == "2026-07-28" {
		if _, ok := params["_meta"]; !ok {
			params["_meta"] = map[string]any{}
		}
		meta := params["_meta"].(map[string]any)
		for k, v := range modern {
			if _, ok := meta[k]; !ok {
				meta[k] = v
			}
		}
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.web.URL+"/mcp", bytes.NewReader(encode(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer grant-one")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if method != "initialize" {
		r.Header.Set("Mcp-Protocol-Version", version)
	}
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	if version == "2026-07-28" {
		r.Header.Set("Mcp-Method", method)
		for _, name := range []string{"name", "uri"} {
			if v, ok := params[name].(string); ok {
				r.Header.Set("Mcp-Name", v)
			}
		}
	}
	return r
}

// said is an answer, read to its end.
type said struct {
	status   int
	header   http.Header
	body     string
	messages []message // of an object, or of the events in their order
}

func (c *counter) do(r *http.Request) (s said) {
	c.t.Helper()
	res, err := c.web.Client().Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	s = said{status: res.StatusCode, header: res.Header, body: string(b)}
	texts := []string{s.body}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		texts = nil
		for line := range strings.Lines(s.body) {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				texts = append(texts, data)
			}
		}
	}
	for _, text := range texts {
		var m message
		if json.Unmarshal([]byte(text), &m) == nil {
			s.messages = append(s.messages, m)
		}
	}
	return s
}

// last is the answer itself.
func (s said) last(t *testing.T) message {
	t.Helper()
	if len(s.messages) == 0 {
		t.Fatalf("no message: %d %q", s.status, s.body)
	}
	return s.messages[len(s.messages)-1]
}

// begin begins a session of the legacy era, and none of the modern one.
func (c *counter) begin(version string) (session string) {
	c.t.Helper()
	if version == "2026-07-28" {
		return ""
	}
	s := c.do(c.post(version, "", "initialize", map[string]any{"protocolVersion": version, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "tester", "version": "1"}}))
	session = s.header.Get("Mcp-Session-Id")
	if s.status != http.StatusOK || session == "" {
		c.t.Fatalf("initialize: %d %s", s.status, s.body)
	}
	return session
}

var eras = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"}

// TestAllRevisions: one address serves clients of every revision.
func TestAllRevisions(t *testing.T) {
	c := newCounter(t)
	for _, version := range eras {
		session := c.begin(version)
		if s := c.do(c.post(version, session, "tools/call", map[string]any{"name": "gmail_echo", "arguments": map[string]any{"text": "hi", "profile": "home"}})); s.status != http.StatusOK || !strings.Contains(string(s.last(t).Result), "you said hi") {
			t.Errorf("%s: %d %s", version, s.status, s.body)
		}
		if s := c.do(c.post(version, session, "tools/list", nil)); !strings.Contains(s.body, "gmail_echo") || s.header.Get("Mcp-Session-Id") != "" && version == "2026-07-28" {
			t.Errorf("%s: %d %v %s", version, s.status, s.header, s.body)
		}
		r := c.post(version, session, "tools/list", nil)
		r.Header.Set("Authorization", "Bearer grant-broken")
		if session == "" { // of a client that cannot be known nothing is shown
			if s := c.do(r); strings.Contains(s.body, "gmail_") {
				t.Errorf("%s: of a broken grant: %s", version, s.body)
			}
		}
	}
	r := c.post("2026-07-28", "", "server/discover", nil)
	if s := c.do(r); s.status != http.StatusOK || !strings.Contains(s.body, `"2025-11-25"`) {
		t.Errorf("server/discover: %d %s", s.status, s.body)
	}
	r = c.post("2026-07-28", "", "tools/list", map[string]any{"_meta": map[string]any{}})
	r.Body = io.NopCloser(strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2099-01-01","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	r.ContentLength = -1
	r.Header.Set("Mcp-Protocol-Version", "2099-01-01")
	if s := c.do(r); s.status != http.StatusBadRequest || s.last(t).Error == nil || s.last(t).Error.Code != -32022 {
		t.Errorf("a revision that there is not: %d %s", s.status, s.body)
	}
	r = c.post("2025-11-25", c.begin("2025-11-25"), "tools/list", nil)
	r.Header.Set("Mcp-Protocol-Version", "2025-01-01")
	if s := c.do(r); s.status != http.StatusBadRequest {
		t.Errorf("an old revision that there is not: %d %s", s.status, s.body)
	}
}

// TestModernGetAndDelete: there are no sessions to listen to, nor to end (MCP 2026-07-28, transports).
func TestModernGetAndDelete(t *testing.T) {
	c := newCounter(t)
	session := c.begin("2025-11-25")
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		for _, with := range []string{"", session} {
			r := c.post("2026-07-28", with, "ping", nil)
			r.Method, r.Body, r.ContentLength = method, nil, 0
			r.GetBody = nil
			if s := c.do(r); s.status != http.StatusMethodNotAllowed || s.header.Get("Allow") != "POST" {
				t.Errorf("%s with %q: %d, Allow %q", method, with, s.status, s.header.Get("Allow"))
			}
		}
	}
	if s := c.do(c.post("2025-11-25", session, "ping", nil)); s.status != http.StatusOK {
		t.Errorf("the session has gone: %d", s.status)
	}
}

// TestNewsReachTheStream: what the server says by itself comes by the stream that the client opened for it, each time,
// also while a call of the same session runs (G5).
func TestNewsReachTheStream(t *testing.T) {
	c := newCounter(t)
	session := c.begin("2025-11-25")
	r := c.post("2025-11-25", session, "ping", nil)
	r.Method, r.Body, r.ContentLength, r.GetBody = http.MethodGet, nil, 0, nil
	ctx, cancel := context.WithTimeout(r.Context(), 20*time.Second)
	defer cancel()
	res, err := c.web.Client().Do(r.WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get("X-Accel-Buffering") != "no" || !strings.Contains(res.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("%v", res.Header)
	}
	in := bufio.NewReader(res.Body)
	call, hangUp := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.web.Client().Do(c.post("2025-11-25", session, "tools/call", map[string]any{"name": "gmail_wait", "arguments": map[string]any{"profile": "home"}}).WithContext(call))
		ended <- err
	}()
	<-c.desk.block
	for i := range 50 {
		c.http.Changed()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
			if strings.Contains(line, "list_changed") {
				break
			}
		}
	}
	hangUp()
	<-c.desk.freed
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the call: %v", err)
	}
}

// TestAnEndedSessionIsForgotten, by the guard and by mcp-go behind it, whoever ends it.
func TestAnEndedSessionIsForgotten(t *testing.T) {
	c := newCounter(t)
	news := func(session string) error {
		return c.http.mcp.SendNotificationToSpecificClient(session, "notifications/tools/list_changed", nil)
	}
	for name, end := range map[string]func(string){
		"its grant": func(string) { c.http.End("one") },
		"all":       func(string) { c.http.End("") },
		"the client": func(session string) {
			r := c.post("2025-11-25", session, "ping", nil)
			r.Method, r.Body, r.ContentLength, r.GetBody = http.MethodDelete, nil, 0, nil
			if s := c.do(r); s.status != http.StatusOK {
				t.Errorf("DELETE: %d", s.status)
			}
		},
	} {
		session := c.begin("2025-11-25")
		if err := news(session); err != nil {
			t.Fatalf("mcp-go does not know it: %v", err)
		}
		end(session)
		if c.sessions.Belongs(session, "one") {
			t.Errorf("%s: the guard keeps it", name)
		}
		if err := news(session); !errors.Is(err, server.ErrSessionNotFound) {
			t.Errorf("%s: mcp-go keeps it: %v", name, err)
		}
	}
}
