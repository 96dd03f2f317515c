package guard_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/internal/tool"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// scopeSets are every way in which the scopes of the tools can be held: per service none, or one rung of its ladder.
func scopeSets() [][]string {
	sets := [][]string{{}}
	for _, service := range []string{"gmail", "calendar"} {
		var more [][]string
		for _, s := range tool.Scopes() {
			if s.Service() == service {
				for _, set := range sets {
					more = append(more, append(slices.Clone(set), string(s)))
				}
			}
		}
		sets = append(sets, more...)
	}
	return sets
}

// holds is written apart from what it tests: the rungs of a ladder in their order.
func holds(scopes []string, want string) bool {
	for _, ladder := range [][]string{{"gmail:read", "gmail:write", "gmail:send"}, {"calendar:read", "calendar:write", "calendar:invite"}} {
		i := slices.Index(ladder, want)
		if i >= 0 && slices.ContainsFunc(ladder[i:], func(s string) bool { return slices.Contains(scopes, s) }) {
			return true
		}
	}
	return false
}

// listed returns the names in a list result.
func listed(t *testing.T, m message, list, name string) []string {
	t.Helper()
	var all map[string]json.RawMessage
	var rows []map[string]any
	if json.Unmarshal(m.Result, &all) != nil || json.Unmarshal(all[list], &rows) != nil {
		t.Fatalf("no list: %s %+v", m.Result, m.Error)
	}
	names := []string{}
	for _, r := range rows {
		names = append(names, fmt.Sprint(r[name]))
	}
	return names
}

// TestScopeMatrix goes through every tool, prompt and resource times every set of scopes, in both eras (attack 43): what
// is listed is what can be used, and what cannot is refused with the scope that it needs.
func TestScopeMatrix(t *testing.T) {
	d := newDoor(t)
	// The prompts and resources with what they need, written down once more: one that is new must be added here.
	prompts := map[string]string{"inbox_triage": "gmail:read", "unanswered_mail": "gmail:read", "reply_in_my_voice": "gmail:write"}
	resources := map[string]string{"postern://profiles": "", "postern://home/labels": "gmail:read"}
	_, everything := d.grant(all)
	_, m := d.caller(modern, everything).rpc("prompts/list", nil)
	for _, name := range listed(t, m, "prompts", "name") {
		if _, ok := prompts[name]; !ok {
			t.Errorf("the prompt %s is not in this test", name)
		}
	}
	type target struct{ method, key, name, scope string }
	var targets []target
	for _, tl := range d.runner.All() {
		scope := string(tl.Scope())
		if scope == "" && !tl.Local() {
			t.Errorf("the tool %s needs no scope", tl.Name)
		}
		if tl.Name != "calendar_wait" { // it would
			targets = append(targets, target{"tools/call", "name", tl.Name, scope})
		}
	}
	for name, scope := range prompts {
		targets = append(targets, target{"prompts/get", "name", name, scope})
	}
	for uri, scope := range resources {
		targets = append(targets, target{"resources/read", "uri", uri, scope})
	}
	for _, scopes := range scopeSets() {
		_, token := d.grant(scopes)
		for _, e := range []era{legacy, modern} {
			t.Run(string(e)+" "+strings.Join(scopes, " "), func(t *testing.T) {
				c := d.caller(e, token)
				want := []string{}
				for _, tl := range d.runner.All() {
					if tl.Local() || holds(scopes, string(tl.Scope())) {
						want = append(want, tl.Name)
					}
				}
				a, m := c.rpc("tools/list", nil)
				if diff := cmp.Diff(want, listed(t, m, "tools", "name")); diff != "" {
					t.Errorf("tools (-want +got):\n%s", diff)
				}
				if e == modern && !strings.Contains(a.body, `"cacheScope":"private"`) || a.header.Get("Cache-Control") == "" { // attack 53
					t.Errorf("a list that others may keep: %v %s", a.header, a.body)
				}
				want = []string{}
				for _, name := range []string{"inbox_triage", "reply_in_my_voice", "unanswered_mail"} {
					if holds(scopes, prompts[name]) {
						want = append(want, name)
					}
				}
				_, m = c.rpc("prompts/list", nil)
				if diff := cmp.Diff(want, listed(t, m, "prompts", "name")); diff != "" {
					t.Errorf("prompts (-want +got):\n%s", diff)
				}
				want = []string{}
				if holds(scopes, "gmail:read") {
					want = append(want, "postern://{profile}/labels")
				}
				_, m = c.rpc("resources/templates/list", nil)
				if diff := cmp.Diff(want, listed(t, m, "resourceTemplates", "uriTemplate")); diff != "" {
					t.Errorf("resource templates (-want +got):\n%s", diff)
				}
				for _, k := range targets {
					d.asked()
					before := d.passedOn()
					a, m := c.rpc(k.method, map[string]any{k.key: k.name, "arguments": map[string]any{}})
					asked := d.asked()
					if k.scope == "" || holds(scopes, k.scope) {
						if a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || len(asked) > 0 || strings.Contains(string(m.Result), "there is no tool") || m.code() == -32003 {
							t.Errorf("%s %s: %d %s, asked for %q", k.method, k.name, a.status, a.body, asked)
						}
						continue
					}
					got, err := challenge(a.header.Get("WWW-Authenticate"))
					if err != nil || a.status != http.StatusForbidden || got["error"] != "insufficient_scope" || got["scope"] != k.scope || got["resource_metadata"] != d.issuer+"/.well-known/oauth-protected-resource/mcp" {
						t.Errorf("%s %s: %d %v %v", k.method, k.name, a.status, got, err)
					}
					if m.code() == 0 || string(m.ID) == "null" || !strings.Contains(m.Error.Message, k.scope) {
						t.Errorf("%s %s: %s", k.method, k.name, a.body)
					}
					if diff := cmp.Diff([]string{k.scope}, asked); diff != "" {
						t.Errorf("%s %s: asked the owner for (-want +got):\n%s", k.method, k.name, diff)
					}
					if d.passedOn() != before {
						t.Errorf("%s %s was passed on", k.method, k.name)
					}
				}
			})
		}
	}
}

