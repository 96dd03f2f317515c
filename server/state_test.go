package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/tool"
)

// sends counts the mails that went out. It is a recorder.
type sends struct {
	mu sync.Mutex // guards the field below
	n  int
}

func (s *sends) Record(_ context.Context, e activity.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Tool == "gmail_send" && e.Outcome == activity.OK {
		s.n++
	}
}

func (s *sends) count() int { s.mu.Lock(); defer s.mu.Unlock(); return s.n }

// forms is the metadata of a client that puts questions.
func forms() map[string]any {
	meta := map[string]any{}
	for k, v := range modern {
		meta[k] = v
	}
	meta["io.modelcontextprotocol/clientCapabilities"] = map[string]any{"elicitation": map[string]any{}}
	return meta
}

// yes is the answer of the person in front of a client.
var yes = map[string]any{question: map[string]any{"action": "accept", "content": map[string]any{"approve": true}}}

// repeat sends a call again with an answer and a state.
func (d *desk) repeat(name, arg, state string) (string, bool) {
	d.t.Helper()
	return textOf(d.t, d.request("tools/call", map[string]any{"name": name, "arguments": map[string]any{"text": arg}, "_meta": forms(), "requestState": state, "inputResponses": yes}))
}

// ask calls gmail_send and returns the state of the question that comes back.
func (d *desk) ask(arg string) (state string) {
	d.t.Helper()
	m := d.request("tools/call", map[string]any{"name": "gmail_send", "arguments": map[string]any{"text": arg}, "_meta": forms()})
	var r struct {
		State string `json:"requestState"`
	}
	if err := json.Unmarshal(m.Result, &r); err != nil || r.State == "" {
		d.t.Fatalf("instead of a question: %s %+v %v", m.Result, m.Error, err)
	}
	return r.State
}

// TestAStateIsGoodForItsCallAlone, once and in its time (attack 49; MCP 2026-07-28, Multi Round-Trip Requests: the state
// is what an attacker makes it).
func TestAStateIsGoodForItsCallAlone(t *testing.T) {
	var out sends
	var mu sync.Mutex // guards now
	now := time.Now()
	d := newDesk(t, tool.Policy{Elicitation: true}, func(r *tool.Runner) {
		r.Recorder = &out
		r.Queue.(*approval.Queue).Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	})
	state := d.ask("it")
	id, tag, _ := strings.Cut(state, ".")
	own := tool.Invocation{Client: tool.Client{Key: d.pending().ClientKey}, Tool: "gmail_send", Args: []byte(`{"text":"it"}`)}
	if d.server.seal(id, own) != state {
		t.Fatal("the forgeries below would not be near enough")
	}
	stranger, other, elsewhere := own, own, &Server{}
	stranger.Client.Key, other.Tool = "test/another", "gmail_echo"
	elsewhere.init()
	for what, forged := range map[string]string{
		"cut": state[:len(state)-1], "cut by a byte": state[:len(state)-2], "longer": state + "00", "without a tag": id, "with an empty one": id + ".",
		"with another letter":  state[:len(state)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(state, "0")],
		"for another question": "aaaaaaaaaa." + tag, "of another process": elsewhere.seal(id, own), "of another client": d.server.seal(id, stranger), "of another tool": d.server.seal(id, other),
		"with its parts moved": id[:len(id)-1] + "." + id[len(id)-1:] + tag,
	} {
		if text, bad := d.repeat("gmail_send", "it", forged); !bad || !strings.Contains(text, "belongs to no question") {
			t.Fatalf("%s: %s", what, text)
		}
	}
	if text, bad := d.repeat("gmail_send", "something else", state); !bad || !strings.Contains(text, "belongs to no question") {
		t.Fatalf("for other arguments: %s", text)
	}
	if text, bad := d.repeat("gmail_echo", "it", state); !bad || strings.Contains(text, "you said") {
		t.Fatalf("for another tool: %s", text)
	}
	if r := d.pending(); r.ID != id || out.count() != 0 {
		t.Fatalf("the question is %+v, and %d mails went out", r, out.count())
	}
	if text, bad := d.repeat("gmail_send", "it", state); bad || !strings.Contains(text, "sent it") {
		t.Errorf("the right one: %s", text)
	}
	if d.repeat("gmail_send", "it", state); out.count() != 1 {
		t.Errorf("used again, %d mails went out", out.count())
	}
	late := d.ask("late")
	mu.Lock()
	now = now.Add(15 * time.Minute)
	mu.Unlock()
	if text, bad := d.repeat("gmail_send", "late", late); !bad || strings.Contains(text, "sent") || out.count() != 1 {
		t.Errorf("after its time: %s", text)
	}
}

