package guard_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"postern/server/guard"
	"postern/server/oauth"
)

// TestProfilesStayApart asks with a grant for one profile for everything that could name the other (attack 48): what
// comes back is what comes back for a profile that there is not.
func TestProfilesStayApart(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all, home.ID)
	_, works := d.grant(all, work.ID)
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		// guess returns what is said of a profile by that name, with the name taken out, so that two guesses compare.
		guess := func(name string, ask func(name string) answer) string {
			a := ask(name)
			m := a.message(t)
			m.ID = nil
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			return strings.ReplaceAll(string(b), name, "NAME")
		}
		tool := func(tool string, args map[string]any) func(string) answer {
			return func(name string) answer {
				with := map[string]any{"profile": name}
				for k, v := range args {
					with[k] = v
				}
				a, _ := c.call(tool, with)
				return a
			}
		}
		asks := map[string]func(string) answer{
			"a tool":          tool("calendar_echo", nil),
			"the default":     tool("profiles_use", nil),
			"a merged search": tool("gmail_search", map[string]any{"query": "x"}),
			"a draft":         tool("gmail_save_draft", map[string]any{"to": []string{"a@example.com"}, "subject": "s", "body": "b"}),
			"a send":          tool("gmail_send", map[string]any{"to": []string{"a@example.com"}, "subject": "s", "body": "b"}),
			"a resource": func(name string) answer {
				a, _ := c.rpc("resources/read", map[string]any{"uri": "postern://" + name + "/labels"})
				return a
			},
			"a completion": func(name string) answer {
				a, _ := c.rpc("completion/complete", map[string]any{"ref": map[string]any{"type": "ref/prompt", "name": "inbox_triage"}, "argument": map[string]any{"name": "profile", "value": name}})
				return a
			},
			"labels of a profile": func(name string) answer {
				a, _ := c.rpc("completion/complete", map[string]any{"ref": map[string]any{"type": "ref/prompt", "name": "inbox_triage"}, "argument": map[string]any{"name": "label", "value": ""}, "context": map[string]any{"arguments": map[string]any{"profile": name}}})
				return a
			},
		}
		for what, ask := range asks {
			for name, none := range map[string]string{"work": "none", "WORK": "NONE", "p2": "p9", "work@example.org": "none@example.org", " work": " none", "work ": "none "} {
				if what == "a resource" && strings.Contains(name, " ") {
					continue
				}
				if got, want := guess(name, ask), guess(none, ask); got != want {
					t.Errorf("%s, %s, %q:\n%s\nand for one that there is not:\n%s", e, what, name, got, want)
				}
			}
		}
		for what, a := range map[string]answer{
			"profiles_list":         c.do(c.post("tools/call", map[string]any{"name": "profiles_list", "arguments": map[string]any{}})),
			"the resource":          c.do(c.post("resources/read", map[string]any{"uri": "postern://profiles"})),
			"all profiles":          c.do(c.post("tools/call", map[string]any{"name": "gmail_search", "arguments": map[string]any{"profile": "all", "query": "x"}})),
			"tools/list":            c.do(c.post("tools/list", nil)),
			"resources/list":        c.do(c.post("resources/list", nil)),
			"every completion":      c.do(c.post("completion/complete", map[string]any{"ref": map[string]any{"type": "ref/resource", "uri": "postern://{profile}/labels"}, "argument": map[string]any{"name": "profile", "value": ""}})),
			"a profile in a prompt": c.do(c.post("prompts/get", map[string]any{"name": "inbox_triage", "arguments": map[string]any{"profile": "none"}})),
			"a cursor":              c.do(c.post("tools/call", map[string]any{"name": "gmail_search", "arguments": map[string]any{"profile": "all", "query": "x", "cursor": "eyJwMiI6IngifQ"}})),
			"a list's cursor":       c.do(c.post("tools/list", map[string]any{"cursor": "d29yaw=="})),
			"a resource elsewhere":  c.do(c.post("resources/read", map[string]any{"uri": "postern://home/../work/labels"})),
			"a resource, encoded":   c.do(c.post("resources/read", map[string]any{"uri": "postern://%77ork/labels"})),
		} {
			if strings.Contains(a.body, "work@example.org") || strings.Contains(a.body, "p2") || strings.Contains(a.body, `\"work\"`) && what != "a resource, encoded" {
				t.Errorf("%s, %s names the other profile: %s", e, what, a.body)
			}
		}
		// The guess above could be blind: the grant of the other profile must see it.
		if a, _ := d.caller(e, works).call("calendar_echo", map[string]any{"profile": "work", "text": "hi"}); !strings.Contains(a.body, "work says hi") {
			t.Errorf("%s: the other grant: %s", e, a.body)
		}
	}
}

