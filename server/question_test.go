package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/mcp"
)

// asker adds a tool that asks the client how it is.
func (c *counter) asker() (ended <-chan error) {
	c.t.Helper()
	done := make(chan error, 9)
	c.http.mcp.AddTool(mcp.NewTool("ask"), func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		re, err := wayOf(ctx).ask(ctx, "roots/list", map[string]any{})
		done <- err
		if err != nil {
			return nil, err
		}
		return mcp.NewToolResultText("it says " + string(re.Result)), nil
	})
	return done
}

// reply sends a client's answer to a question.
func (c *counter) reply(grant, session string, id json.RawMessage, text string) int {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.web.URL+"/mcp", bytes.NewReader(encode(map[string]any{"jsonrpc": "2.0", "id": id, "result": text})))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer grant-"+grant)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Mcp-Protocol-Version", "2025-11-25")
	r.Header.Set("Mcp-Session-Id", session)
	res, err := c.web.Client().Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// stream reads the messages of a stream one at a time.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

func (c *counter) open(ctx context.Context, r *http.Request) *stream {
	c.t.Helper()
	res, err := c.web.Client().Do(r.WithContext(ctx))
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { res.Body.Close() })
	return &stream{c.t, bufio.NewScanner(res.Body), func() { res.Body.Close() }}
}

func (s *stream) next() (m message) {
	s.t.Helper()
	for s.lines.Scan() {
		if data, ok := strings.CutPrefix(s.lines.Text(), "data: "); ok {
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				s.t.Fatal(err)
			}
			return m
		}
	}
	s.t.Fatalf("the stream has ended: %v", s.lines.Err())
	return m
}

// TestAQuestionIsItsSessions: what a client with a session is asked goes out on the stream of its call, and only an answer
// from the same session counts (attack 47).
func TestAQuestionIsItsSessions(t *testing.T) {
	c := newCounter(t)
	c.asker()
	session, another := c.begin("2025-11-25"), c.begin("2025-11-25")
	s := c.open(t.Context(), c.post("2025-11-25", session, "tools/call", map[string]any{"name": "ask"}))
	q := s.next()
	if q.Method != "roots/list" || len(q.ID) < 20 {
		t.Fatalf("the client is asked %+v", q)
	}
	for what, send := range map[string]func() int{
		"another session":     func() int { return c.reply("one", another, q.ID, "wrong") },
		"another grant":       func() int { return c.reply("two", session, q.ID, "wrong") },
		"another question":    func() int { return c.reply("one", session, json.RawMessage(`"postern-1"`), "wrong") },
		"a number for its id": func() int { return c.reply("one", session, json.RawMessage(`1`), "wrong") },
	} {
		want := http.StatusAccepted // there is nothing to be learnt from the answer
		if what == "another grant" {
			want = http.StatusNotFound
		}
		if got := send(); got != want {
			t.Errorf("an answer from %s: %d, want %d", what, got, want)
		}
	}
	if got := c.reply("one", session, q.ID, "well"); got != http.StatusAccepted {
		t.Errorf("the answer: %d", got)
	}
	if m := s.next(); !strings.Contains(string(m.Result), "well") || strings.Contains(string(m.Result), "wrong") {
		t.Errorf("the call returns %s", m.Result)
	}
	if got := c.reply("one", session, q.ID, "again"); got != http.StatusAccepted {
		t.Errorf("a second answer: %d", got)
	}
}

// TestAQuestionEndsWithItsCall, whatever becomes of it.
func TestAQuestionEndsWithItsCall(t *testing.T) {
	c := newCounter(t)
	ended := c.asker()
	session := c.begin("2025-11-25")
	ctx, cancel := context.WithCancel(t.Context())
	s := c.open(ctx, c.post("2025-11-25", session, "tools/call", map[string]any{"name": "ask"}))
	if q := s.next(); q.Method != "roots/list" {
		t.Fatalf("the client is asked %+v", q)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("the question of a client that has gone was answered")
	}
	c.http.asking.mu.Lock()
	defer c.http.asking.mu.Unlock()
	if n := len(c.http.asking.open); n > 0 {
		t.Errorf("%d questions are kept", n)
	}
}

// TestWhoIsAskedNothing: since 2026-07-28 there are no requests of the server, and who takes no stream cannot get one.
func TestWhoIsAskedNothing(t *testing.T) {
	c := newCounter(t)
	ended := c.asker()
	c.do(c.post("2026-07-28", "", "tools/call", map[string]any{"name": "ask"}))
	if err := <-ended; err == nil {
		t.Error("a client of 2026-07-28 was asked")
	}
	r := c.post("2025-11-25", c.begin("2025-11-25"), "tools/call", map[string]any{"name": "ask"})
	r.Header.Set("Accept", "application/json")
	c.do(r)
	if err := <-ended; err == nil {
		t.Error("a client that takes no stream was asked")
	}
}
