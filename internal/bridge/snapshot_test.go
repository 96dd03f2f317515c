package bridge

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/auth"
	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/server/oauth"
)

func snap(t *testing.T, b *Bridge) desk.Snapshot {
	t.Helper()
	s, err := b.Snapshot(t.Context(), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestASnapshotHasWhatTheWindowsDraw, of a bridge that serves, and of another beside it.
func TestASnapshotHasWhatTheWindowsDraw(t *testing.T) {
	dir := t.TempDir()
	s := serveWith(t, Config{Dir: dir, Getenv: noVault})
	new(shelf).put(s.Bridge)
	g, token := s.grant("gmail:read", "gmail:send")
	s.call(token, "gmail_search", search)
	ended, _ := s.grant("gmail:read")
	if err := s.RevokeGrant(t.Context(), ended.ID, "test"); err != nil {
		t.Fatal(err)
	}
	q, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: "x"})
	if err != nil {
		t.Fatal(err)
	}
	until, err := s.OpenPairing(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "tier", "extended"); err != nil {
		t.Fatal(err)
	}
	s.LookAtVault(t.Context())
	s.service().writeUses(t.Context())
	within(t, "the record of the call", func() bool { return len(snap(t, s.Bridge).Recent) == 2 })

	got := snap(t, s.Bridge)
	if got.Version != "1.2.3" || got.Dir != dir || !strings.HasPrefix(got.Folder, dir) || !got.Serving || got.Local != s.url || got.Public != "" || got.Trouble != "" || !got.Demo || got.Paused || got.LockedDown {
		t.Errorf("%+v", got)
	}
	if !got.PairingUntil.Equal(until.Truncate(time.Second)) || got.Vault.Kind != "shelf" || got.Vault.Trouble != "" || got.GoogleClient != "" {
		t.Errorf("pairing until %v, vault %+v, client %q", got.PairingUntil, got.Vault, got.GoogleClient)
	}
	if len(got.Waiting) != 1 || got.Waiting[0].ID != q.ID {
		t.Errorf("waiting: %+v", got.Waiting)
	}
	if diff := cmp.Diff([]desk.Profile{{ID: demoID, Name: "demo", Email: "demo@postern.example", State: "valid", Toolsets: []string{"gmail"}, Default: true, Sample: true}}, got.Profiles); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	if got.Setting("tier") != "extended" || got.Setting("approvals.outward") != "ask" || len(got.Settings) != len(settings.Keys()) {
		t.Errorf("settings %+v", got.Settings)
	}
	if got.Recent[0].Event != activity.Revoked || got.Recent[1].Tool != "gmail_search" { // the newest first
		t.Errorf("recent: %+v", got.Recent)
	}
	i := slices.IndexFunc(got.Clients, func(c desk.Client) bool { return c.ID == g.ClientID })
	if len(got.Clients) != 2 || i < 0 || got.Clients[i].Name != "tester" || got.Clients[i].LastFrom != "this computer" || len(got.Clients[1-i].Grants) != 0 {
		t.Fatalf("clients: %+v", got.Clients)
	}
	grants := got.Clients[i].Grants
	if len(grants) != 1 || grants[0].LastUsedAt.IsZero() || len(grants[0].Tools) != 1 || grants[0].Tools[0].Tool != "gmail_search" {
		t.Fatalf("grants: %+v", grants)
	}
	want := []desk.Choice{{ID: demoID, Title: "demo"}, {ID: "gmail:read", Title: "Read your mail"}, {ID: "gmail:send", Title: "Send mail as you"}}
	if diff := cmp.Diff(want, append(grants[0].Profiles, grants[0].Scopes...)); diff != "" {
		t.Errorf("what was given (-want +got):\n%s", diff)
	}

	beside := snap(t, openAt(t, Config{Dir: dir})) // it serves nothing itself
	if !beside.Serving || beside.Local != s.url || beside.Demo || len(beside.Clients) != 2 || len(beside.Waiting) != 1 {
		t.Errorf("beside it: %+v", beside)
	}
}

