// Package notice tells the owner in a small window why Postern cannot start. Who has started it with a click sees no
// terminal.
package notice

import (
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/tool"
	"postern/ui/text"
)

// longest is how many characters of a problem are shown.
const longest = 600

// quitButton is a button that Enter and Esc press, too.
type quitButton struct{ widget.Button }

// TypedKey quits with Enter and Esc; the rest is as with every button.
func (b *quitButton) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeyEscape:
		b.OnTapped()
		return
	}
	b.Button.TypedKey(e)
}

// card draws the problem, and a button that quits.
func card(problem string, quit func()) (content fyne.CanvasObject, button *quitButton) {
	sign := container.NewGridWrap(fyne.NewSquareSize(36), widget.NewIcon(theme.NewColoredResource(theme.ErrorIcon(), theme.ColorNameError)))
	heading, says := widget.NewLabel(text.T("app.not_started")), widget.NewLabel(sentence(problem))
	heading.SizeName, heading.TextStyle.Bold = theme.SizeNameSubHeadingText, true
	says.Wrapping, says.Selectable = fyne.TextWrapWord, true
	button = &quitButton{}
	button.Text, button.OnTapped, button.Importance = text.T("app.quit"), quit, widget.HighImportance
	button.ExtendBaseWidget(button)
	return container.NewPadded(container.NewBorder(container.NewHBox(container.NewPadded(sign), heading), container.NewHBox(layout.NewSpacer(), button), nil, nil, container.NewVScroll(says))), button
}

// sentence makes a sentence of a problem, whatever is in it.
func sentence(problem string) string {
	s := strings.TrimSpace(tool.CleanLine(problem))
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest-1]) + "…"
	}
	return text.Sentence(s)
}

// Show opens the window. quit is called once, when the owner closes it or presses the button.
func Show(app fyne.App, problem string, quit func()) {
	w := app.NewWindow(text.T("app.name"))
	ended := false
	end := func() {
		if !ended {
			ended = true
			quit()
		}
	}
	content, button := card(problem, end)
	w.SetContent(content)
	w.SetCloseIntercept(end)
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) {
		if e.Name == fyne.KeyEscape {
			end()
		}
	})
	w.Resize(fyne.NewSize(480, 200))
	w.SetFixedSize(true)
	w.CenterOnScreen()
	w.Show()
	w.RequestFocus()
	w.Canvas().Focus(button)
}
