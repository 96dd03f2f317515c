package bridge

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/internal/activity"
	"postern/internal/approval"
)

// happened closes the bridge's store, so that all is written, and returns what stands in it.
func happened(t *testing.T, b *Bridge) []activity.Entry {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := openAt(t, Config{Dir: b.Dir}).Store.Entries(t.Context(), activity.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// TestDecisionsAreRecorded: what the owner decided stands beside what clients did.
func TestDecisionsAreRecorded(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	g, token := s.grant("gmail:read")
	s.call(token, "gmail_search", search)
	modify := `{"message_ids":["0"],"action":"read"}`
	s.call(token, "gmail_modify", modify)
	open, err := s.Queue.Pending(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("questions %+v, %v", open, err)
	}
	if err := s.Queue.Answer(t.Context(), open[0].ID, approval.Answer{Approved: true, Terms: &approval.Terms{Scopes: []string{"gmail:write"}}}); err != nil {
		t.Fatal(err)
	}
	within(t, "the wider grant", func() bool {
		q, err := s.Queue.Get(t.Context(), open[0].ID)
		return err == nil && q.State == approval.Done
	})
	let, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Connect, Client: "Claude", Offer: &approval.Offer{ClientID: "mcpc_x", Public: true}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Queue.Answer(t.Context(), let.ID, approval.Answer{}); err != nil {
		t.Fatal(err)
	}
	owner := openAt(t, Config{Dir: dir}) // another process
	for _, step := range []func() error{
		owner.Pause, owner.Pause, owner.Resume,
		func() error { return owner.RevokeGrant(t.Context(), g.ID, "test") },
		func() error { return owner.RevokeGrant(t.Context(), g.ID, "test") }, // it has ended already
		func() error { return owner.BlockClient(t.Context(), g.ClientID) },
		func() error { return owner.UnblockClient(t.Context(), g.ClientID) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if err := owner.Close(); err != nil {
		t.Fatal(err)
	}
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
	type brief struct {
		Event                                 activity.Event
		Client, ClientID, GrantID, Addr, Tool string
		Outcome                               activity.Outcome
	}
	got := map[brief]int{}
	for _, e := range happened(t, s.Bridge) {
		got[brief{e.Event, e.Client, e.ClientID, e.GrantID, e.Address, e.Tool, e.Outcome}]++
		if e.At.IsZero() {
			t.Errorf("%+v has no time", e)
		}
	}
	want := map[brief]int{
		{activity.Call, "tester", g.ClientID, g.ID, "this computer", "gmail_search", activity.OK}:    1,
		{activity.Widened, "tester", g.ClientID, g.ID, "this computer", "gmail_modify", activity.OK}: 1,
		{activity.LetIn, "Claude", "mcpc_x", "", "public", "", activity.Denied}:                      1,
		{activity.Paused, "", "", "", "", "", activity.OK}:                                           1,
		{activity.Resumed, "", "", "", "", "", activity.OK}:                                          1,
		{activity.Revoked, "tester", g.ClientID, g.ID, "", "", activity.OK}:                          1,
		{activity.Blocked, "tester", g.ClientID, "", "", "", activity.OK}:                            1,
		{activity.Unblocked, "tester", g.ClientID, "", "", "", activity.OK}:                          1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is recorded (-want +got):\n%s", diff)
	}
}

func TestALockdownIsRecordedOnce(t *testing.T) {
	dir := t.TempDir()
	b := openAt(t, Config{Dir: dir, Demo: true, Getenv: fileVault})
	if err := b.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []activity.Event
	for _, e := range happened(t, b) {
		got = append(got, e.Event)
	}
	if diff := cmp.Diff([]activity.Event{activity.Lockdown, activity.Lifted}, got); diff != "" {
		t.Errorf("what is recorded (-want +got):\n%s", diff)
	}
}

// TestAClientThatIsLetIn is recorded with the grant that it got.
func TestAClientThatIsLetIn(t *testing.T) {
	b := openAt(t, Config{Dir: t.TempDir()})
	q, err := b.Queue.Ask(t.Context(), approval.Request{
		Kind: approval.Connect, Client: "Claude", Shown: "12 34 56",
		Offer: &approval.Offer{ClientID: "mcpc_x", Profiles: []approval.Choice{{ID: "p"}}, Scopes: []approval.Choice{{ID: "gmail:read"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	yes := approval.Answer{Approved: true, Number: "12", Terms: &approval.Terms{Profiles: []string{"p"}, Scopes: []string{"gmail:read"}}}
	if err := b.Queue.Answer(t.Context(), q.ID, yes); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Queue.Claim(t.Context(), q.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Queue.Finish(t.Context(), q.ID, approval.Done, "g1"); err != nil {
		t.Fatal(err)
	}
	all := happened(t, b)
	if len(all) != 1 || all[0].Event != activity.LetIn || all[0].Outcome != activity.OK || all[0].GrantID != "g1" || all[0].ClientID != "mcpc_x" || all[0].Address != "this computer" || all[0].Approval != q.ID {
		t.Errorf("%+v", all)
	}
}
