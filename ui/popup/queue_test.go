package popup

import (
	"fmt"
	"testing"
	"time"

	"postern/internal/approval"
)

// waits is a question of a client that stays open for a while.
func waits(id, client string, until time.Time) approval.Request {
	return approval.Request{ID: id, Kind: approval.Action, ClientKey: client, Client: client, ExpiresAt: until}
}

func quiet(id string) approval.Request {
	r := waits(id, "stranger", noon.Add(time.Hour))
	r.Offer = &approval.Offer{Public: true, Quiet: true}
	return r
}

func next(t *testing.T, turns *turns, now time.Time) string {
	t.Helper()
	r, _ := turns.next(now, false)
	return r.ID
}

func TestTheOldestIsShownFirstAndOneAtATime(t *testing.T) {
	turns, later := newTurns(), noon.Add(time.Hour)
	turns.update([]approval.Request{waits("a", "x", later), waits("b", "y", later), waits("c", "z", later)})
	for i, want := range []string{"a", "b", "c"} {
		r, ok := turns.next(noon, i > 0)
		if n, of := turns.place(noon); !ok || r.ID != want || n != 1 || of != 3-i {
			t.Errorf("%s is shown as %d of %d, want %s as 1 of %d", r.ID, n, of, want, 3-i)
		}
		turns.settled(true)
	}
	if r, ok := turns.next(noon, true); ok {
		t.Errorf("%s is shown once more, from a snapshot that is older than the answer", r.ID)
	}
}

func TestTwoThatRanOutAreFollowedByAPause(t *testing.T) {
	turns := newTurns()
	ask := func(now time.Time, id string) string {
		turns.update([]approval.Request{waits(id, "greedy", now.Add(time.Minute))})
		return next(t, turns, now)
	}
	now := noon
	for _, id := range []string{"a", "b"} {
		if ask(now, id) != id {
			t.Fatalf("%s is not shown", id)
		}
		now = now.Add(time.Minute)
		turns.ranOut(now)
	}
	if got := ask(now.Add(coolDown-time.Second), "c"); got != "" {
		t.Errorf("%s is shown, though two were not answered", got)
	}
	turns.update([]approval.Request{waits("c", "greedy", now.Add(time.Hour)), waits("d", "another", now.Add(time.Hour))})
	if got := next(t, turns, now); got != "d" {
		t.Errorf("%q is shown, want that of another client", got)
	}
	turns.settled(true)
	turns.ask([]approval.Request{waits("c", "greedy", now.Add(time.Hour))})
	if got := next(t, turns, now); got != "c" {
		t.Errorf("the owner asks to see it, and %q is shown", got)
	}
	turns.settled(true) // an answer ends the pause
	if got := ask(now, "e"); got != "e" {
		t.Errorf("after an answer %q is shown", got)
	}
}

func TestThePauseEnds(t *testing.T) {
	turns := newTurns()
	turns.cool["greedy"] = noon
	turns.update([]approval.Request{waits("a", "greedy", noon.Add(time.Hour))})
	if got := next(t, turns, noon.Add(-time.Second)); got != "" {
		t.Errorf("%s is shown too early", got)
	}
	if next(t, turns, noon) != "a" {
		t.Error("it is not shown after five minutes")
	}
}

func TestAnAnswerBetweenIsNotTwoInARow(t *testing.T) {
	turns, now := newTurns(), noon
	for i, end := range []func(){func() { turns.ranOut(now) }, func() { turns.settled(true) }, func() { turns.ranOut(now) }, func() {}} {
		turns.update([]approval.Request{waits(fmt.Sprint(i), "x", now.Add(time.Hour))})
		if next(t, turns, now) == "" {
			t.Fatalf("question %d is not shown", i)
		}
		end()
		now = now.Add(time.Minute)
	}
}

func TestAtMostFivePopUpsAMinute(t *testing.T) {
	turns := newTurns()
	ask := func(i int, now time.Time) string {
		turns.update([]approval.Request{waits(fmt.Sprint("q", i), fmt.Sprint("client ", i), now.Add(time.Hour))})
		return next(t, turns, now)
	}
	for i := range maxPopUps {
		if ask(i, noon.Add(time.Duration(i)*time.Second)) == "" {
			t.Fatalf("pop-up %d does not come", i)
		}
		turns.settled(false)
	}
	if got := ask(9, noon.Add(30*time.Second)); got != "" {
		t.Errorf("%s pops up as the sixth", got)
	}
	turns.ask(turns.waiting)
	if got := next(t, turns, noon.Add(30*time.Second)); got != "q9" {
		t.Errorf("the owner asks to see it, and %q is shown", got)
	}
	turns.settled(false)
	if got := ask(10, noon.Add(popUpsIn)); got != "q10" {
		t.Errorf("after a minute %q is shown", got)
	}
}

// TestTheOwnerWorksThroughAllThatWaits without being held up: what follows an answer is no pop-up.
func TestTheOwnerWorksThroughAllThatWaits(t *testing.T) {
	turns := newTurns()
	var all []approval.Request
	for i := range 12 {
		all = append(all, waits(fmt.Sprint(i), "x", noon.Add(time.Hour)))
	}
	turns.update(all)
	for i := range all {
		if _, ok := turns.next(noon, i > 0); !ok {
			t.Fatalf("question %d is not shown", i)
		}
		turns.settled(true)
	}
}

func TestQuietOnesShowOnlyOnRequest(t *testing.T) {
	turns := newTurns()
	turns.update([]approval.Request{quiet("q")})
	if got := next(t, turns, noon); got != "" {
		t.Errorf("%s is shown by itself", got)
	}
	turns.ask([]approval.Request{quiet("q")})
	if next(t, turns, noon) != "q" {
		t.Error("it is not shown on request")
	}
	turns.update(nil) // a snapshot that had it has it no more
	if !turns.gone(turns.shown) {
		t.Error("it counts as waiting though it is settled")
	}
	turns = newTurns()
	turns.ask([]approval.Request{quiet("q")})
	next(t, turns, noon)
	turns.update([]approval.Request{waits("loud", "x", noon.Add(time.Hour))})
	if turns.gone(turns.shown) {
		t.Error("it counts as settled, though snapshots of loud questions never have it")
	}
}

func TestWhatIsOverIsNotShown(t *testing.T) {
	turns := newTurns()
	turns.update([]approval.Request{waits("a", "x", noon)})
	if got := next(t, turns, noon); got != "" {
		t.Errorf("%s is shown", got)
	}
}

func TestNothingIsKeptOfWhatIsGone(t *testing.T) {
	turns := newTurns()
	for i := range 100 {
		turns.update([]approval.Request{waits(fmt.Sprint(i), "x", noon.Add(time.Hour))})
		turns.next(noon, true)
		turns.settled(true)
		turns.next(noon, true)
	}
	turns.update(nil)
	if n := len(turns.over) + len(turns.listed) + len(turns.review); n != 0 {
		t.Errorf("%d are remembered", n)
	}
}
