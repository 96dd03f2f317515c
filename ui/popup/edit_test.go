package popup

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
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

// TestAChangeThatFails says why, also when the program that asked refuses it.
func TestAChangeThatFails(t *testing.T) {
	b, q := newReal(t)
	b.desk.Revise = func(context.Context, string, map[string]string) error { return errors.New("the disk is full") }
	id := b.put(q, editable())
	b.button("Edit…").Tapped(nil)
	b.write("Friday", "Monday")
	b.ahead(time.Second)
	b.button("Show the result").Tapped(nil)
	(<-b.posts)()
	if b.shown() != id || !b.says("the disk is full") {
		t.Error("it does not say why")
	}
	if err := q.Revise(t.Context(), id, map[string]string{"to": "nobody"}); err != nil {
		t.Fatal(err)
	}
	if err := q.Revised(t.Context(), kept(t, q, id), nil, approval.Preview{}, `to: "nobody" is no mail address`); err != nil {
		t.Fatal(err)
	}
	b.see(q)
	if !b.says("is no mail address") {
		t.Error("it does not say what was refused")
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
