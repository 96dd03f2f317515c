package popup

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"postern/internal/approval"
)

// round moves the focus by Tab until it comes back, and returns what had it.
func (b *bench) round(each func(fyne.Focusable)) (all []fyne.Focusable) {
	b.t.Helper()
	c := b.desk.window.Canvas()
	for range 200 {
		c.FocusNext()
		f := c.Focused()
		if len(all) > 0 && f == all[0] {
			return all
		}
		all = append(all, f)
		if each != nil {
			each(f)
		}
	}
	b.t.Fatal("Tab never comes round")
	return nil
}

// cards are one of each kind, with all that can stand on it.
var cards = map[string]func() approval.Request{
	"local": local, "verified": verified, "stranger": stranger, "hostile": hostile, "rtl": rtl, "more": func() approval.Request { return more(true) },
	"edited": edited, "warned": warned, "hostile mail": hostileMail,
}

// TestTabReachesEverything that a mouse can press, on every card, and what has the focus is in sight.
func TestTabReachesEverything(t *testing.T) {
	for name, r := range cards {
		b := newEnglish(t)
		b.desk.Revise = revisable
		b.desk.Update([]approval.Request{r()})
		b.ahead(time.Second)
		b.choose()
		b.ahead(time.Second)
		want := map[fyne.Focusable]string{}
		for _, o := range b.objects() {
			switch o := o.(type) {
			case *button:
				if !o.Disabled() {
					want[o] = o.Text
				}
			case *tick:
				want[o] = o.Text
			case *entry:
				want[o] = o.PlaceHolder
			}
		}
		b.round(func(f fyne.Focusable) {
			delete(want, f)
			o := f.(fyne.CanvasObject)
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
			if s := b.desk.card.sight; holds(s.Content, o) {
				top := fyne.CurrentApp().Driver().AbsolutePositionForObject(s.Scroll).Y
				if at.Y < top || at.Y+o.Size().Height > top+s.Size().Height {
					t.Errorf("%s: %T has the focus and lies at %v, out of sight", name, f, at)
				}
			}
		})
		for _, label := range want {
			t.Errorf("%s: Tab does not reach %q", name, label)
		}
	}
}

// TestOnlyTheSpaceBarTicks; Return is for buttons.
func TestOnlyTheSpaceBarTicks(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{local()})
	b.ahead(time.Minute)
	var box *tick
	for _, o := range b.objects() {
		if one, ok := o.(*tick); ok && strings.HasPrefix(one.Text, "home") {
			box = one
		}
	}
	for b.desk.window.Canvas().Focused() != fyne.Focusable(box) {
		b.desk.window.Canvas().FocusNext()
	}
	b.typed(fyne.KeyReturn)
	b.typed(fyne.KeyEnter)
	box.TypedRune(' ')
	if box.Checked {
		t.Error("Return ticks")
	}
	if b.typed(fyne.KeySpace); !box.Checked || !b.desk.choice.profiles["p1"] {
		t.Error("the space bar does not tick")
	}
	if b.typed(fyne.KeySpace); box.Checked {
		t.Error("the space bar does not take the tick away")
	}
	b.nothingGiven("while ticking")
}

// TestTypingCannotApprove: a person who types a text with Tabs and Returns right after the window has come allows nothing
// that way, whatever the text moves the focus to.
func TestTypingCannotApprove(t *testing.T) {
	for name, r := range cards {
		b := newEnglish(t)
		b.desk.Update([]approval.Request{r()})
		c := b.desk.window.Canvas()
		for range 60 {
			c.FocusNext()
			if f := c.Focused(); f == fyne.Focusable(b.desk.card.deny) {
				continue
			}
			for _, key := range []fyne.KeyName{fyne.KeyReturn, fyne.KeySpace} {
				if f := c.Focused(); f != nil {
					f.TypedKey(&fyne.KeyEvent{Name: key})
				}
			}
		}
		if b.desk.phase == sending || len(b.given) > 0 {
			t.Errorf("%s: typing within the first second has answered", name)
		}
	}
}

