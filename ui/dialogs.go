package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"

	"postern/ui/text"
)

// sheet is a page that lies over the window until it is closed.
type sheet struct {
	*dialog.CustomDialog
	window fyne.Window
	body   *fyne.Container
}

// newSheet makes a sheet of this width, with a page on it.
func newSheet(w fyne.Window, title string, width float32) *sheet {
	s := &sheet{window: w, body: container.NewStack()}
	wide := canvas.NewRectangle(nil)
	wide.SetMinSize(fyne.NewSize(width, 0))
	s.CustomDialog = dialog.NewCustomWithoutButtons(title, container.NewStack(wide, s.body), w)
	return s
}

// page shows this on the sheet, with these buttons, and puts the focus where the owner goes on.
func (s *sheet) page(content fyne.CanvasObject, focus fyne.Focusable, all ...fyne.CanvasObject) {
	s.body.Objects = []fyne.CanvasObject{content}
	row := container.NewHBox(layout.NewSpacer())
	for _, b := range all {
		row.Add(b)
	}
	s.SetButtons([]fyne.CanvasObject{row})
	s.body.Refresh()
	if focus != nil {
		s.window.Canvas().Focus(focus)
	}
}

// confirm asks before something that cannot simply be taken back. The focus is on the way out.
func confirm(w fyne.Window, title, question, yes string, then func()) {
	s := newSheet(w, title, 420)
	s.Show()
	no := newButton(text.T("window.cancel"), nil, s.Hide)
	s.page(container.NewBorder(nil, nil, lead(theme.WarningIcon(), theme.ColorNameWarning), nil, paragraph(question)),
		no, no, newButton(yes, nil, func() {
			s.Hide()
			then()
		}).danger())
}
