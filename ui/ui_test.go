package ui

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
)

// each visits what is seen of an object, with what its widgets are made of.
func each(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, one := range o.Objects {
			each(one, visit)
		}
	case *container.Scroll:
		each(o.Content, visit)
	case *panel:
		each(o.content, visit)
	case fyne.Widget:
		for _, one := range test.WidgetRenderer(o).Objects() {
			each(one, visit)
		}
	}
}

// top is what the owner is at: the sheet over the window, or the window.
func (st *stage) top() fyne.CanvasObject {
	if over := st.window.Canvas().Overlays().Top(); over != nil {
		return over
	}
	return st.window.Content()
}

// press taps the button of that label; the first, if there are several.
func (st *stage) press(t *testing.T, label string) {
	t.Helper()
	st.pressNth(t, label, 0)
}

func (st *stage) pressNth(t *testing.T, label string, n int) {
	t.Helper()
	var found []*button
	var have []string
	each(st.top(), func(o fyne.CanvasObject) {
		if b, ok := o.(*button); ok {
			have = append(have, b.Text)
			if b.Text == label {
				found = append(found, b)
			}
		}
	})
	if len(found) <= n {
		t.Fatalf("there is no button %q (%d), but %q", label, n, have)
	}
	test.Tap(found[n])
}

// tick turns a box.
func (st *stage) tick(t *testing.T, label string) *widget.Check {
	t.Helper()
	var found *widget.Check
	each(st.top(), func(o fyne.CanvasObject) {
		if c, ok := o.(*widget.Check); ok && c.Text == label && found == nil {
			found = c
		}
	})
	if found == nil {
		t.Fatalf("there is no box %q", label)
	}
	test.Tap(found)
	return found
}

// entryIn returns the nth field for text.
func (st *stage) entryIn(t *testing.T, n int) *widget.Entry {
	t.Helper()
	var found []*widget.Entry
	each(st.top(), func(o fyne.CanvasObject) {
		if e, ok := o.(*widget.Entry); ok {
			found = append(found, e)
		}
	})
	if len(found) <= n {
		t.Fatalf("there are %d fields", len(found))
	}
	return found[n]
}

// seen is all the text that is seen.
func (st *stage) seen() string {
	var all []string
	each(st.top(), func(o fyne.CanvasObject) {
		switch o := o.(type) {
		case *widget.Label:
			all = append(all, o.Text)
		case *button:
			all = append(all, o.Text)
		case *widget.Check:
			all = append(all, o.Text)
		}
	})
	return strings.Join(all, "\n")
}

// shows holds the window to texts.
func (st *stage) shows(t *testing.T, want ...string) {
	t.Helper()
	seen := st.seen()
	for _, w := range want {
		if !strings.Contains(seen, w) {
			t.Errorf("%q is not seen, but\n%s", w, seen)
		}
	}
}

// called holds what was asked of the bridge to a list.
func (st *stage) called(t *testing.T, want ...string) {
	t.Helper()
	got := st.bridge.taken()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("asked of the bridge: %q, want %q", got, want)
	}
}