// TestAStateIsNothingOverHTTP: a client from there answers no question of the owner's, also not with a state that has the
// right MAC, and is put none, whatever it says that it can (attack 49).
func TestAStateIsNothingOverHTTP(t *testing.T) {
	var out sends
	c := newCounter(t, func(r *tool.Runner) {
		r.Recorder, r.Hold = &out, time.Millisecond
		r.Policy = func(context.Context) tool.Policy { return tool.Policy{Elicitation: true} }
	})
	send := func(version, session, token, state string) said {
		t.Helper()
		params := map[string]any{"name": "gmail_send", "arguments": map[string]any{"text": version}, "inputResponses": yes}
		if state != "" {
			params["requestState"] = state
		}
		if version == "2026-07-28" {
			params["_meta"] = forms()
		}
		r := c.post(version, session, "tools/call", params)
		r.Header.Set("Authorization", "Bearer grant-"+token)
		return c.do(r)
	}
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		session := ""
		if version != "2026-07-28" {
			s := c.do(c.post(version, "", "initialize", map[string]any{"protocolVersion": version, "capabilities": map[string]any{"elicitation": map[string]any{}}, "clientInfo": map[string]any{"name": "tester", "version": "1"}}))
			session = s.header.Get("Mcp-Session-Id")
		}
		s := send(version, session, "one", "")
		if text, _ := textOf(t, s.last(t)); len(s.messages) != 1 || !strings.Contains(text, "pending_approval") {
			t.Fatalf("%s: a yes that nobody asked for: %s", version, s.body)
		}
		q := c.desk.pending()
		own := tool.Invocation{Client: tool.Client{Key: "grant:one"}, Tool: "gmail_send", Args: fmt.Appendf(nil, `{"text":%q}`, version)}
		another := own
		another.Client.Key = "grant:two"
		for what, state := range map[string]string{"of its own": c.server.seal(q.ID, own), "of another grant": c.server.seal(q.ID, another), "of the local server": c.desk.server.seal(q.ID, own), "made up": q.ID + ".00"} {
			for _, grant := range []string{"one", "two"} {
				if grant == "two" && session != "" {
					continue // which has not that session
				}
				text, bad := textOf(t, send(version, session, grant, state).last(t))
				want := "belongs to no question"
				if what == "of its own" && grant == "one" || what == "of another grant" && grant == "two" {
					want = "does not let clients put questions" // the MAC is right
				}
				if !bad || !strings.Contains(text, want) {
					t.Fatalf("%s, grant %s, a state %s: %s", version, grant, what, text)
				}
			}
		}
		if r := c.desk.pending(); r.ID != q.ID || out.count() != 0 {
			t.Errorf("%s: the question is %+v, and %d mails went out", version, r, out.count())
		}
		if err := c.desk.queue.Withdraw(t.Context(), q.ID); err != nil {
			t.Fatal(err)
		}
	}
	// Where there is nothing to ask, a state means nothing.
	for method, params := range map[string]map[string]any{"prompts/get": {"name": "inbox_triage"}, "resources/read": {"uri": "postern://profiles"}} {
		plain := c.do(c.post("2026-07-28", "", method, params))
		params["requestState"], params["inputResponses"] = "x.00", yes
		if with := c.do(c.post("2026-07-28", "", method, params)); plain.status != 200 || with.body != plain.body {
			t.Errorf("%s with a state: %d %s\nwithout: %d %s", method, with.status, with.body, plain.status, plain.body)
		}
	}
}