// TestStrangersAreNotShown: anybody can register, so that alone is nothing to show; whom the owner has blocked, or added,
// is.
func TestStrangersAreNotShown(t *testing.T) {
	b := openAt(t, Config{})
	add := func(id string, kind oauth.Kind, status oauth.Status) {
		t.Helper()
		if err := b.Store.SaveClient(t.Context(), oauth.Client{ID: id, Kind: kind, Name: id, Status: status, CreatedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	add("https://a.example/client.json", oauth.Published, oauth.New)
	add("mcpc_new", oauth.Dynamic, oauth.New)
	add("https://claude.ai/client.json", oauth.Published, oauth.Approved)
	add("mcpc_own", oauth.Static, oauth.New)
	add("mcpc_blocked", oauth.Dynamic, oauth.Blocked)
	got := map[string]string{}
	for _, c := range snap(t, b).Clients {
		got[c.ID] = c.Identity
		if c.Blocked != (c.ID == "mcpc_blocked") {
			t.Errorf("%s is blocked: %v", c.ID, c.Blocked)
		}
	}
	if diff := cmp.Diff(map[string]string{"https://claude.ai/client.json": "claude.ai", "mcpc_own": "", "mcpc_blocked": ""}, got); diff != "" {
		t.Errorf("clients and who vouches for them (-want +got):\n%s", diff)
	}
}

func TestProfilesInASnapshot(t *testing.T) {
	b := openAt(t, Config{})
	end := time.Now().Add(time.Hour).UTC()
	save := func(p auth.Profile) {
		t.Helper()
		if err := b.Store.SaveProfile(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	save(auth.Profile{ID: "1", Name: "work", Email: "me@work.example", State: auth.SignInAgain, Reason: "revoked", Toolsets: []string{"gmail"}, RefreshUntil: end})
	if got := snap(t, b).Profiles; len(got) != 1 || !got[0].Default || got[0].Valid() || got[0].Reason != "revoked" || !got[0].EndsAt.Equal(end) {
		t.Errorf("one alone: %+v", got)
	}
	save(auth.Profile{ID: "2", Name: "again", Email: "ME@work.example", State: auth.Valid})
	save(auth.Profile{ID: "3", Name: "home", Email: "me@example.com", State: auth.Valid})
	if err := b.UseProfile(t.Context(), "home"); err != nil {
		t.Fatal(err)
	}
	type brief struct {
		Name, SameAs   string
		Valid, Default bool
	}
	var got []brief
	for _, p := range snap(t, b).Profiles {
		got = append(got, brief{p.Name, p.SameAs, p.Valid(), p.Default})
	}
	if diff := cmp.Diff([]brief{{"again", "work", true, false}, {"home", "", true, true}, {"work", "again", false, false}}, got); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
}

// TestASnapshotInTrouble is there all the same, and says what is wrong.
func TestASnapshotInTrouble(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	b := openAt(t, Config{Demo: true, Getenv: noVault})
	if err := b.Serve(t.Context(), Addresses{Local: taken.Addr().String()}, "1", func(string, string) {}); err == nil {
		t.Fatal("it serves at a port that is taken")
	}
	if s := snap(t, b); s.Serving || !strings.Contains(s.Trouble, "listening") || len(s.Profiles) != 1 {
		t.Errorf("without its port: %+v", s)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if s := snap(t, b); s.Trouble == "" || s.Dir != b.Dir || len(s.Profiles) != 1 || len(s.Settings) != 0 {
		t.Errorf("without its store: %+v", s)
	}
}

// TestServingAgain: what was wrong is forgotten.
func TestServingAgain(t *testing.T) {
	s := serveWith(t, Config{Getenv: noVault})
	if got := snap(t, s.Bridge); got.Trouble != "" {
		t.Errorf("trouble: %s", got.Trouble)
	}
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
	if got := snap(t, s.Bridge); got.Serving || got.Local != "" || got.Trouble != "" {
		t.Errorf("after it ended: %+v", got)
	}
	if resp, err := http.Get(s.url); err == nil {
		resp.Body.Close()
		t.Error("it is served")
	}
}
