package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/internal/approval"
)

func request(id string) approval.Request {
	return approval.Request{
		ID: id, Kind: approval.Action, Client: "Claude", Origin: "/usr/bin/claude (pid 3)", Public: true, ClientKey: "local:claude", Profile: "work", Tool: "gmail_send", Class: "outward",
		Preview: approval.Preview{Title: "Send a mail", Says: approval.Text{English: "Send a mail", Key: "send"},
			Fields: []approval.Field{{Name: "To", Value: "mia@example.org", Alarm: true, Marks: []approval.Text{{English: "first time", Key: "mark_first"}}}}, Body: "Lunch?",
			Warnings: []approval.Text{approval.Say("new", "{a} is new", "a", "mia@example.org")}, Changes: []approval.Change{{Name: "to", Title: "To", Lines: []approval.Line{{Sign: "+", Text: "mia@example.org"}}}}},
		Frozen: json.RawMessage(`{"to":["mia@example.org"]}`), State: approval.Pending,
		Asker:     approval.Process{PID: 5, Start: "77", Path: "/usr/bin/postern", Space: "pid:[1]", Ancestry: []approval.Ancestor{{PID: 3, Start: "70"}}, Client: approval.Ancestor{PID: 3, Start: "70"}},
		CreatedAt: time.Unix(100, 1).UTC(), ExpiresAt: time.Unix(200, 0).UTC(),
	}
}

func TestARequestComesBackWhole(t *testing.T) {
	s, ctx, r := open(t, t.TempDir()), t.Context(), request("a")
	if err := s.AddApproval(ctx, r); err != nil {
		t.Fatal(err)
	}
	got, err := s.Approval(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Errorf("Approval (-want +got):\n%s", diff)
	}
	if err := s.AddApproval(ctx, r); err == nil {
		t.Error("an id was taken twice")
	}
}

// steps are the transitions, by what they lead to.
func steps(s *Store, t *testing.T) map[approval.State]func(id string) error {
	ctx, now := t.Context(), time.Unix(150, 0)
	settle := func(to approval.State) func(string) error {
		return func(id string) error { return s.SettleApproval(ctx, id, to, &approval.Answer{}, now) }
	}
	finish := func(to approval.State) func(string) error {
		return func(id string) error { return s.FinishApproval(ctx, id, to, "result", now) }
	}
	return map[approval.State]func(string) error{
		approval.Approved: settle(approval.Approved), approval.Denied: settle(approval.Denied),
		approval.Expired:   func(string) error { return s.ExpireApprovals(ctx, time.Unix(200, 0)) },
		approval.Withdrawn: func(id string) error { return s.WithdrawApproval(ctx, id, now) },
		approval.Running:   func(id string) error { _, err := s.ClaimApproval(ctx, id, now); return err },
		approval.Done:      finish(approval.Done), approval.Failed: finish(approval.Failed),
	}
}

// TestNoOtherStepExists tries every step from every state.
func TestNoOtherStepExists(t *testing.T) {
	s := open(t, t.TempDir())
	step := steps(s, t)
	ways := map[approval.State][]approval.State{
		approval.Pending: nil, approval.Approved: {approval.Approved}, approval.Denied: {approval.Denied}, approval.Expired: {approval.Expired},
		approval.Withdrawn: {approval.Withdrawn}, approval.Running: {approval.Approved, approval.Running},
		approval.Done: {approval.Approved, approval.Running, approval.Done}, approval.Failed: {approval.Approved, approval.Running, approval.Failed},
	}
	allowed := map[[2]approval.State]bool{
		{approval.Pending, approval.Approved}: true, {approval.Pending, approval.Denied}: true, {approval.Pending, approval.Expired}: true, {approval.Pending, approval.Withdrawn}: true,
		{approval.Approved, approval.Running}: true, {approval.Approved, approval.Withdrawn}: true,
		{approval.Running, approval.Done}: true, {approval.Running, approval.Failed}: true,
	}
	for from, way := range ways {
		for to, take := range step {
			id := string(from) + "-" + string(to)
			if err := s.AddApproval(t.Context(), request(id)); err != nil {
				t.Fatal(err)
			}
			for _, through := range way {
				if err := step[through](id); err != nil {
					t.Fatalf("%s: leading there: %v", id, err)
				}
			}
			err := take(id)
			got, gerr := s.Approval(t.Context(), id)
			if gerr != nil {
				t.Fatal(gerr)
			}
			want := from
			if allowed[[2]approval.State{from, to}] {
				want = to
			}
			if got.State != want || want != to && to != approval.Expired && !errors.Is(err, approval.ErrSettled) {
				t.Errorf("from %s to %s: %v, and it is %s, want %s", from, to, err, got.State, want)
			}
			keeps := got.State == approval.Pending || got.State == approval.Approved || got.State == approval.Running
			if keeps != (len(got.Frozen) > 0) {
				t.Errorf("%s: %d bytes are frozen in state %s", id, len(got.Frozen), got.State)
			}
			if _, err := s.db.Exec("DELETE FROM approvals"); err != nil { // so that expiring touches one alone
				t.Fatal(err)
			}
		}
	}
	for to, take := range step {
		if err := take("nobody"); to != approval.Expired && !errors.Is(err, approval.ErrNotFound) {
			t.Errorf("to %s, an unknown id: %v", to, err)
		}
	}
}

func TestWhatWasSettledLongAgoIsForgotten(t *testing.T) {
	s, ctx := open(t, t.TempDir()), t.Context()
	old, fresh := request("old"), request("fresh")
	fresh.CreatedAt = old.CreatedAt.Add(resultsKept)
	fresh.ExpiresAt = fresh.CreatedAt.Add(time.Hour)
	for _, r := range []approval.Request{old, fresh} {
		if err := s.AddApproval(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.ExpireApprovals(ctx, old.CreatedAt.Add(resultsKept+time.Second)); err != nil {
		t.Fatal(err)
	}
	all, err := s.Approvals(ctx)
	if err != nil || len(all) != 1 || all[0].ID != "fresh" || all[0].State != approval.Pending {
		t.Errorf("left: %+v, %v", all, err)
	}
}