// TestWhatOpensHandsTheFocusOn to what it has opened, or to what does no harm: the button is gone then, and pressed once
// more it would reach for what is not there. Tab leads on from there, and not to Allow.
func TestWhatOpensHandsTheFocusOn(t *testing.T) {
	for label, c := range map[string]struct {
		r        approval.Request
		at, next string
	}{
		"19 more that you can give":   {verified(), "Change your own events", ""},
		"Longer …":                    {verified(), "180 days", "Until I revoke"},
		"Show the rest (1 more part)": {longMail(), "Deny", ""},
	} {
		for _, mouse := range []bool{false, true} {
			b := newEnglish(t)
			b.desk.Update([]approval.Request{c.r})
			b.ahead(time.Second)
			opens := b.button(label)
			if mouse {
				opens.Tapped(nil)
			} else {
				for b.desk.window.Canvas().Focused() != fyne.Focusable(opens) {
					b.desk.window.Canvas().FocusNext()
				}
				b.typed(fyne.KeySpace)
			}
			if got := b.focused(); got != c.at {
				t.Errorf("%q is opened, by mouse %v, and %q has the focus", label, mouse, got)
			}
			lasts := b.desk.choice.lasts
			b.typed(fyne.KeySpace)
			b.nothingGiven("after opening " + label)
			if b.desk.choice.lasts != lasts {
				t.Errorf("%q pressed twice chooses how long", label)
			}
			b.desk.window.Canvas().FocusNext()
			if got := b.focused(); c.at != "Deny" && (got == "Allow" || c.next != "" && got != c.next) {
				t.Errorf("from what %q opens Tab leads to %q", label, got)
			}
		}
	}
}

// TestTheFirstOfMoreIsTicked by the space bar at once, if the keyboard has opened them.
func TestTheFirstOfMoreIsTicked(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{verified()})
	b.ahead(time.Second)
	opens := b.button("19 more that you can give")
	for b.desk.window.Canvas().Focused() != fyne.Focusable(opens) {
		b.desk.window.Canvas().FocusNext()
	}
	b.typed(fyne.KeyReturn)
	if b.typed(fyne.KeySpace); !b.desk.choice.scopes["calendar:write"] {
		t.Errorf("%q has the focus and cannot be ticked", b.focused())
	}
}

// focused is the label of what has the focus.
func (b *bench) focused() string {
	switch f := b.desk.window.Canvas().Focused().(type) {
	case *button:
		return f.Text
	case *tick:
		return f.Text
	}
	return ""
}

func longMail() approval.Request {
	r := mail()
	r.Preview.Body = strings.Repeat("word ", 3000)
	return r
}

// TestKeysScroll what does not fit, with the focus on Deny: a text must be read to its end without a mouse, too.
func TestKeysScroll(t *testing.T) {
	b := newEnglish(t)
	r := mail()
	r.Preview.Body = strings.Repeat("line\n", 100)
	b.desk.Update([]approval.Request{r})
	b.ahead(time.Second)
	s, at := b.desk.card.sight, float32(0)
	for _, key := range []fyne.KeyName{fyne.KeyDown, fyne.KeyPageDown, fyne.KeyEnd} {
		if b.typed(key); s.Offset.Y <= at {
			t.Errorf("%s scrolls to %v", key, s.Offset.Y)
		}
		at = s.Offset.Y
	}
	if at != s.Content.Size().Height-s.Size().Height || b.says("There is more below") {
		t.Errorf("End scrolls to %v", at)
	}
	for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyPageUp, fyne.KeyHome} {
		if b.typed(key); s.Offset.Y >= at {
			t.Errorf("%s scrolls to %v", key, s.Offset.Y)
		}
		at = s.Offset.Y
	}
	if at != 0 || !b.says("There is more below") {
		t.Errorf("Home scrolls to %v", at)
	}
	b.nothingGiven("while scrolling")
}

// TestTwoUnansweredAreSaidToBeTwo, so that the owner knows why nothing comes up any more.
func TestTwoUnansweredAreSaidToBeTwo(t *testing.T) {
	b := newEnglish(t)
	b.desk.Update([]approval.Request{mail()})
	b.ahead(15 * time.Minute)
	if b.says("second in a row") {
		t.Error("one is two")
	}
	b.desk.Update(nil)
	b.ahead(time.Minute)
	again := mail()
	again.ID, again.ExpiresAt = "q2", b.now.Add(15*time.Minute)
	b.desk.Update([]approval.Request{again})
	b.ahead(15 * time.Minute)
	if !b.says("“Claude” cannot ask you here for the next 5 minutes") {
		t.Errorf("it says %q", b.texts())
	}
	test.Tap(b.button("OK"))
	third := mail()
	third.ID, third.ExpiresAt = "q3", b.now.Add(15*time.Minute)
	b.desk.Update([]approval.Request{third})
	if b.desk.window != nil {
		t.Error("a third comes up at once")
	}
	b.ahead(5 * time.Minute)
	if b.shown() != "q3" {
		t.Error("the third never comes up")
	}
}
