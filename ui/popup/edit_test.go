package popup

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// revisable takes every change.
func revisable(context.Context, string, map[string]string) error { return nil }

// editable is a mail that the owner may change.
func editable() approval.Request {
	r := mail()
	r.Frozen = json.RawMessage(`"old"`)
	r.Preview.Edits = []approval.Edit{{Name: "to", Title: "To", Value: "Anna <anna@example.com>"}, {Name: "cc", Title: "Cc", Value: "Bob <bob@elsewhere.example>"},
		{Name: "subject", Title: "Subject", Value: "Friday"}, {Name: "text", Title: "Text", Value: r.Preview.Body, Long: true, Plain: true}}
	return r
}

// write puts a text where another stands.
func (b *bench) write(was, is string) {
	b.t.Helper()
	for _, o := range b.objects() {
		if e, ok := o.(*entry); ok && e.Text == was {
			e.SetText(is)
			return
		}
	}
	b.t.Fatalf("no field holds %q", was)
}

// TestAnActionIsChanged as the owner typed it, shown anew, and only then allowed.
func TestAnActionIsChanged(t *testing.T) {
	b, q := newReal(t)
	revised := make(chan struct{}, 1)
	b.desk.Revise = func(ctx context.Context, id string, changes map[string]string) error {
		defer func() { revised <- struct{}{} }()
		return q.Revise(ctx, id, changes)
	}
	id := b.put(q, editable())
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	b.ahead(time.Second)
	b.button("Show the result").Tapped(nil)
	<-revised
	(<-b.posts)()
	b.ahead(2 * time.Second)
	if b.button("Allow").Tapped(nil); b.desk.phase != asking || len(b.given) != 0 {
		t.Fatal("a yes is taken while the change is being made")
	}
	r := kept(t, q, id)
	if len(r.Wanted) != 1 || r.Wanted["subject"] != "Monday" {
		t.Fatalf("it wants %v", r.Wanted)
	}
	p := r.Preview
	p.Fields = []approval.Field{{Name: "Subject", Value: "Monday"}}
	if err := q.Revised(t.Context(), r, json.RawMessage(`"new"`), p, ""); err != nil {
		t.Fatal(err)
	}
	b.see(q)
	if !b.says("Monday") {
		t.Error("the result is not shown")
	}
	if b.button("Allow").Tapped(nil); len(b.given) != 0 {
		t.Error("Allow is alive at once under what is new")
	}
	b.ahead(time.Second)
	b.button("Allow").Tapped(nil)
	b.taken()
	if r := kept(t, q, id); r.State != approval.Approved || string(r.Frozen) != `"new"` {
		t.Errorf("it is %s, and would run %s", r.State, r.Frozen)
	}
}

// TestAChangeThatIsNone, or is left by Esc, leaves the question as it was; closing the window while changing is a no.
func TestAChangeThatIsNone(t *testing.T) {
	b, q := newReal(t)
	b.desk.Revise = func(context.Context, string, map[string]string) error {
		t.Error("something is changed")
		return nil
	}
	id := b.put(q, editable())
	b.button("Edit…").Tapped(nil)
	b.ahead(time.Second)
	b.button("Show the result").Tapped(nil)
	if b.shown() != id {
		t.Fatal("nothing was changed, and the question is gone")
	}
	b.ahead(time.Second)
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	b.desk.escape()
	if b.shown() != id || len(b.given) != 0 {
		t.Fatal("Esc does not lead back")
	}
	b.ahead(time.Second)
	b.button("Edit…").Tapped(nil)
	b.desk.dismiss()
	if g := b.taken(); g.Approved {
		t.Error("closing the window is a yes")
	}
	if r := kept(t, q, id); r.State != approval.Denied {
		t.Errorf("it is %s", r.State)
	}
}

// TestAChangeThatFails says why, and the owner goes on with what they typed: when it could not be handed over, and when
// the program that asked refuses it, again and again.
func TestAChangeThatFails(t *testing.T) {
	b, q := newReal(t)
	b.desk.Revise = func(context.Context, string, map[string]string) error { return errors.New("the disk is full") }
	id := b.put(q, editable())
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	b.write("Anna <anna@example.com>", "nobody")
	b.ahead(time.Second)
	b.button("Show the result").Tapped(nil)
	(<-b.posts)()
	b.stillTyped("the disk is full", "Monday", "nobody")
	b.desk.Revise = q.Revise
	for _, problem := range []string{`to: "nobody" is no mail address`, `to: "nobody" is no mail address`, "to: say who gets it"} {
		b.ahead(time.Second)
		b.button("Show the result").Tapped(nil)
		(<-b.posts)()
		b.see(q)
		if err := q.Revised(t.Context(), kept(t, q, id), nil, approval.Preview{}, problem); err != nil {
			t.Fatal(err)
		}
		b.see(q)
		b.stillTyped(problem, "Monday", "nobody")
	}
	b.ahead(time.Second)
	b.write("nobody", "Bea <bea@example.com>")
	b.button("Show the result").Tapped(nil)
	(<-b.posts)()
	if r := kept(t, q, id); r.Wanted["to"] != "Bea <bea@example.com>" || r.Wanted["subject"] != "Monday" {
		t.Errorf("it wants %v", r.Wanted)
	}
}

