package cli

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/bridge"
	"postern/server/oauth"
)

// TestTwoOfTheSameName: the owner sees which of two clients used what, and from where.
func TestTwoOfTheSameName(t *testing.T) {
	dir := t.TempDir()
	open := func() *bridge.Bridge {
		b, err := bridge.Open(t.Context(), bridge.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	b := open()
	now := time.Now()
	for _, id := range []string{"mcpc_first", "mcpc_other"} {
		if err := b.Store.SaveClient(t.Context(), oauth.Client{ID: id, Kind: oauth.Static, Name: "Claude", Status: oauth.Approved, CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
		g := oauth.Grant{ID: "g" + id, ClientID: id, Resource: "http://127.0.0.1:7878/mcp", Profiles: []string{"demo"}, Scopes: []string{"gmail:read"}, CreatedAt: now}
		if err := b.Store.AddGrant(t.Context(), g, oauth.Token{Hash: []byte(id), GrantID: g.ID, Use: oauth.ForCode, IssuedAt: now, ExpiresAt: now.Add(time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	call := activity.Entry{At: now, Client: "Claude", ClientID: "mcpc_other", GrantID: "gmcpc_other", Address: "public", Tool: "gmail_search", Outcome: activity.OK}
	b.Store.Record(t.Context(), call)
	b.Store.Record(t.Context(), call)
	b.Store.Record(t.Context(), activity.Entry{At: now, Event: activity.Revoked, Client: "Claude", ClientID: "mcpc_first", Outcome: activity.OK})
	if err := b.Store.Used(t.Context(), []oauth.LastUse{{GrantID: "gmcpc_other", At: now, Address: "public"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open()
	var out bytes.Buffer
	shown := func(asJSON bool, show func(f *face) error) string {
		t.Helper()
		out.Reset()
		if err := show(&face{out: &out, err: &out, json: asJSON}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	list := shown(false, func(f *face) error { return f.listClients(t.Context(), b, nil) })
	if !regexp.MustCompile(`mcpc_other +[^\n]*, public +gmail:read`).MatchString(list) || strings.Count(list, "public") != 1 {
		t.Errorf("the list:\n%s", list)
	}
	if one := shown(false, func(f *face) error { return f.showClient(t.Context(), b, []string{"mcpc_other"}) }); !regexp.MustCompile(`Tools used: gmail_search, 2 times`).MatchString(one) {
		t.Errorf("the one:\n%s", one)
	}
	if first := shown(false, func(f *face) error { return f.showClient(t.Context(), b, []string{"mcpc_first"}) }); strings.Contains(first, "gmail_search") {
		t.Errorf("the other:\n%s", first)
	}
	var all []clientRow
	if err := json.Unmarshal([]byte(shown(true, func(f *face) error { return f.listClients(t.Context(), b, nil) })), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if want := map[string]int{"mcpc_other": 1}[c.ID]; len(c.Grants) != 1 || c.Grants[0].ToolsUsed == nil || len(c.Grants[0].ToolsUsed) != want {
			t.Errorf("for programs: %+v", c)
		}
	}
	log := shown(false, func(f *face) error { return f.showLog(t.Context(), b, activity.Filter{}, false) })
	if strings.Count(log, "Claude other") != 2 || !regexp.MustCompile(`Claude first +\(revoked\) +ok`).MatchString(log) {
		t.Errorf("the log:\n%s", log)
	}
	if log := shown(false, func(f *face) error { return f.showLog(t.Context(), b, activity.Filter{Client: "other"}, false) }); strings.Contains(log, "first") || !strings.Contains(log, "gmail_search") {
		t.Errorf("the log of one:\n%s", log)
	}
}
