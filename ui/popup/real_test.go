package popup

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
	"postern/internal/store"
)

// newReal is a bench whose answers go to a real queue.
func newReal(t *testing.T) (*bench, *approval.Queue) {
	t.Helper()
	b := newBench(t, inLanguage(t, "en_US.UTF-8", theme.VariantLight))
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	now := noon // the queue's clock is read on other goroutines, and stands still
	q := &approval.Queue{Store: s, Now: func() time.Time { return now }}
	b.desk.answer = func(ctx context.Context, id string, a approval.Answer) error {
		err := q.Answer(ctx, id, a)
		b.given <- given{id, a}
		return err
	}
	return b, q
}

// put asks a real question and shows it.
func (b *bench) put(q *approval.Queue, r approval.Request) string {
	b.t.Helper()
	r, err := q.Ask(b.t.Context(), r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.see(q)
	b.ahead(time.Second)
	return r.ID
}

// see takes a snapshot.
func (b *bench) see(q *approval.Queue) {
	b.t.Helper()
	open, err := q.Pending(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	b.desk.Update(open)
}

func kept(t *testing.T, q *approval.Queue, id string) approval.Request {
	t.Helper()
	r, err := q.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheRightNumberLetsIn(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, stranger())
	b.choose()
	b.button("Allow").Tapped(nil)
	b.taken()
	r := kept(t, q, id)
	if r.State != approval.Approved || r.Answer.Via != "desktop" || strings.Join(r.Answer.Terms.Scopes, " ") != "gmail:read drive:read" ||
		strings.Join(r.Answer.Terms.Profiles, " ") != "p1" || !r.Answer.Terms.Expires.Equal(b.now.Add(180*day)) {
		t.Errorf("it is %s: %+v", r.State, r.Answer)
	}
	if b.desk.window != nil {
		t.Error("the window stays")
	}
}

func TestAWrongNumberIsANoAndSaidSo(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, verified())
	b.button("27").Tapped(nil)
	b.button("Allow").Tapped(nil)
	b.taken()
	if r := kept(t, q, id); r.State != approval.Denied {
		t.Errorf("it is %s", r.State)
	}
	b.see(q)
	if !strings.Contains(strings.Join(b.texts(), "|"), "not the number that the browser shows") {
		t.Errorf("said: %q", b.texts())
	}
	b.button("OK").Tapped(nil)
	if b.desk.window != nil {
		t.Error("the window stays")
	}
}

func TestAnotherHostIsNotTaken(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, stranger())
	b.choose()
	b.desk.choice.host = "claude.ai"
	b.desk.allow()
	b.nothingGiven("with another host")
	a := b.desk.choice.yes(false, b.now)
	b.desk.send(a, nil) // had the window let it pass
	b.taken()
	if r := kept(t, q, id); r.State != approval.Pending || !strings.Contains(strings.Join(b.texts(), "|"), "That is not the host") {
		t.Errorf("it is %s, said: %q", r.State, b.texts())
	}
}

func TestMoreIsGivenOnce(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, more(true))
	b.button("Only once").Tapped(nil)
	b.taken()
	if r := kept(t, q, id); r.State != approval.Approved || !r.Answer.Terms.Once || len(r.Answer.Terms.Scopes) != 2 {
		t.Errorf("it is %s: %+v", r.State, r.Answer)
	}
}

func TestAnsweredElsewhereFirst(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, mail())
	if err := q.Answer(t.Context(), id, approval.Answer{Reason: "no", Via: "cli"}); err != nil {
		t.Fatal(err)
	}
	b.button("Allow").Tapped(nil)
	b.taken()
	if r := kept(t, q, id); r.State != approval.Denied || !strings.Contains(strings.Join(b.texts(), "|"), "settled already") {
		t.Errorf("it is %s, said: %q", r.State, b.texts())
	}
}

func TestQuittingDeniesInTheStore(t *testing.T) {
	b, q := newReal(t)
	id := b.put(q, mail())
	b.desk.Close()
	if r := kept(t, q, id); r.State != approval.Denied || r.Answer.Via != "desktop" {
		t.Errorf("it is %s: %+v", r.State, r.Answer)
	}
}
