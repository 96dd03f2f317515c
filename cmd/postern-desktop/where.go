//go:build cgo && probe

package main

import (
	"encoding/json"
	"os"
	"os/signal"
	"reflect"
	"syscall"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// shown is a widget as it is seen: what it says, and where its middle is, in pixels of its window.
type shown struct {
	Window, Kind, Text, Hint string
	X, Y                     int
	Disabled, Checked        bool
}

// tellWhenAsked writes to the file that POSTERN_TEST_WHERE names, at SIGUSR2, what every window shows and where, so that a
// test knows where a person would click.
func tellWhenAsked() {
	path := os.Getenv("POSTERN_TEST_WHERE")
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR2)
	go func() {
		for range asked {
			var all []shown
			fyne.DoAndWait(func() {
				for _, w := range fyne.CurrentApp().Driver().AllWindows() {
					all = append(all, seenIn(w)...)
				}
			})
			b, err := json.Marshal(all)
			if err == nil {
				err = os.WriteFile(path+".part", b, 0o600)
			}
			if err == nil {
				err = os.Rename(path+".part", path)
			}
			if err != nil {
				panic(err)
			}
		}
	}()
}

// seenIn walks what a window shows: what lies above all else, if anything does.
func seenIn(w fyne.Window) (all []shown) {
	scale := w.Canvas().Scale()
	var walk func(o fyne.CanvasObject, from, to fyne.Position)
	walk = func(o fyne.CanvasObject, from, to fyne.Position) {
		if o == nil || !o.Visible() {
			return
		}
		at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
		middle := at.AddXY(o.Size().Width/2, o.Size().Height/2)
		if s, ok := of(o); ok && middle.X >= from.X && middle.Y >= from.Y && middle.X < to.X && middle.Y < to.Y {
			s.Window, s.X, s.Y = w.Title(), int(middle.X*scale), int(middle.Y*scale)
			all = append(all, s)
		}
		switch o := o.(type) {
		case *container.Scroll:
			end := at.Add(o.Size())
			walk(o.Content, fyne.NewPos(max(from.X, at.X), max(from.Y, at.Y)), fyne.NewPos(min(to.X, end.X), min(to.Y, end.Y)))
		case *fyne.Container:
			for _, child := range o.Objects {
				walk(child, from, to)
			}
		case fyne.Widget:
			for _, child := range test.WidgetRenderer(o).Objects() {
				walk(child, from, to)
			}
		}
	}
	top := w.Canvas().Overlays().Top()
	if top == nil {
		top = w.Content()
	}
	walk(top, fyne.Position{}, fyne.NewPos(0, 0).Add(w.Canvas().Size()))
	return all
}

// of is what a widget says of itself; of those that say anything.
func of(o fyne.CanvasObject) (s shown, ok bool) {
	v := reflect.Indirect(reflect.ValueOf(o))
	if _, is := o.(fyne.Widget); !is || v.Kind() != reflect.Struct {
		return s, false
	}
	s.Kind = v.Type().Name()
	says := func(field string) string {
		if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	s.Text, s.Hint = says("Text"), says("PlaceHolder")
	if s.Text == "" {
		s.Text = says("Selected")
	}
	if f := v.FieldByName("Checked"); f.IsValid() && f.Kind() == reflect.Bool {
		s.Checked = f.Bool()
	}
	if d, is := o.(fyne.Disableable); is {
		s.Disabled = d.Disabled()
	}
	return s, s.Text != "" || s.Hint != "" || s.Kind == "Entry"
}
