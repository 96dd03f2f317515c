package popup

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
)

func newEnglish(t *testing.T) *bench {
	t.Helper()
	return newBench(t, inLanguage(t, "en_US.UTF-8", theme.VariantLight))
}

// typed types a key where the focus is.
func (b *bench) typed(key fyne.KeyName) {
	b.t.Helper()
	focused := b.desk.window.Canvas().Focused()
	if focused == nil {
		b.t.Fatal("nothing has the focus")
	}
	focused.TypedKey(&fyne.KeyEvent{Name: key})
}

// left has the window lose the focus and get it again, as the driver does it.
func (b *bench) left() {
	focused := b.desk.window.Canvas().Focused()
	focused.FocusLost()
	focused.FocusGained()
}

func (b *bench) nothingGiven(what string) {
	b.t.Helper()
	if b.desk.phase == sending || len(b.given) > 0 {
		b.t.Fatalf("%s: something was answered", what)
	}
}

func TestAllowIsDeadForASecondAfterEachFocus(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	tap := func() { b.button("Allow").Tapped(nil) }
	steps := []struct {
		name string
		do   func()
	}{
		{"shown", func() {}},
		{"the window left and back", b.left},
		{"raised on request", func() { b.desk.Review([]approval.Request{mail()}) }},
	}
	for _, s := range steps {
		s.do()
		b.ahead(0)
		if !b.button("Allow").Disabled() || !b.button("Save as draft").Disabled() {
			t.Errorf("%s: Allow looks as if it could be pressed", s.name)
		}
		tap()
		b.desk.allow() // whatever the button looks like
		b.ahead(999 * time.Millisecond)
		tap()
		b.desk.allow()
		b.nothingGiven(s.name)
		b.ahead(time.Millisecond)
		if b.button("Allow").Disabled() {
			t.Errorf("%s: Allow cannot be pressed after a second", s.name)
		}
	}
	tap()
	if g := b.taken(); !g.Approved || g.id != "q1" || g.Via != "desktop" {
		t.Errorf("the answer is %+v", g)
	}
	if b.desk.window != nil {
		t.Error("the window is still open")
	}
}

func TestOnlyOnceIsDeadToo(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{more(true)})
	b.desk.allowOnce()
	b.button("Only once").Tapped(nil)
	b.nothingGiven("within the first second")
	b.ahead(time.Second)
	b.button("Only once").Tapped(nil)
	if g := b.taken(); !g.Approved || g.Terms == nil || !g.Terms.Once {
		t.Errorf("the answer is %+v", g)
	}
}

func TestEveryWayOutIsANo(t *testing.T) {
	for name, out := range map[string]func(b *bench){
		"Deny":           func(b *bench) { b.button("Deny").Tapped(nil) },
		"closing":        func(b *bench) { b.desk.dismiss() },
		"Esc":            func(b *bench) { b.typed(fyne.KeyEscape) },
		"Esc in a field": func(b *bench) { b.desk.window.Canvas().FocusNext(); b.typed(fyne.KeyEscape) },
		"Esc with nothing": func(b *bench) {
			b.desk.window.Canvas().Unfocus()
			b.desk.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyEscape})
		},
	} {
		b := newEnglish(t)
		b.desk.Update([]approval.Request{mail()})
		out(b) // at once: a no is never dead
		if g := b.taken(); g.Approved || g.id != "q1" || g.Via != "desktop" {
			t.Errorf("%s: the answer is %+v", name, g)
		}
	}
}

func TestANoCarriesItsReason(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	for _, o := range b.objects() {
		if e, ok := o.(*entry); ok {
			test.Type(e, "wrong Anna")
		}
	}
	b.button("Deny").Tapped(nil)
	if g := b.taken(); g.Approved || g.Reason != "wrong Anna" {
		t.Errorf("the answer is %+v", g)
	}
}

// TestKeysTypedForSomethingElseDoNothing types what a person would who is surprised by the window.
func TestKeysTypedForSomethingElseDoNothing(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.ahead(time.Minute)
	mash := func() {
		for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
			b.typed(key)
		}
	}
	if f := b.desk.window.Canvas().Focused(); f != b.desk.card.deny || f.(*button).Text != "Deny" {
		t.Fatalf("%v has the focus", f)
	}
	mash()
	b.nothingGiven("without moving the focus")

	for b.desk.window.Canvas().Focused() != fyne.Focusable(b.button("Allow")) {
		b.desk.window.Canvas().FocusNext()
	}
	b.left()
	b.ahead(time.Minute)
	mash()
	b.nothingGiven("after the window was left")

	b.desk.window.Canvas().FocusPrevious()
	b.desk.window.Canvas().FocusNext()
	b.typed(fyne.KeyReturn)
	if g := b.taken(); !g.Approved {
		t.Errorf("moved to Allow on purpose: %+v", g)
	}
}

