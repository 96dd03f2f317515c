package approval_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/store"
)

// bench is a queue over a real store, with a clock that stands still until it is moved.
type bench struct {
	*approval.Queue
	store *store.Store
	dir   string

	mu   sync.Mutex // guards the fields below
	now  time.Time
	dead bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), now: time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)}
	b.Queue, b.store = b.open(t)
	return b
}

// open opens the same store once more, as another process would.
func (b *bench) open(t *testing.T) (*approval.Queue, *store.Store) {
	t.Helper()
	s, err := store.Open(t.Context(), b.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &approval.Queue{
		Store: s, Poll: time.Millisecond,
		Now:   func() time.Time { b.mu.Lock(); defer b.mu.Unlock(); return b.now },
		Self:  func() approval.Process { return approval.Process{PID: 7} },
		Alive: func(approval.Process) bool { b.mu.Lock(); defer b.mu.Unlock(); return !b.dead },
	}, s
}

func (b *bench) ask(t *testing.T, client string) approval.Request {
	t.Helper()
	r, err := b.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: client, Tool: "gmail_send", Frozen: json.RawMessage(`{"to":"mia"}`),
		Preview: approval.Preview{Title: "Send", Body: "private", Fields: []approval.Field{{Name: "To", Value: "mia"}}, Warnings: []approval.Text{{English: "new"}}, Changes: []approval.Change{{Name: "to"}}}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAYesIsClaimedOnceAndForgetsWhatWasFrozen(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	other, _ := b.open(t)
	r := b.ask(t, "c")
	go func() {
		if err := other.Answer(context.WithoutCancel(ctx), r.ID, approval.Answer{Approved: true, Via: "cli"}); err != nil {
			t.Errorf("answering from another process: %v", err)
		}
	}()
	got, err := b.Wait(ctx, r.ID)
	if err != nil || got.State != approval.Approved || got.Answer == nil || got.Answer.Via != "cli" || got.Answer.By.PID != 7 {
		t.Fatalf("Wait: %+v, %v", got, err)
	}
	if got, err = b.Claim(ctx, r.ID); err != nil || string(got.Frozen) != `{"to":"mia"}` {
		t.Fatalf("Claim: %s, %v", got.Frozen, err)
	}
	if _, err := other.Claim(ctx, r.ID); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("a second claim: %v", err)
	}
	if err := b.Finish(ctx, r.ID, approval.Done, "sent"); err != nil {
		t.Fatal(err)
	}
	if got, err = other.Get(ctx, r.ID); err != nil || got.State != approval.Done || got.Result != "sent" || len(got.Frozen) != 0 {
		t.Errorf("at the end: %+v, %v", got, err)
	}
}

// TestContentsAreForgotten takes a question to each of its ends.
func TestContentsAreForgotten(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	ends := map[string]func(id string) error{
		"denied":    func(id string) error { return b.Answer(ctx, id, approval.Answer{}) },
		"withdrawn": func(id string) error { return b.Withdraw(ctx, id) },
		"done": func(id string) error {
			if err := b.Answer(ctx, id, approval.Answer{Approved: true}); err != nil {
				return err
			}
			if _, err := b.Claim(ctx, id); err != nil {
				return err
			}
			return b.Finish(ctx, id, approval.Done, "")
		},
		"expired": func(string) error { b.mu.Lock(); defer b.mu.Unlock(); b.now = b.now.Add(time.Hour); return nil },
	}
	for name, end := range ends {
		r := b.ask(t, name)
		if open, err := b.Get(ctx, r.ID); err != nil || open.Preview.Body != "private" {
			t.Fatalf("%s: an open question shows %+v, %v", name, open.Preview, err)
		}
		if err := end(r.ID); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := b.Get(ctx, r.ID)
		if err != nil || got.State == approval.Pending || got.Preview.Title != "Send" || got.Preview.Body != "" || len(got.Preview.Fields)+len(got.Preview.Changes)+len(got.Preview.Warnings)+len(got.Frozen) != 0 {
			t.Errorf("%s: it keeps %s %+v %s, %v", name, got.State, got.Preview, got.Frozen, err)
		}
	}
}

func TestOneAnswerIsTaken(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	other, _ := b.open(t)
	for range 20 {
		r := b.ask(t, "c")
		errs := make(chan error)
		go func() { errs <- b.Answer(ctx, r.ID, approval.Answer{Approved: true}) }()
		go func() { errs <- other.Answer(ctx, r.ID, approval.Answer{Reason: "no"}) }()
		first, second := <-errs, <-errs
		if (first == nil) == (second == nil) || !errors.Is(errors.Join(first, second), approval.ErrSettled) {
			t.Fatalf("two answers: %v and %v", first, second)
		}
	}
}

func TestADenialKeepsItsReasonAndNothingElse(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	r := b.ask(t, "c")
	if err := b.Answer(ctx, r.ID, approval.Answer{Reason: "wrong Mia"}); err != nil {
		t.Fatal(err)
	}
	got, err := b.Get(ctx, r.ID)
	if err != nil || got.State != approval.Denied || got.Answer.Reason != "wrong Mia" || len(got.Frozen) != 0 {
		t.Errorf("after a denial: %+v, %v", got, err)
	}
	if _, err := b.Claim(ctx, r.ID); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("claiming what was denied: %v", err)
	}
}

