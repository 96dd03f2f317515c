package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

// TestProgressGoesAheadOverHTTP, in each of a hundred calls of either era: mcp-go by itself loses about half (G5).
func TestProgressGoesAheadOverHTTP(t *testing.T) {
	c := newCounter(t)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		session := c.begin(version)
		for i := range 100 {
			token := fmt.Sprintf("p%d", i)
			r := c.post(version, session, "tools/call", map[string]any{"name": "gmail_echo", "arguments": map[string]any{"text": "hi", "profile": "home"}, "_meta": map[string]any{"progressToken": token}})
			s := c.do(r)
			if s.status != http.StatusOK || !strings.HasPrefix(s.header.Get("Content-Type"), "text/event-stream") || s.header.Get("X-Accel-Buffering") != "no" {
				t.Fatalf("%s, run %d: %d %v %s", version, i, s.status, s.header, s.body)
			}
			if len(s.messages) != 3 || !strings.Contains(string(s.messages[2].Result), "you said hi") {
				t.Fatalf("%s, run %d: %s", version, i, s.body)
			}
			for n, m := range s.messages[:2] {
				if m.Method != "notifications/progress" || !strings.Contains(string(m.Params), fmt.Sprintf(`"progress":%d`, n+1)) || !strings.Contains(string(m.Params), token) {
					t.Fatalf("%s, run %d: %s", version, i, s.body)
				}
			}
		}
	}
}

// TestStreamsForThoseWhoTakeThem: a client that does not accept a stream gets the answer alone.
func TestStreamsForThoseWhoTakeThem(t *testing.T) {
	c := newCounter(t)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		session := c.begin(version)
		call := func(accept, progress bool) said {
			params := map[string]any{"name": "gmail_echo", "arguments": map[string]any{"text": "hi", "profile": "home"}}
			if progress {
				params["_meta"] = map[string]any{"progressToken": "p"}
			}
			r := c.post(version, session, "tools/call", params)
			if !accept {
				r.Header.Set("Accept", "application/json")
			}
			return c.do(r)
		}
		for _, k := range []struct{ accept, progress, stream bool }{{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false}} {
			s := call(k.accept, k.progress)
			if got := s.header.Get("Content-Type"); strings.HasPrefix(got, "text/event-stream") != k.stream || s.status != http.StatusOK || !strings.Contains(string(s.last(t).Result), "you said hi") {
				t.Errorf("%s, accepts %v, progress %v: %d %s %s", version, k.accept, k.progress, s.status, got, s.body)
			}
		}
	}
}

// TestErrorsHaveTheirCodes: what the client did wrong is said with the code of the protocol, and since 2026-07-28 with
// the status too (MCP 2026-07-28, transports; JSON-RPC 2.0 section 5.1).
func TestErrorsHaveTheirCodes(t *testing.T) {
	c := newCounter(t)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		session := c.begin(version)
		for _, k := range []struct {
			name, method string
			params       map[string]any
			old, code    int // in the two eras
			status       int // since 2026-07-28
			text         string
		}{
			{"unknown tool", "tools/call", map[string]any{"name": "gmail_fly"}, -32602, -32602, 400, `there is no tool "gmail_fly"`},
			{"unknown prompt", "prompts/get", map[string]any{"name": "tell_a_joke"}, -32602, -32602, 400, "tell_a_joke"},
			{"prompt without argument", "prompts/get", map[string]any{"name": "reply_in_my_voice"}, -32602, -32602, 400, "message_id"},
			{"unknown resource", "resources/read", map[string]any{"uri": "postern://elsewhere"}, -32002, -32602, 400, ""},
			{"unknown profile", "resources/read", map[string]any{"uri": "postern://nobody/labels"}, -32002, -32602, 400, "nobody"},
			{"unknown method", "tools/fly", nil, -32601, -32601, 404, ""},
		} {
			s := c.do(c.post(version, session, k.method, k.params))
			code, status := k.old, http.StatusOK
			if version == "2026-07-28" {
				code, status = k.code, k.status
			}
			m := s.last(t)
			if m.Error == nil || m.Error.Code != code || s.status != status || !strings.Contains(m.Error.Message, k.text) || strings.Contains(s.body, "\\u0001") || string(m.ID) != "1" {
				t.Errorf("%s, %s: %d %s, want %d and %d", version, k.name, s.status, s.body, status, code)
			}
		}
		// An error of the tool itself is a result: the model is to read it.
		for _, k := range []struct {
			tool, text string
			args       map[string]any
		}{
			{"gmail_echo", "text", map[string]any{"text": 7}}, {"gmail_panic", "failed inside Postern", map[string]any{}}, {"gmail_echo", "nobody", map[string]any{"text": "x", "profile": "nobody"}},
		} {
			s := c.do(c.post(version, session, "tools/call", map[string]any{"name": k.tool, "arguments": k.args}))
			if got, bad := textOf(t, s.last(t)); s.status != http.StatusOK || !bad || !strings.Contains(got, k.text) {
				t.Errorf("%s, %s %v: %d %s", version, k.tool, k.args, s.status, s.body)
			}
		}
	}
}

