package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// wheel lies over a field of one line and hands the turns of the mouse wheel to what the field is scrolled with: Fyne's
// Entry takes them although it has nothing to show for them, and the page stands still under the hand. All else goes
// through to the field: for each thing that the mouse does, Fyne looks for the topmost object that can take just that.
type wheel struct {
	widget.BaseWidget
	turns func() *container.Scroll // nil for none
}

// scrolling makes a field of one line one over which the page, or the sheet, can be scrolled.
func scrolling(field *widget.Entry, with func() *container.Scroll) fyne.CanvasObject {
	over := &wheel{turns: with}
	over.ExtendBaseWidget(over)
	return container.NewStack(field, over)
}

// Scrolled is for Fyne.
func (w *wheel) Scrolled(e *fyne.ScrollEvent) {
	if s := w.turns(); s != nil {
		s.Scrolled(e)
	}
}

// CreateRenderer is for Fyne.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(container.NewWithoutLayout())
}

// turned is what the sheet is scrolled by.
func (s *sheet) turned() *container.Scroll { return s.scroll }

// turned is what the page that is seen is scrolled by; nil if it scrolls a list of its own.
func (w *window) turned() *container.Scroll {
	var found *container.Scroll
	walk(w.views[w.at].content(), func(o fyne.CanvasObject) {
		if s, ok := o.(*container.Scroll); ok {
			found = s
		}
	})
	return found
}
