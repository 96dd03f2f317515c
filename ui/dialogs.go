package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/ui/text"
)

// around is what is left free beside a sheet, at least.
const around = 24

// sheet is a page that lies over the window until it is closed, also by Esc. It is as high as what it shows, and scrolls
// where the window is lower.
type sheet struct {
	window fyne.Window
	pop    *widget.PopUp
	width  float32
	title  *widget.Label
	scroll *container.Scroll
	row    *fyne.Container
	closed func()
	before func(*fyne.KeyEvent) // what keys did
}

// newSheet makes a sheet of this width.
func newSheet(w fyne.Window, title string, width float32) *sheet {
	s := &sheet{window: w, width: width, title: subheading(title), scroll: container.NewVScroll(container.NewStack()), row: container.NewHBox(), closed: func() {}}
	s.title.SizeName = theme.SizeNameSubHeadingText
	all := container.NewBorder(s.title, container.NewPadded(s.row), nil, nil, s.scroll)
	s.pop = widget.NewModalPopUp(container.NewPadded(all), w.Canvas())
	return s
}

// SetOnClosed sets what is done when it closes, however that comes.
func (s *sheet) SetOnClosed(f func()) { s.closed = f }

// Show opens it.
func (s *sheet) Show() {
	c := s.window.Canvas()
	s.before = c.OnTypedKey()
	c.SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			s.Hide()
		}
	})
	s.pop.Show()
}

// Hide closes it.
func (s *sheet) Hide() {
	if !s.open() {
		return
	}
	s.window.Canvas().SetOnTypedKey(s.before)
	s.pop.Hide()
	s.closed()
}

// page shows this on the sheet, with these buttons, and puts the focus where the owner goes on.
func (s *sheet) page(content fyne.CanvasObject, focus fyne.Focusable, all ...fyne.CanvasObject) {
	s.scroll.Content = container.NewPadded(content)
	s.row.Objects = append([]fyne.CanvasObject{layout.NewSpacer()}, all...)
	s.row.Refresh()
	s.fit()
	s.scroll.ScrollToTop()
	if focus != nil {
		s.window.Canvas().Focus(focus)
	}
}

// fit makes the sheet as large as what it shows.
func (s *sheet) fit() {
	free := s.window.Canvas().Size().SubtractWidthHeight(2*around, 2*around)
	width := min(s.width, free.Width)
	for range 2 { // a text knows how high it is once it knows how wide it is
		s.scroll.Content.Resize(fyne.NewSize(width, s.scroll.Content.MinSize().Height))
	}
	s.scroll.SetMinSize(fyne.NewSize(width, 0))
	rest := s.pop.MinSize().Height - s.scroll.MinSize().Height
	s.scroll.SetMinSize(fyne.NewSize(width, min(s.scroll.Content.MinSize().Height, free.Height-rest)))
	s.scroll.Refresh()
	s.pop.Resize(s.pop.MinSize())
	s.pop.Refresh()
}

// open reports whether it is shown.
func (s *sheet) open() bool { return s.pop.Visible() }

// confirm asks before something that cannot simply be taken back. The focus is on the way out.
func confirm(w fyne.Window, title, question, yes string, then func()) *sheet {
	s := newSheet(w, title, 440)
	s.Show()
	no := newButton(text.T("window.cancel"), nil, s.Hide)
	s.page(container.NewBorder(nil, nil, lead(theme.WarningIcon(), theme.ColorNameWarning), nil, paragraph(question)),
		no, no, newButton(yes, nil, func() {
			s.Hide()
			then()
		}).danger())
	return s
}
