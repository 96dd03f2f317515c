package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/tool"
)

func TestAnOutwardCallAsks(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{}}) // which the owner has not allowed
	d.send(`{"jsonrpc":"2.0","id":70,"method":"tools/call","params":{"name":"gmail_send","arguments":{"text":"it"}}}`)
	r := d.pending()
	if r.Client != "tester" || r.Tool != "gmail_send" {
		t.Errorf("the question: %+v", r)
	}
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if got, bad := textOf(t, d.receive()); bad || !strings.Contains(got, "sent it") {
		t.Errorf("after the yes: %s", got)
	}
}

func (d *desk) pending() approval.Request {
	d.t.Helper()
	for d.t.Context().Err() == nil {
		open, err := d.queue.Pending(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		if len(open) == 1 {
			return open[0]
		}
	}
	return approval.Request{}
}

func TestElicitation(t *testing.T) {
	answer := func(action string, content map[string]any) map[string]any {
		return map[string]any{"action": action, "content": content}
	}
	t.Run("older clients", func(t *testing.T) {
		d := newDesk(t, tool.Policy{Elicitation: true})
		d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{}})
		for _, c := range []struct {
			answer map[string]any
			want   string
			bad    bool
		}{
			{answer("accept", map[string]any{"approve": true}), "sent it", false},
			{answer("accept", map[string]any{"approve": false, "reason": "too late"}), "too late", true},
			{answer("decline", nil), "said no", true},
		} {
			d.next++
			d.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"gmail_send","arguments":{"text":"it"}}}`, d.next+100))
			ask := d.receive()
			if ask.Method != "elicitation/create" || !strings.Contains(string(ask.Params), "Send it") {
				t.Fatalf("instead of a question: %+v", ask)
			}
			b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": ask.ID, "result": c.answer})
			if err != nil {
				t.Fatal(err)
			}
			d.send(string(b))
			if got, bad := textOf(t, d.receive()); bad != c.bad || !strings.Contains(got, c.want) {
				t.Errorf("%v: %v, %s", c.answer, bad, got)
			}
		}
	})
	t.Run("2026-07-28", func(t *testing.T) {
		d := newDesk(t, tool.Policy{Elicitation: true})
		meta := map[string]any{}
		for k, v := range modern {
			meta[k] = v
		}
		meta["io.modelcontextprotocol/clientCapabilities"] = map[string]any{"elicitation": map[string]any{}}
		params := map[string]any{"name": "gmail_send", "arguments": map[string]any{"text": "it"}, "_meta": meta}
		first := d.request("tools/call", params)
		var asked struct {
			ResultType   string                     `json:"resultType"`
			Requests     map[string]json.RawMessage `json:"inputRequests"`
			RequestState string                     `json:"requestState"`
		}
		if err := json.Unmarshal(first.Result, &asked); err != nil || asked.RequestState == "" || asked.Requests[question] == nil {
			t.Fatalf("instead of a question: %s, %+v, %v", first.Result, first.Error, err)
		}
		params["inputResponses"] = map[string]any{question: answer("accept", map[string]any{"approve": true})}
		params["requestState"] = strings.Repeat("a", 10) + asked.RequestState[10:]
		if m := d.request("tools/call", params); !strings.Contains(string(m.Result), "isError\":true") {
			t.Errorf("a forged state was taken: %s", m.Result)
		}
		params["requestState"] = asked.RequestState
		params["arguments"] = map[string]any{"text": "something else"}
		if m := d.request("tools/call", params); !strings.Contains(string(m.Result), "isError\":true") {
			t.Errorf("the yes to one call was taken for another: %s", m.Result)
		}
		params["arguments"] = map[string]any{"text": "it"}
		if got, bad := textOf(t, d.request("tools/call", params)); bad || !strings.Contains(got, "sent it") {
			t.Errorf("after the yes: %s", got)
		}
	})
}

func TestElicitationIsNotWaitedForForEver(t *testing.T) {
	d := newDesk(t, tool.Policy{Elicitation: true}, func(r *tool.Runner) { r.Hold = time.Millisecond })
	d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{"form": map[string]any{}}})
	d.send(`{"jsonrpc":"2.0","id":80,"method":"tools/call","params":{"name":"gmail_send","arguments":{"text":"it"}}}`)
	var ask, withdrawn, answer bool
	var id string
	for range 3 { // the last two come in any order
		m := d.receive()
		switch {
		case m.Method == "elicitation/create":
			ask, id = true, string(m.ID)
		case m.Method == "notifications/cancelled":
			withdrawn = id != "" && strings.Contains(string(m.Params), id)
		default:
			got, bad := textOf(t, m)
			answer = !bad && strings.Contains(got, "pending_approval")
		}
	}
	if !ask || !withdrawn || !answer {
		t.Errorf("asked %v, withdrawn %v, answered that it waits %v", ask, withdrawn, answer)
	}
	if r := d.pending(); r.Tool != "gmail_send" {
		t.Errorf("the question that stays: %+v", r)
	}
	// An answer that comes too late is nobody's.
	d.send(`{"jsonrpc":"2.0","id":"postern-1","result":{"action":"accept","content":{"approve":true}}}`)
	if m := d.request("ping", map[string]any{}); m.Error != nil {
		t.Errorf("afterwards: %+v", m.Error)
	}
	if r := d.pending(); r.State != approval.Pending {
		t.Errorf("a late answer was taken: %+v", r)
	}
}

func TestAClientWithoutFormsIsNotAsked(t *testing.T) {
	d := newDesk(t, tool.Policy{Elicitation: true}, func(r *tool.Runner) { r.Hold = time.Millisecond })
	d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{"url": map[string]any{}}})
	if got, bad := textOf(t, d.call("gmail_send", map[string]any{"text": "it"}, nil)); bad || !strings.Contains(got, "pending_approval") {
		t.Errorf("a client that knows links alone: %s", got)
	}
	if strings.Contains(d.log.String(), "elicitation/create") {
		t.Error("it was asked to fill in a form")
	}
}