func TestTimeEndsAQuestion(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	r := b.ask(t, "c")
	b.mu.Lock()
	b.now = r.ExpiresAt
	b.mu.Unlock()
	if err := b.Answer(ctx, r.ID, approval.Answer{Approved: true}); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("a yes that came too late: %v", err)
	}
	if got, err := b.Wait(ctx, r.ID); err != nil || got.State != approval.Expired {
		t.Errorf("Wait: %s, %v", got.State, err)
	}
}

func TestAYesToAProcessThatHasEndedDoesNothing(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	r := b.ask(t, "c")
	b.mu.Lock()
	b.dead = true
	b.mu.Unlock()
	if err := b.Answer(ctx, r.ID, approval.Answer{Approved: true}); !errors.Is(err, approval.ErrAskerGone) {
		t.Errorf("Answer: %v", err)
	}
	if got, err := b.Get(ctx, r.ID); err != nil || got.State != approval.Withdrawn {
		t.Errorf("afterwards: %s, %v", got.State, err)
	}
}

// TestNothingIsLeftBehindByAProcessThatHasEnded looks at what its questions had come to.
func TestNothingIsLeftBehindByAProcessThatHasEnded(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	waiting, approved, running := b.ask(t, "c"), b.ask(t, "c"), b.ask(t, "c")
	for _, id := range []string{approved.ID, running.ID} {
		if err := b.Answer(ctx, id, approval.Answer{Approved: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Claim(ctx, running.ID); err != nil {
		t.Fatal(err)
	}
	if open, err := b.Pending(ctx); err != nil || len(open) != 1 || open[0].ID != waiting.ID {
		t.Fatalf("Pending: %+v, %v", open, err)
	}
	b.mu.Lock()
	b.dead = true
	b.mu.Unlock()
	// One is met by Get, the others by Pending.
	if got, err := b.Get(ctx, approved.ID); err != nil || got.State != approval.Withdrawn || len(got.Frozen) != 0 {
		t.Errorf("approved: %+v, %v", got, err)
	}
	if open, err := b.Pending(ctx); err != nil || len(open) != 0 {
		t.Errorf("Pending: %+v, %v", open, err)
	}
	for id, want := range map[string]approval.State{waiting.ID: approval.Withdrawn, approved.ID: approval.Withdrawn, running.ID: approval.Failed} {
		got, err := b.store.Approval(ctx, id)
		if err != nil || got.State != want || len(got.Frozen) != 0 {
			t.Errorf("%+v, %v; want %s", got, err, want)
		}
		if want == approval.Failed && got.Result == "" {
			t.Error("nothing says that the call may have been done")
		}
	}
	if _, err := b.Claim(ctx, approved.ID); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("claiming what was withdrawn: %v", err)
	}
}

func TestTooManyQuestions(t *testing.T) {
	b := newBench(t)
	first := b.ask(t, "greedy")
	for range approval.MaxPendingPerClient - 1 {
		b.ask(t, "greedy")
	}
	if _, err := b.Ask(t.Context(), approval.Request{ClientKey: "greedy"}); !errors.Is(err, approval.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	for i := approval.MaxPendingPerClient; i < approval.MaxPending; i++ {
		b.ask(t, fmt.Sprint("another ", i))
	}
	r, err := b.Ask(t.Context(), approval.Request{ClientKey: "one more"})
	if !errors.Is(err, approval.ErrTooMany) {
		t.Errorf("one more of a new client: %+v, %v", r, err)
	}
	open, err := b.Pending(t.Context())
	if err != nil || len(open) != approval.MaxPending {
		t.Fatalf("%d are open, %v", len(open), err)
	}
	if err := b.Answer(t.Context(), first.ID, approval.Answer{}); err != nil {
		t.Fatal(err)
	}
	b.ask(t, "greedy")
}

func TestIDsAreShortAndNeverTheSame(t *testing.T) {
	b := newBench(t)
	seen := map[string]bool{}
	for range 30 {
		r := b.ask(t, fmt.Sprint(len(seen)))
		if !regexp.MustCompile("^[a-z2-7]{10}$").MatchString(r.ID) || seen[r.ID] {
			t.Errorf("id %q", r.ID)
		}
		seen[r.ID] = true
	}
}

func TestABeginningThatIsUniqueIsEnough(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	for _, id := range []string{"aab", "aac", "aabb"} {
		err := b.store.AddApproval(ctx, approval.Request{ID: id, State: approval.Pending, CreatedAt: b.now, ExpiresAt: b.now.Add(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string]string{"aac": "aac", " AABB ": "aabb", "aab": "aab"} {
		if got, err := b.Find(ctx, prefix); err != nil || got.ID != want {
			t.Errorf("Find(%q): %s, %v", prefix, got.ID, err)
		}
	}
	for prefix, want := range map[string]error{"": approval.ErrNotFound, "b": approval.ErrNotFound, "aacc": approval.ErrNotFound, "aa": approval.ErrAmbiguous, "a": approval.ErrAmbiguous, "%": approval.ErrNotFound} {
		if _, err := b.Find(ctx, prefix); !errors.Is(err, want) {
			t.Errorf("Find(%q): %v, want %v", prefix, err, want)
		}
		if err := b.Answer(ctx, prefix, approval.Answer{Approved: true}); !errors.Is(err, want) {
			t.Errorf("Answer(%q): %v, want %v", prefix, err, want)
		}
	}
	if err := b.Answer(ctx, "aabb", approval.Answer{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Answer(ctx, "AAC", approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if open, err := b.Pending(ctx); err != nil || len(open) != 1 || open[0].ID != "aab" {
		t.Errorf("Pending: %+v, %v", open, err)
	}
}

func TestWithdrawTakesBackWhatNobodyAnswered(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	r, yes := b.ask(t, "c"), b.ask(t, "c")
	if err := b.Withdraw(ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.Answer(ctx, r.ID, approval.Answer{Approved: true}); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("a yes to what was withdrawn: %v", err)
	}
	if err := b.Answer(ctx, yes.ID, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if err := b.Withdraw(ctx, yes.ID); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("withdrawing what was approved: %v", err)
	}
	if err := b.Withdraw(ctx, "nobody"); !errors.Is(err, approval.ErrNotFound) {
		t.Errorf("withdrawing nothing: %v", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	b := newBench(t)
	r := b.ask(t, "c")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Wait(ctx, r.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait: %v", err)
	}
}

// TestTheProgramBehindAQuestion is found when it is asked, where the process that asks is not started by it.
func TestTheProgramBehindAQuestion(t *testing.T) {
	b := newBench(t)
	client := approval.Ancestor{PID: 9, Start: "s"}
	b.Client = func(_ context.Context, r approval.Request) approval.Ancestor {
		if r.ClientKey != "over HTTP" {
			return approval.Ancestor{}
		}
		return client
	}
	if r := b.ask(t, "over HTTP"); r.Asker.PID != 7 || r.Asker.Client != client {
		t.Errorf("%+v", r.Asker)
	}
	if r := b.ask(t, "of nobody that is known"); r.Asker.Client != (approval.Ancestor{}) {
		t.Errorf("%+v", r.Asker)
	}
}

// TestWhatCameFromOutsideStaysMarked from the asking to the store and back, whatever its origin reads like.
func TestWhatCameFromOutsideStaysMarked(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		name string
		r    approval.Request
		want bool
	}{
		{"a call from outside", approval.Request{Kind: approval.Action, Public: true}, true},
		{"a call from here that says otherwise", approval.Request{Kind: approval.Action, Origin: "over HTTP, from outside"}, false},
		{"a client from outside", approval.Request{Kind: approval.Connect, Offer: &approval.Offer{Public: true}}, true},
		{"a client from here", approval.Request{Kind: approval.Widen, Offer: &approval.Offer{}}, false},
	} {
		asked, err := b.Ask(t.Context(), c.r)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := b.Get(t.Context(), asked.ID); err != nil || asked.Public != c.want || kept.Public != c.want {
			t.Errorf("%s: asked %v, kept %v, %v", c.name, asked.Public, kept.Public, err)
		}
	}
}
