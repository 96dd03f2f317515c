package popup

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// step is how far a key scrolls a line.
const step = 40

// sight is the part of a card that scrolls, for those who have no mouse.
type sight struct {
	*container.Scroll
	hint func() // says whether there is more below
}

// to scrolls to where y is on top, as far as there is something.
func (s *sight) to(y float32) {
	s.ScrollToOffset(fyne.NewPos(0, max(0, min(y, s.Content.Size().Height-s.Size().Height))))
	s.hint()
}

// key scrolls as a key says.
func (s *sight) key(name fyne.KeyName) {
	page := s.Size().Height - step
	switch name {
	case fyne.KeyUp:
		s.to(s.Offset.Y - step)
	case fyne.KeyDown:
		s.to(s.Offset.Y + step)
	case fyne.KeyPageUp:
		s.to(s.Offset.Y - page)
	case fyne.KeyPageDown:
		s.to(s.Offset.Y + page)
	case fyne.KeyHome:
		s.to(0)
	case fyne.KeyEnd:
		s.to(s.Content.Size().Height)
	}
}

// bring scrolls so far that an object is in sight, if it is one of what scrolls.
func (s *sight) bring(o fyne.CanvasObject) {
	if !holds(s.Content, o) {
		return
	}
	d := fyne.CurrentApp().Driver()
	top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(s.Content).Y
	switch bottom := top + o.Size().Height; {
	case top < s.Offset.Y:
		s.to(top - step)
	case bottom > s.Offset.Y+s.Size().Height:
		s.to(bottom + step - s.Size().Height)
	}
}

// holds reports whether an object is another, or in it.
func holds(outer, o fyne.CanvasObject) bool {
	switch c := outer.(type) {
	case *fyne.Container:
		return slices.ContainsFunc(c.Objects, func(one fyne.CanvasObject) bool { return holds(one, o) })
	case *container.Scroll:
		return holds(c.Content, o)
	}
	return outer == o
}