// TestNotificationsGetNoAnswer, but 202 (MCP transports, Sending Messages).
func TestNotificationsGetNoAnswer(t *testing.T) {
	c := newCounter(t)
	session := c.begin("2025-11-25")
	r := c.post("2025-11-25", session, "notifications/initialized", nil)
	body := `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	r.Body, r.ContentLength, r.GetBody = http.NoBody, 0, nil
	r.Body = readCloser{strings.NewReader(body)}
	r.ContentLength = int64(len(body))
	if s := c.do(r); s.status != http.StatusAccepted || s.body != "" {
		t.Errorf("%d %q", s.status, s.body)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

// stand is an answer on a recorder, as for a request of the version that accepts a stream or not.
func stand(version, accept string) (*answer, *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/mcp", nil)
	r.Header.Set(mcp.HeaderProtocolVersion, version)
	r.Header.Set("Accept", accept)
	return newAnswer(w, r, &questions{}), w
}

// TestStreamsSayThatTheyStand, as long as the call runs and no longer.
func TestStreamsSayThatTheyStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, w := stand("2026-07-28", "text/event-stream")
		a.notify("notifications/progress", map[string]any{"progress": 1})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		a.mu.Lock()
		n := strings.Count(w.Body.String(), ": still here\n\n")
		a.mu.Unlock()
		if n != 4 {
			t.Errorf("it said so %d times in two minutes: %q", n, w.Body)
		}
		_, _ = a.Write([]byte("event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"))
		a.end()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if strings.Count(w.Body.String(), ": still here\n\n") != n || !strings.HasSuffix(w.Body.String(), "\"result\":{}}\n\n") {
			t.Errorf("something follows the answer: %q", w.Body)
		}
	})
}

// TestRewordedInAStream: an error that comes when the stream has begun is put right there.
func TestRewordedInAStream(t *testing.T) {
	marked := fmt.Sprintf(`{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"\u0001code -32602 the prompt wants %s"}}`, "more")
	for name, text := range map[string]string{"as an event": "event: message\ndata: " + marked + "\n\n", "as an object": marked + "\n"} {
		a, w := stand("2026-07-28", "text/event-stream")
		a.notify("notifications/progress", map[string]any{"progress": 1})
		a.WriteHeader(http.StatusBadRequest)
		_, _ = a.Write([]byte(text))
		a.end()
		events := strings.Split(strings.TrimSuffix(w.Body.String(), "\n\n"), "\n\n")
		if w.Code != http.StatusOK || len(events) != 2 || !strings.Contains(events[1], `"code":-32602`) || !strings.Contains(events[1], `"message":"the prompt wants more"`) || !strings.Contains(events[1], `"id":7`) || !strings.HasPrefix(events[1], "event: message\ndata: {") {
			t.Errorf("%s: %d %q", name, w.Code, w.Body)
		}
	}
}

// TestNothingAfterTheAnswer: a notification that comes too late is dropped.
func TestNothingAfterTheAnswer(t *testing.T) {
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		a, w := stand(version, "text/event-stream")
		a.Header().Set("Content-Type", "application/json")
		a.WriteHeader(http.StatusOK)
		_, _ = a.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}`))
		a.notify("notifications/progress", map[string]any{"progress": 1})
		a.end()
		a.notify("notifications/progress", map[string]any{"progress": 2})
		if got := w.Body.String(); got != `{"jsonrpc":"2.0","id":1,"result":{}}` {
			t.Errorf("%s, an object: %q", version, got)
		}
		a, w = stand(version, "text/event-stream")
		a.notify("notifications/progress", map[string]any{"progress": 1})
		_, _ = a.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}`))
		a.end()
		before := w.Body.String()
		a.notify("notifications/progress", map[string]any{"progress": 2})
		if got := w.Body.String(); got != before {
			t.Errorf("%s, a stream: %q", version, got)
		}
	}
}

// TestAResultThatLooksLikeAnError is left as it is.
func TestAResultThatLooksLikeAnError(t *testing.T) {
	for _, text := range []string{
		`{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"error":{"code":-32603,"message":"\u0001code -1 x"}}}}`,
		`{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\"error\":{\"message\":\"tool 'x' not found: tool not found\"}"}]}}`,
		`{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"broken"}}`,
	} {
		if got, code := reworded([]byte(text)); string(got) != text || code != 0 {
			t.Errorf("%s became %s", text, got)
		}
	}
}