// TestTheSameTokenAfterWidening: tokens follow their grant (section 2.2 of the rules, rule 20).
func TestTheSameTokenAfterWidening(t *testing.T) {
	d := newDoor(t)
	id, token := d.grant([]string{"calendar:read"})
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		args := map[string]any{"text": string(e)}
		if a, _ := c.call("calendar_note", args); (a.status == http.StatusForbidden) != (e == legacy) {
			t.Fatalf("%s: %d %s", e, a.status, a.body)
		}
		if err := d.store.Widen(t.Context(), id, []string{"calendar:write"}, d.clock()); err != nil {
			t.Fatal(err)
		}
		if a, _ := c.call("calendar_note", args); a.status != http.StatusOK {
			t.Errorf("%s, widened: %d %s", e, a.status, a.body)
		}
		if _, m := c.rpc("tools/list", nil); !slices.Contains(listed(t, m, "tools", "name"), "calendar_note") {
			t.Errorf("%s: it is not shown: %s", e, m.Result)
		}
	}
}

// TestANarrowedTokenIsNotTheOwners: what its client has given up itself, the owner need not give again.
func TestANarrowedTokenIsNotTheOwners(t *testing.T) {
	d := newDoor(t)
	id, _ := d.grant([]string{"calendar:write"})
	g, err := d.store.Grant(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	token := opaque.New(opaque.Access)
	g.ID += "n"
	if err := d.store.AddGrant(t.Context(), g, oauth.Token{Hash: d.pepper.Hash(token), GrantID: g.ID, Use: oauth.ForAccess, Scopes: []string{"calendar:read"}, IssuedAt: d.clock(), ExpiresAt: d.clock().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	a, m := d.caller(modern, token).call("calendar_note", nil)
	if a.status != http.StatusForbidden || !strings.Contains(m.Error.Message, "refresh without naming scopes") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if asked := d.asked(); len(asked) != 0 {
		t.Errorf("the owner is asked for %q", asked)
	}
}

// TestOwnerCannotBeAsked: where the owner's settings rule a scope out, the client is told not to wait.
func TestOwnerCannotBeAsked(t *testing.T) {
	d := newDoor(t, func(d *door) { d.guard.Widen = nil })
	_, token := d.grant([]string{"calendar:read"})
	a, m := d.caller(modern, token).call("calendar_note", nil)
	if a.status != http.StatusForbidden || !strings.Contains(m.Error.Message, "cannot be asked") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestCompletionsFollowScopes: the names of labels are the mailbox's, also as completions.
func TestCompletionsFollowScopes(t *testing.T) {
	d := newDoor(t)
	for _, scopes := range scopeSets() {
		_, token := d.grant(scopes, home.ID)
		for _, e := range []era{legacy, modern} {
			for _, ref := range []map[string]any{{"type": "ref/resource", "uri": "postern://{profile}/labels"}, {"type": "ref/prompt", "name": "inbox_triage"}} {
				a, _ := d.caller(e, token).rpc("completion/complete", map[string]any{"ref": ref, "argument": map[string]any{"name": "label", "value": ""}, "context": map[string]any{"arguments": map[string]any{"profile": "home"}}})
				if got := strings.Contains(a.body, "Label of "); got != holds(scopes, "gmail:read") {
					t.Errorf("%s, %q, %v: %d %s", e, scopes, ref, a.status, a.body)
				}
			}
		}
	}
}
