package ui

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
)

// TestTheWheelScrollsOverFields of one line, on each page and sheet that has some.
func TestTheWheelScrollsOverFields(t *testing.T) {
	for name, c := range map[string]struct {
		of   desk.Snapshot
		size fyne.Size
		open func(st *stage) func() *container.Scroll
	}{
		"settings":             {usual(), fyne.NewSize(800, 300), onPage(viewSettings)},
		"the account":          {fresh(), fyne.NewSize(800, 300), onPage(viewShare)},
		"a proxy of the owner": {owned("https://postern.example.com"), fyne.NewSize(800, 300), onPage(viewShare)},
		"a new profile": {usual(), fyne.NewSize(800, 240), func(st *stage) func() *container.Scroll {
			st.window.addProfile()
			return st.window.profiles.sheet.turned
		}},
		"another name": {usual(), fyne.NewSize(800, 170), func(st *stage) func() *container.Scroll {
			return st.window.profiles.rename("work").turned
		}},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, c.of)
			st.window.Resize(c.size)
			scroll := c.open(st)()
			for range 2 { // as in looks
				st.window.Resize(c.size.AddWidthHeight(1, 1))
				st.window.Resize(c.size)
			}
			fields := 0
			each(st.top(), func(o fyne.CanvasObject) {
				e, ok := o.(*widget.Entry)
				if !ok {
					return
				}
				fields++
				at := bringUp(scroll, e)
				before := scroll.Offset.Y
				test.Scroll(st.window.Canvas(), at, 0, 20)
				if scroll.Offset.Y == before {
					test.Scroll(st.window.Canvas(), at, 0, -20)
				}
				if scroll.Offset.Y == before {
					t.Errorf("field %d holds the page at %v", fields, before)
				}
			})
			if fields == 0 {
				t.Error("there is no field")
			}
		})
	}
}

func onPage(i int) func(*stage) func() *container.Scroll {
	return func(st *stage) func() *container.Scroll {
		st.window.open(i)
		return st.window.turned
	}
}

// bringUp scrolls a field into sight and returns a place within it.
func bringUp(scroll *container.Scroll, e *widget.Entry) fyne.Position {
	driver := fyne.CurrentApp().Driver()
	top := driver.AbsolutePositionForObject(scroll).Y
	scroll.ScrollToOffset(scroll.Offset.AddXY(0, driver.AbsolutePositionForObject(e).Y-top-scroll.Size().Height/2+e.Size().Height/2))
	return driver.AbsolutePositionForObject(e).AddXY(20, e.Size().Height/2)
}

// TestTheWheelTakesNothingElse that the mouse does, so that it reaches the field below.
func TestTheWheelTakesNothingElse(t *testing.T) {
	var over fyne.CanvasObject
	for _, o := range scrolling(widget.NewEntry(), func() *container.Scroll { return nil }).(*fyne.Container).Objects {
		over = o
	}
	if _, ok := over.(fyne.Scrollable); !ok {
		t.Fatalf("%T does not take the wheel", over)
	}
	takes := map[string]bool{}
	_, takes["taps"] = over.(fyne.Tappable)
	_, takes["double taps"] = over.(fyne.DoubleTappable)
	_, takes["the other button"] = over.(fyne.SecondaryTappable)
	_, takes["drags"] = over.(fyne.Draggable)
	_, takes["the focus"] = over.(fyne.Focusable)
	_, takes["presses"] = over.(desktop.Mouseable)
	_, takes["hovering"] = over.(desktop.Hoverable)
	_, takes["the pointer"] = over.(desktop.Cursorable)
	for what, it := range takes {
		if it {
			t.Errorf("it takes %s", what)
		}
	}
	over.(*wheel).Scrolled(&fyne.ScrollEvent{}) // where nothing scrolls
}
