package popup

import (
	"context"
	"maps"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// draft is what the owner makes of an action before it is done.
type draft struct {
	id      string // of the question
	version int    // of it
	fields  []approval.Edit
	values  map[string]string // as they are typed, by Edit.Name
}

func newDraft(r approval.Request) *draft {
	d := &draft{id: r.ID, version: r.Version, fields: r.Preview.Edits, values: map[string]string{}}
	for _, f := range d.fields {
		d.values[f.Name] = f.Value
	}
	return d
}

// of reports whether it is what the owner makes of this question as it is now.
func (d *draft) of(r approval.Request) bool {
	return d != nil && d.id == r.ID && d.version == r.Version
}

// changes are the values that are others now.
func (d *draft) changes() map[string]string {
	changed := maps.Clone(d.values)
	for _, f := range d.fields {
		if changed[f.Name] == f.Value {
			delete(changed, f.Name)
		}
	}
	return changed
}

// linesShown is how much of a long text is shown at once.
const linesShown = 11

// editCard lets the owner change an action. Nothing is done from here: what comes of it is shown as a question again. Its
// buttons lie where the question has none that answers it, so that a second click is no answer.
func editCard(r approval.Request, d *draft, h *hands, back, done func()) *card {
	when, status := widget.NewLabel(""), bold("")
	when.Alignment = fyne.TextAlignTrailing
	body := below(6)
	for _, f := range d.fields {
		e := newEntry(h, "", func(s string) { d.values[f.Name] = s })
		if f.Long {
			e.MultiLine, e.Wrapping, e.Scroll = true, fyne.TextWrapWord, fyne.ScrollVerticalOnly
			e.SetMinRowsVisible(linesShown)
		}
		e.Text = d.values[f.Name]
		body.Add(row(editTitle(f), e))
		if f.Plain {
			body.Add(row("", plain(text.T("popup.edit.plain"))))
		}
	}
	leave := newButton(h, text.T("popup.edit.back"), widget.MediumImportance, func() {
		if h.live() { // or else it is the second click on what has led here
			back()
		}
	})
	apply := newButton(h, text.T("popup.edit.done"), widget.HighImportance, done)
	top := below(0, band(r, when), container.New(inset{left: margin, right: margin}, bold(text.T("popup.edit.title"))))
	inside := container.New(inset{left: margin, right: margin, bottom: 4}, body)
	inside.Resize(fyne.NewSize(width, 1))
	scroll := container.NewVScroll(inside)
	c := &card{deny: leave, sight: &sight{scroll, func() {}}, content: container.New(page{}, top, scroll, below(0, widget.NewSeparator(),
		container.New(inset{left: margin, right: margin}, container.New(fixed(statusHeight), status)),
		container.New(inset{left: margin, right: margin, bottom: 8}, container.NewHBox(leave, layout.NewSpacer(), apply, layout.NewSpacer()))))}
	c.show = func(s state) {
		set(when, s.when, widget.MediumImportance)
		how := widget.MediumImportance
		if s.alarm {
			how = widget.DangerImportance
		}
		set(status, s.status, how)
		apply.enable(s.free)
	}
	return c
}

// editTitle names what is changed.
func editTitle(f approval.Edit) string {
	if slices.Contains([]string{"to", "cc", "bcc", "subject", "text"}, f.Name) {
		return text.T("popup.edit." + f.Name)
	}
	return line(f.Title, maxName)
}

// editable returns how the owner changes a question, nil if nothing of it can be.
func (d *Desk) editable(r approval.Request) func() {
	if d.Revise == nil || len(r.Preview.Edits) == 0 {
		return nil
	}
	return d.edit
}

// edit lets the owner change the action that is shown.
func (d *Desk) edit() {
	if d.phase != asking || d.Revise == nil || !d.hands.live() || d.turns.shown.Wanted != nil {
		return
	}
	if !d.draft.of(d.turns.shown) {
		d.draft = newDraft(d.turns.shown)
	}
	d.form("")
}

// form shows what the owner has typed so far, and what is wrong with it.
func (d *Desk) form(problem string) {
	d.phase, d.alarm = editing, problem
	d.put(editCard(d.turns.shown, d.draft, d.hands, d.back, d.change), text.T("popup.window", text.Values{"Client": called(d.turns.shown)}))
}

// back shows the question again as it was.
func (d *Desk) back() {
	if d.phase == editing {
		d.draft = nil
		d.ask(d.turns.shown, d.choice.reason)
	}
}

// renewed shows the question as a newer snapshot has it. If that says why a change could not be made, the owner goes on
// with what they have typed.
func (d *Desk) renewed() {
	r := d.turns.shown
	failed := d.draft.of(r) && r.Wanted == nil && r.Problem != ""
	switch {
	case failed && d.phase == editing: // the field that is typed in keeps the focus
		d.wrong(line(r.Problem, maxLine))
	case failed:
		d.form(line(r.Problem, maxLine))
	default:
		d.ask(r, d.choice.reason)
	}
}

// wrong says in the form why a change could not be made.
func (d *Desk) wrong(problem string) {
	d.phase, d.alarm = editing, problem
	d.hands.startle()
	d.redraw()
}

// change has the action made anew with the owner's changes, away from the UI thread.
func (d *Desk) change() {
	if d.phase != editing {
		return
	}
	changes := d.draft.changes()
	if len(changes) == 0 {
		d.back()
		return
	}
	id := d.turns.shown.ID
	d.phase, d.alarm = sending, ""
	d.redraw()
	d.flying.Add(1)
	go func() {
		ctx, cancel := context.WithTimeout(d.life, answering)
		defer cancel()
		err := d.Revise(ctx, id, changes)
		d.flying.Done()
		d.do(func() { d.revising(id, changes, err) })
	}()
}

// revising goes on once the changes were handed over, or says why they were not.
func (d *Desk) revising(id string, changes map[string]string, err error) {
	if d.ended || d.phase != sending || d.turns.shown.ID != id {
		return
	}
	if err != nil {
		d.wrong(sentence(err))
		return
	}
	d.turns.want(changes, d.now()) // until a snapshot says what came of it
	d.ask(d.turns.shown, d.choice.reason)
}
