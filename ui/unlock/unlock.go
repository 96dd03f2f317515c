// Package unlock asks the owner for the passphrase of an encrypted vault.
package unlock

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// least is how many characters a new passphrase must have.
const least = 8

// Question is what the owner is asked.
type Question struct {
	Create bool // there is no vault yet: choose a passphrase
	Wrong  bool // the last one did not open it
}

// form is the question as it is drawn.
type form struct {
	content      fyne.CanvasObject
	first, again *field // again only for a new vault
	problem      *widget.Label
	unlock       *widget.Button
}

// field takes a passphrase, and lets Esc out.
type field struct {
	widget.Entry
	escape func()
}

func newField(hint string, submit, escape func()) *field {
	f := &field{escape: escape}
	f.Password, f.PlaceHolder = true, hint
	f.OnSubmitted = func(string) { submit() }
	f.ExtendBaseWidget(f)
	return f
}

// TypedKey leaves with Esc; the rest is as with every entry.
func (f *field) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		f.escape()
		return
	}
	f.Entry.TypedKey(e)
}

// newForm draws a question. done gets the passphrase, cancel is called for none.
func newForm(q Question, done func(string), cancel func()) *form {
	f := &form{problem: widget.NewLabel("")}
	submit := func() {
		if problem := f.missing(); problem != "" {
			f.problem.SetText(problem)
			return
		}
		done(f.first.Text)
	}
	f.first = newField(text.T("unlock.passphrase"), submit, cancel)
	title, says, do := text.T("unlock.title"), text.T("unlock.says"), text.T("unlock.do")
	if q.Create {
		title, says, do = text.T("unlock.create_title"), text.T("unlock.create_says"), text.T("unlock.create_do")
		f.again = newField(text.T("unlock.again"), submit, cancel)
	}
	f.problem.Wrapping, f.problem.Importance = fyne.TextWrapWord, widget.DangerImportance
	if q.Wrong {
		f.problem.SetText(text.T("unlock.wrong"))
	}
	f.unlock = widget.NewButton(do, submit)
	f.unlock.Importance = widget.HighImportance
	heading, explained := widget.NewLabel(title), widget.NewLabel(says)
	heading.SizeName, heading.TextStyle.Bold = theme.SizeNameSubHeadingText, true
	explained.Wrapping = fyne.TextWrapWord
	fields := container.NewVBox(f.first)
	if f.again != nil {
		fields.Add(f.again)
	}
	buttons := container.NewHBox(layout.NewSpacer(), widget.NewButton(text.T("unlock.cancel"), cancel), f.unlock)
	f.content = container.NewPadded(container.NewBorder(container.NewVBox(heading, explained, fields, f.problem), buttons, nil, nil))
	return f
}

// missing says why the passphrase cannot be taken yet, "" if it can.
func (f *form) missing() string {
	switch {
	case f.first.Text == "":
		return text.T("unlock.empty")
	case f.again == nil:
		return ""
	case len([]rune(f.first.Text)) < least:
		return text.N("unlock.short", least)
	case f.again.Text == "":
		return text.T("unlock.repeat")
	case f.first.Text != f.again.Text:
		return text.T("unlock.differ")
	}
	return ""
}

// Ask puts a question in a window of its own and calls answer once, on the UI thread: with the passphrase, or desk.ErrNotGiven
// when the owner closes the window. It is called on the UI thread.
func Ask(app fyne.App, q Question, answer func(passphrase string, err error)) {
	w := app.NewWindow(text.T("unlock.window"))
	answered := false
	end := func(passphrase string, err error) {
		if answered {
			return
		}
		answered = true
		answer(passphrase, err)
		w.Close()
	}
	cancel := func() { end("", desk.ErrNotGiven) }
	f := newForm(q, func(passphrase string) { end(passphrase, nil) }, cancel)
	w.SetContent(f.content)
	w.SetCloseIntercept(cancel)
	w.Canvas().SetOnTypedKey(func(e *fyne.KeyEvent) { // while no field has the focus
		if e.Name == fyne.KeyEscape {
			cancel()
		}
	})
	w.Resize(fyne.NewSize(440, 300))
	w.SetFixedSize(true)
	w.CenterOnScreen()
	w.Show()
	w.RequestFocus()
	w.Canvas().Focus(f.first)
}