// stillTyped wants the form to say in red what is wrong, with what was typed in it, and no way to allow.
func (b *bench) stillTyped(problem string, typed ...string) {
	b.t.Helper()
	red, fields := false, map[string]bool{}
	for _, o := range b.objects() {
		switch o := o.(type) {
		case *widget.Label:
			red = red || strings.Contains(o.Text, problem) && o.Importance == widget.DangerImportance
		case *entry:
			fields[o.Text] = true
		case *button:
			if o.Text == "Allow" {
				b.t.Error("Allow is there")
			}
		}
	}
	if !red {
		b.t.Errorf("it does not say in red %q, but %q", problem, b.texts())
	}
	for _, one := range typed {
		if !fields[one] {
			b.t.Errorf("%q is lost", one)
		}
	}
}

// TestWhatIsTypedOutlivesAnotherProblem: someone else tried a change meanwhile.
func TestWhatIsTypedOutlivesAnotherProblem(t *testing.T) {
	b, q := newReal(t)
	b.desk.Revise = q.Revise
	id := b.put(q, editable())
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	if err := q.Revise(t.Context(), id, map[string]string{"to": "nobody"}); err != nil {
		t.Fatal(err)
	}
	if err := q.Revised(t.Context(), kept(t, q, id), nil, approval.Preview{}, "nobody is no address"); err != nil {
		t.Fatal(err)
	}
	b.see(q)
	b.stillTyped("nobody is no address", "Monday")
	b.desk.escape()
	if b.shown() != id || !b.says("nobody is no address") {
		t.Error("Esc does not lead back")
	}
}

// TestNoSecondClickAnswers: under the buttons of the form lies nothing of the question that answers it, in no language,
// and after the way back Allow is dead for a second; so is Back, where a second click on Edit… lands.
func TestNoSecondClickAnswers(t *testing.T) {
	for _, locale := range []string{"en_US.UTF-8", "de_DE.UTF-8"} {
		b := newBench(t, inLanguage(t, locale, theme.VariantLight))
		b.desk.Revise = revisable
		b.desk.Update([]approval.Request{editable()})
		b.ahead(time.Second)
		type place struct{ from, to float32 }
		answers := map[string]place{}
		spans := func(one *button) place {
			x := fyne.CurrentApp().Driver().AbsolutePositionForObject(one).X
			return place{x, x + one.Size().Width}
		}
		for _, key := range []string{"popup.allow", "popup.deny", "popup.instead.draft"} {
			answers[text.T(key)] = spans(b.button(text.T(key)))
		}
		b.button(text.T("popup.edit")).Tapped(nil)
		back, done := b.button(text.T("popup.edit.back")), b.button(text.T("popup.edit.done"))
		for _, one := range []*button{back, done} {
			at := spans(one)
			for label, a := range answers {
				if at.from < a.to && a.from < at.to {
					t.Errorf("%s: %q lies at %v, where %q was at %v", locale, one.Text, at, label, a)
				}
			}
		}
		if back.Importance == widget.HighImportance || done.Importance != widget.HighImportance {
			t.Errorf("%s: what leads on does not stand out", locale)
		}
		if back.Tapped(nil); b.desk.phase != editing {
			t.Errorf("%s: a second click on Edit leads back at once", locale)
		}
		b.ahead(time.Second)
		if back.Tapped(nil); b.desk.phase != asking {
			t.Fatalf("%s: Back does not lead back", locale)
		}
		b.desk.allow()
		if b.nothingGiven("right after the way back"); !b.button(text.T("popup.allow")).Disabled() {
			t.Errorf("%s: Allow is alive right after the way back", locale)
		}
	}
}

// TestWhatRunsOutWhileItIsChanged is over.
func TestWhatRunsOutWhileItIsChanged(t *testing.T) {
	b := newBench(t, inLanguage(t, "en_US.UTF-8", theme.VariantLight))
	b.desk.Revise = revisable
	b.desk.Update([]approval.Request{editable()})
	b.ahead(time.Second)
	b.button("Edit…").Tapped(nil)
	b.ahead(15 * time.Minute)
	if !b.says("The time for this question is over") {
		t.Error("it can be changed for ever")
	}
}

// TestASnapshotOfBeforeTakesNoChangeBack: the clock ticks, and other questions come, before one knows of the change.
func TestASnapshotOfBeforeTakesNoChangeBack(t *testing.T) {
	b, q := newReal(t)
	revised := make(chan struct{}, 1)
	b.desk.Revise = func(ctx context.Context, id string, changes map[string]string) error {
		defer func() { revised <- struct{}{} }()
		return q.Revise(ctx, id, changes)
	}
	id := b.put(q, editable())
	before := kept(t, q, id)
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	b.ahead(time.Second)
	b.button("Show the result").Tapped(nil)
	<-revised
	(<-b.posts)()
	for range 2 {
		b.desk.advance()
		b.ahead(time.Second)
		b.desk.Update([]approval.Request{before})
		if b.desk.turns.shown.Wanted == nil || !b.button("Allow").Disabled() {
			t.Fatal("the question of before can be answered again")
		}
	}
	r := kept(t, q, id)
	if err := q.Revised(t.Context(), r, nil, r.Preview, "no such address"); err != nil {
		t.Fatal(err)
	}
	b.see(q)
	if !b.says("No such address") && !b.says("no such address") {
		t.Error("what came of the change is not said")
	}
	b.desk.Update([]approval.Request{{ID: id, Version: -1, ExpiresAt: r.ExpiresAt}})
	if b.desk.turns.shown.Version != 0 {
		t.Error("an older version takes the place of a newer")
	}
}
