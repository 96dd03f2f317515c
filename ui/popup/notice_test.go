package popup

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"postern/internal/approval"
)

// wrongNumber brings the notice of a wrong number.
func (b *bench) wrongNumber() {
	b.t.Helper()
	b.desk.Update([]approval.Request{verified()})
	b.ahead(time.Second)
	b.choose()
	b.err = approval.ErrWrongNumber
	b.button("Allow").Tapped(nil)
	b.taken()
	b.err = nil
	b.desk.Update(nil)
	if !b.says("not the number that the browser shows") {
		b.t.Fatalf("it says %q", b.texts())
	}
}

// TestANoticeIsReadWithTheKeyboard: its only button does no harm, but what is typed ahead does not press it.
func TestANoticeIsReadWithTheKeyboard(t *testing.T) {
	for _, key := range []fyne.KeyName{fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter} {
		b := newEnglish(t)
		b.wrongNumber()
		b.ahead(999 * time.Millisecond)
		if b.typed(key); b.desk.phase != telling {
			t.Errorf("%s, typed ahead, takes the notice away", key)
		}
		b.desk.window.Canvas().Unfocus() // a click beside everything
		b.ahead(time.Millisecond)
		if b.typed(key); b.desk.window != nil {
			t.Errorf("%s does not press OK", key)
		}
	}
}

// TestANoticeHoldsNothingBack: the next question comes after its time, and at once if the owner asks to see it. It is the
// only one that is open, so nothing is counted.
func TestANoticeHoldsNothingBack(t *testing.T) {
	for name, wait := range map[string]func(b *bench, next approval.Request){
		"after its time": func(b *bench, next approval.Request) { b.ahead(noticeably) },
		"on request":     func(b *bench, next approval.Request) { b.desk.Review([]approval.Request{next}) },
	} {
		b := newEnglish(t)
		b.wrongNumber()
		two := mail()
		two.ID = "q2"
		b.desk.Review(nil)
		b.desk.Update([]approval.Request{two})
		if b.desk.phase != telling {
			t.Errorf("%s: the notice is gone before it is read", name)
		}
		if wait(b, two); b.shown() != "q2" || b.says(" of ") {
			t.Errorf("%s: shown is %q, it says %q", name, b.shown(), b.texts())
		}
		b.desk.allow()
		b.nothingGiven(name)
	}
}