func TestTheFocusComesBackToDeny(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{verified()})
	b.desk.window.Canvas().FocusNext()
	test.Tap(b.button("27"))
	if b.desk.window.Canvas().Focused() != fyne.Focusable(b.button("Deny")) {
		t.Error("after a click something else than Deny has the focus")
	}
	b.desk.window.Canvas().Unfocus()
	b.ahead(beat)
	if b.desk.window.Canvas().Focused() != fyne.Focusable(b.button("Deny")) {
		t.Error("after a click beside everything nothing has the focus")
	}
}

func TestSettledElsewhereIsSaidAndTheNextComes(t *testing.T) {
	b := newEnglish(t)
	two := mail()
	two.ID = "q2"
	b.desk.Update([]approval.Request{mail(), two})
	if b.shown() != "q1" || !strings.Contains(strings.Join(b.texts(), "|"), "1 of 2") {
		t.Fatalf("shown: %s, %q", b.shown(), b.texts())
	}
	window := b.desk.window
	b.ahead(time.Minute)
	b.desk.Update([]approval.Request{two})
	if b.shown() != "" || !strings.Contains(strings.Join(b.texts(), "|"), "settled already") {
		t.Errorf("shown: %s, %q", b.shown(), b.texts())
	}
	b.nothingGiven("settled elsewhere")
	b.ahead(briefly)
	if b.shown() != "q2" || b.desk.window != window || b.says(" of ") {
		t.Errorf("then: %s, the same window %v, %q", b.shown(), b.desk.window == window, b.texts())
	}
	b.desk.allow()
	b.nothingGiven("right after the next came")
	if !b.ticking {
		t.Error("nobody looks at the clock")
	}
	b.desk.Update(nil)
	b.ahead(briefly)
	b.desk.Update(nil)
	if b.desk.window != nil || b.ticking {
		t.Errorf("at the end: window %v, ticking %v", b.desk.window, b.ticking)
	}
}

func TestTimeIsShownAndRunsOut(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.ahead(14*time.Minute + 1*time.Second)
	if !strings.Contains(strings.Join(b.texts(), "|"), "0:59 left") {
		t.Errorf("one minute before: %q", b.texts())
	}
	b.ahead(59 * time.Second)
	if b.shown() != "" || !strings.Contains(strings.Join(b.texts(), "|"), "time for this question is over") {
		t.Errorf("after its time: %s, %q", b.shown(), b.texts())
	}
	b.ahead(briefly)
	if b.desk.window != nil {
		t.Error("the window stays")
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{stranger()})
	b.ahead(time.Minute)
	said := strings.Join(b.texts(), "|")
	if !strings.Contains(said, "pick the number, type the host") || !b.button("Allow").Disabled() {
		t.Errorf("at first: %q", said)
	}
	b.desk.allow()
	b.nothingGiven("without a number")
	b.choose()
	if said = strings.Join(b.texts(), "|"); !strings.Contains(said, "Allow gives “Claude” 2 rights in home (me@example.com) for 180 days.") || b.button("Allow").Disabled() {
		t.Errorf("then: %q", said)
	}
}

func TestBlockRefusesAndBlocks(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{verified()})
	b.ahead(time.Second)
	b.button("Block this app").Tapped(nil)
	if id := <-b.blocked; id != "mcpc_1" {
		t.Errorf("blocked: %s", id)
	}
	if g := b.taken(); g.Approved || !strings.Contains(strings.Join(b.texts(), "|"), "is blocked") {
		t.Errorf("the answer is %+v, %q", g, b.texts())
	}
}

func TestAnErrorIsASentenceAndTheQuestionStays(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.ahead(time.Second)
	b.err = errors.New("the store is full")
	b.button("Allow").Tapped(nil)
	b.taken()
	if b.shown() != "q1" || !strings.Contains(strings.Join(b.texts(), "|"), "That did not work: the store is full.") {
		t.Fatalf("after a yes: %s, %q", b.shown(), b.texts())
	}
	b.button("Deny").Tapped(nil)
	b.taken()
	if b.shown() != "" || !strings.Contains(strings.Join(b.texts(), "|"), "The no could not be kept") {
		t.Errorf("after a no: %s, %q", b.shown(), b.texts())
	}
	b.button("OK").Tapped(nil)
	if b.desk.window != nil {
		t.Error("a window that cannot be closed")
	}
}

func TestAnAnswerIsGivenOnce(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.ahead(time.Second)
	for range 3 {
		b.button("Allow").Tapped(nil)
		b.desk.deny()
		b.desk.dismiss()
	}
	b.taken()
	b.nothingGiven("once more")
}

func TestAChangedActionIsShownAnew(t *testing.T) {
	b := newEnglish(t)
	r := mail()
	b.desk.Update([]approval.Request{r})
	b.ahead(time.Minute)
	r.Wanted = map[string]string{"subject": "Saturday"}
	b.desk.Update([]approval.Request{r})
	b.ahead(time.Minute)
	b.desk.allow()
	b.nothingGiven("while it is being changed")
	r.Wanted, r.Version = nil, 1
	r.Preview.Fields = []approval.Field{{Name: "Subject", Value: "Saturday"}}
	b.desk.Update([]approval.Request{r})
	b.desk.allow()
	b.nothingGiven("right after it has changed")
	if !strings.Contains(strings.Join(b.texts(), "|"), "Saturday") {
		t.Errorf("shown: %q", b.texts())
	}
	b.ahead(time.Second)
	b.button("Save as draft").Tapped(nil)
	if g := b.taken(); !g.Approved || g.Version != 1 || g.Instead != "draft" {
		t.Errorf("the answer is %+v", g)
	}
}

