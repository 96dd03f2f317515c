package popup

import (
	"context"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
)

// bench is a desk with a clock that stands still until it is moved, and an owner's side that is seen.
type bench struct {
	t       *testing.T
	desk    *Desk
	now     time.Time
	posts   chan func() // what hops onto the UI thread
	given   chan given
	blocked chan string
	err     error // of the next answers
	ticking bool
}

type given struct {
	id string
	approval.Answer
}

func newBench(t *testing.T, app fyne.App) *bench {
	t.Helper()
	b := &bench{t: t, now: noon, posts: make(chan func(), 10), given: make(chan given, 10), blocked: make(chan string, 10)}
	b.desk = New(app, func(_ context.Context, id string, a approval.Answer) error {
		b.given <- given{id, a}
		return b.err
	}, func(_ context.Context, id string) error {
		b.blocked <- id
		return b.err
	}, func() time.Time { return b.now }, func(f func()) { b.posts <- f })
	b.desk.ticking = func(func()) func() { b.ticking = true; return func() { b.ticking = false } }
	return b
}

// ahead moves the clock, and has the desk look at it.
func (b *bench) ahead(d time.Duration) {
	b.now = b.now.Add(d)
	b.desk.advance()
}

// taken waits until an answer was given and what follows it is done.
func (b *bench) taken() given {
	b.t.Helper()
	select {
	case g := <-b.given:
		(<-b.posts)()
		return g
	case <-time.After(20 * time.Second): // it never comes
		b.t.Fatal("nothing was answered")
		return given{}
	}
}

// choose picks the number and types the host, where they are asked for.
func (b *bench) choose() {
	for _, o := range b.objects() {
		switch o := o.(type) {
		case *button:
			if strings.TrimSpace(o.Text) == "64" {
				test.Tap(o)
			}
		case *entry:
			if r := b.desk.turns.shown; r.Kind == approval.Connect {
				o.SetText(r.Offer.Host)
			}
		}
	}
}

// scroll scrolls down.
func (b *bench) scroll(by float32) {
	for _, o := range b.objects() {
		if s, ok := o.(*container.Scroll); ok && by > 0 {
			s.ScrollToOffset(fyne.NewPos(0, by))
		}
	}
}

// shown is the id of the question that the window shows, "" for none.
func (b *bench) shown() string {
	if b.desk.phase != asking && b.desk.phase != sending {
		return ""
	}
	return b.desk.turns.shown.ID
}

// objects returns everything in the window.
func (b *bench) objects() []fyne.CanvasObject {
	if b.desk.window == nil {
		return nil
	}
	return walk(b.desk.window.Content())
}

func walk(o fyne.CanvasObject) []fyne.CanvasObject {
	all := []fyne.CanvasObject{o}
	var inside []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		inside = o.Objects
	case *container.Scroll:
		inside = []fyne.CanvasObject{o.Content}
	}
	for _, one := range inside {
		all = append(all, walk(one)...)
	}
	return all
}

// button finds a button by its label.
func (b *bench) button(label string) *button {
	b.t.Helper()
	for _, o := range b.objects() {
		if one, ok := o.(*button); ok && one.Text == label {
			return one
		}
	}
	b.t.Fatalf("there is no button %q", label)
	return nil
}

// says reports whether a label of the window has the text in it.
func (b *bench) says(what string) bool { return strings.Contains(strings.Join(b.texts(), "\n"), what) }

// texts returns what the labels of the window say.
func (b *bench) texts() []string {
	var all []string
	for _, o := range b.objects() {
		if l, ok := o.(*widget.Label); ok && l.Visible() {
			all = append(all, l.Text)
		}
	}
	return all
}