// TestApprovalsStayApart: the question of one grant does not exist for another, by its id or by a state (attacks 48 and 49).
func TestApprovalsStayApart(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all, home.ID)
	_, others := d.grant(all, home.ID)
	mine, other := d.caller(modern, token), d.caller(modern, others)
	if a, _ := mine.call("calendar_invite", map[string]any{"text": "x"}); !strings.Contains(a.body, "pending_approval") {
		t.Fatalf("%d %s", a.status, a.body)
	}
	pending, err := d.store.Approvals(t.Context(), "pending")
	if err != nil || len(pending) != 1 {
		t.Fatalf("%v %v", pending, err)
	}
	id := pending[0].ID
	if a, _ := mine.call("approvals_get", map[string]any{"approval_id": id}); !strings.Contains(a.body, "pending:") {
		t.Errorf("the own: %s", a.body)
	}
	for _, guess := range []string{id, strings.ToUpper(id), id[:4], id[:1], "", "%"} {
		if a, _ := other.call("approvals_get", map[string]any{"approval_id": guess}); !strings.Contains(a.body, "this client has no approval") && !strings.Contains(a.body, "approval_id") {
			t.Errorf("%q: %s", guess, a.body)
		}
	}
	for _, state := range []string{id, id + ".", id + ".00", id + "." + strings.Repeat("0", 64), "x"} {
		for name, c := range map[string]*caller{"own": mine, "other": other} {
			_, m := c.rpc("tools/call", map[string]any{"name": "calendar_invite", "arguments": map[string]any{"text": "x"}, "requestState": state, "inputResponses": map[string]any{"approval": map[string]any{"action": "accept", "content": map[string]any{"approve": true}}}})
			if !strings.Contains(string(m.Result), "belongs to no question") {
				t.Errorf("%s, state %q: %s %+v", name, state, m.Result, m.Error)
			}
		}
	}
	if now, err := d.store.Approval(t.Context(), id); err != nil || now.State != "pending" {
		t.Errorf("the question is %s: %v", now.State, err)
	}
}

// TestInjectedWishes: a model that does what a mail asks of it gets no further than its grant (attack 60).
func TestInjectedWishes(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant([]string{"gmail:read"}, home.ID)
	c := d.caller(modern, token)
	if a, _ := c.call("gmail_send", map[string]any{"to": []string{"thief@example.net"}, "subject": "s", "body": "b"}); a.status != http.StatusForbidden {
		t.Errorf("a tool that it was not granted: %d %s", a.status, a.body)
	}
	for _, path := range []string{"/authorize?client_id=https://evil.example/c.json&redirect_uri=https://evil.example/cb&response_type=code", "/authorize/finish", "/revoke"} {
		r := d.request(http.MethodGet, path, "")
		r.Header.Set("Authorization", "Bearer "+token)
		if a := d.do(r); a.status < 400 || a.header.Get("Location") != "" {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
	if pending, err := d.store.Approvals(t.Context(), "pending"); err != nil || len(pending) != 0 {
		t.Errorf("the owner was asked: %v %v", pending, err)
	}
}

// TestNobodyBehindTheGuard: what stands behind gives nothing to a request that did not come through the guard.
func TestNobodyBehindTheGuard(t *testing.T) {
	d := newDoor(t, func(d *door) {
		d.front.MCP = d.http
	})
	for _, e := range []era{legacy, modern} {
		c := &caller{d: d, era: e, token: "nonsense"}
		if e == legacy {
			a := c.do(c.post("initialize", map[string]any{"protocolVersion": string(legacy), "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "t", "version": "1"}}))
			c.session = a.header.Get("Mcp-Session-Id")
		}
		if a, _ := c.rpc("tools/list", nil); strings.Contains(a.body, "gmail_") || strings.Contains(a.body, "calendar_") {
			t.Errorf("%s: tools/list: %s", e, a.body)
		}
		if a, _ := c.call("calendar_echo", map[string]any{"text": "x"}); strings.Contains(a.body, "says x") {
			t.Errorf("%s: a call: %s", e, a.body)
		}
		if a, _ := c.call("profiles_list", nil); strings.Contains(a.body, "example") {
			t.Errorf("%s: profiles: %s", e, a.body)
		}
	}
	if h, ok := guard.From(t.Context()); ok || h.Grant.ID != (oauth.Holder{}).Grant.ID {
		t.Error("there is a holder without a token")
	}
}