func TestTheTitleHoldsNothingButTheName(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{hostile()})
	if got := b.desk.window.Title(); got != "Approve: "+name(hostile().Client) || strings.ContainsAny(got, "\n\u202e\u200b") {
		t.Errorf("the title is %q", got)
	}
	if !b.desk.window.FixedSize() || b.desk.window.Canvas().Size() != fyne.NewSize(width, height) {
		t.Errorf("the window is %v, fixed %v", b.desk.window.Canvas().Size(), b.desk.window.FixedSize())
	}
}

func TestNothingIsDrawnBesideTheWindow(t *testing.T) {
	for i, p := range pictured {
		b := newBench(t, inLanguage(t, []string{"en_US.UTF-8", "de_DE.UTF-8"}[i%2], theme.VariantLight))
		b.desk.Update([]approval.Request{p.r()})
		for _, o := range b.objects() {
			if one, ok := o.(*button); ok && one.Visible() {
				at := fyne.CurrentApp().Driver().AbsolutePositionForObject(one)
				if at.X < 0 || at.X+one.Size().Width > width {
					t.Errorf("%s: the button %q lies at %v, %v wide", p.name, one.Text, at, one.Size().Width)
				}
			}
		}
		for _, label := range []*button{b.desk.card.deny} {
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(label)
			if at.Y+label.Size().Height > height || at.Y < height-60 {
				t.Errorf("%s: %q lies at %v", p.name, label.Text, at)
			}
		}
	}
}

func TestALongTextOpensPieceByPiece(t *testing.T) {
	b := newEnglish(t)
	r := mail()
	r.Preview.Body = strings.Repeat("word ", 6000) + "THE END"
	b.desk.Update([]approval.Request{r})
	if strings.Contains(strings.Join(b.texts(), "|"), "THE END") {
		t.Fatal("all is shown at once")
	}
	b.button("Show more (2 more parts)").Tapped(nil)
	b.button("Show the rest (1 more part)").Tapped(nil)
	if !strings.Contains(strings.Join(b.texts(), "|"), "THE END") {
		t.Error("the end is never shown")
	}
}

func TestMoreThatCanBeGivenShowsOnRequest(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{verified()})
	b.button("19 more that you can give").Tapped(nil)
	found := false
	for _, o := range b.objects() {
		if one, ok := o.(*tick); ok && strings.HasPrefix(one.Text, "See your tasks") {
			found = true
			if one.Checked {
				t.Error("what was not asked for is ticked")
			}
			one.SetChecked(true)
		}
	}
	if !found || !b.desk.choice.scopes["tasks:read"] {
		t.Error("it cannot be given")
	}
	b.button("Longer …").Tapped(nil)
	b.button("Until I revoke").Tapped(nil)
	if b.desk.choice.lasts != forever {
		t.Errorf("it lasts %v", b.desk.choice.lasts)
	}
}

func TestQuittingDeniesWhatIsShown(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.desk.Close()
	if g := <-b.given; g.Approved || g.id != "q1" {
		t.Errorf("the answer is %+v", g)
	}
	if b.desk.window != nil || b.ticking {
		t.Error("the window stays")
	}
	(<-b.posts)() // comes late and finds nothing
	b.desk.Update([]approval.Request{mail()})
	b.desk.Review([]approval.Request{mail()})
	b.desk.Close()
	if b.desk.window != nil {
		t.Error("a window opens after the end")
	}
}

func TestQuittingDoesNotWaitForEver(t *testing.T) {
	b := newEnglish(t)
	stuck := make(chan error, 1)
	b.desk.answer = func(ctx context.Context, _ string, _ approval.Answer) error {
		<-ctx.Done()
		stuck <- ctx.Err()
		return ctx.Err()
	}
	if b.desk.parting != 2*time.Second {
		t.Errorf("quitting waits %v", b.desk.parting)
	}
	b.desk.parting = time.Millisecond
	b.desk.Update([]approval.Request{mail()})
	b.desk.Close()
	if err := <-stuck; !errors.Is(err, context.Canceled) {
		t.Errorf("the answer ends with %v", err)
	}
}

func TestReviewOpensWhatIsQuiet(t *testing.T) {
	b := newEnglish(t)
	r := verified()
	r.Offer.Quiet = true
	b.desk.Update(nil)
	if b.desk.window != nil {
		t.Fatal("a window opens by itself")
	}
	b.desk.Review([]approval.Request{r})
	b.desk.Update(nil)
	if b.shown() != "q1" {
		t.Errorf("shown: %q", b.shown())
	}
}
