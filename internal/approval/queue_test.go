package approval_test

import (
	"context"
	"encoding/json"
	"errors"
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
	r, err := b.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: client, Tool: "gmail_send", Frozen: json.RawMessage(`{"to":"mia"}`)})
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

func TestTooManyQuestions(t *testing.T) {
	b := newBench(t)
	for range approval.MaxPendingPerClient {
		b.ask(t, "greedy")
	}
	if _, err := b.Ask(t.Context(), approval.Request{ClientKey: "greedy"}); !errors.Is(err, approval.ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	b.ask(t, "another")
}

func TestFindTakesABeginningThatIsUnique(t *testing.T) {
	b, ctx := newBench(t), t.Context()
	r := b.ask(t, "c")
	if got, err := b.Find(ctx, r.ID[:4]); err != nil || got.ID != r.ID {
		t.Errorf("Find: %s, %v", got.ID, err)
	}
	for _, bad := range []string{"", "zzzz", r.ID + "x"} {
		if _, err := b.Find(ctx, bad); !errors.Is(err, approval.ErrNotFound) {
			t.Errorf("Find(%q): %v", bad, err)
		}
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
