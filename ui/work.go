package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// patience is how long a call may take before its progress is shown.
const patience = 300 * time.Millisecond

// work does what may take long, off the UI thread, and shows that it goes on and what went wrong. Its methods are called on
// the UI thread; so are the functions that are handed to it, but for call.
type work struct {
	ctx   context.Context             // ends with the app
	do    func(func())                // onto the UI thread
	spawn func(func())                // off it
	after func(time.Duration, func()) // on the UI thread, later
	show  func()                      // makes the window visible: something must be told

	jobs    []*job
	failed  []failure
	strip   *rows[*job]     // what goes on
	notices *rows[failure]  // what went wrong
	box     *fyne.Container // both
	serial  int
}

// job is a call under way.
type job struct {
	what string
	stop context.CancelFunc
}

// failure is a sentence that the owner has not put away.
type failure struct {
	id    int
	what  string
	why   string
	error bool // or else it is news
}

func newWork(ctx context.Context, do, spawn func(func()), after func(time.Duration, func())) *work {
	w := &work{ctx: ctx, do: do, spawn: spawn, after: after, show: func() {}}
	w.strip = newRows(func(j *job) string { return j.what }, jobRow)
	w.notices = newRows(func(f failure) string { return f.what + f.why }, w.noticeRow)
	w.box = container.NewVBox(w.notices.box, w.strip.box)
	return w
}

// run makes a call. what says what is going on: "Removing work". If it goes well, then is called, which may be nil.
func (w *work) run(what string, call func(context.Context) error, then func()) {
	w.start(what, call, func(err error) {
		switch {
		case err == nil:
			w.mended(what)
			if then != nil {
				then()
			}
		case !errors.Is(err, context.Canceled) && !errors.Is(err, desk.ErrNotGiven):
			w.fail(what, err)
		}
	})
}

// start makes a call and hands its error on. It returns what ends the call.
func (w *work) start(what string, call func(context.Context) error, done func(error)) context.CancelFunc {
	ctx, stop := context.WithCancel(w.ctx)
	j := &job{what: what, stop: stop}
	over := false
	w.after(patience, func() {
		if !over && what != "" {
			w.jobs = append(w.jobs, j)
			w.strip.set(w.jobs)
		}
	})
	w.spawn(func() {
		err := call(ctx)
		w.do(func() {
			over = true
			stop()
			if i := slices.Index(w.jobs, j); i >= 0 {
				w.jobs = slices.Delete(w.jobs, i, i+1)
				w.strip.set(w.jobs)
			}
			done(err)
		})
	})
	return stop
}

// fail shows that something did not work, until the owner puts it away.
func (w *work) fail(what string, err error) {
	w.tell(failure{what: text.T("window.failed", text.Values{"What": what}), why: sentence(err), error: true})
}

// mended puts away that something did not work, since now it did.
func (w *work) mended(what string) {
	title := text.T("window.failed", text.Values{"What": what})
	if was := len(w.failed); was > 0 {
		if w.failed = slices.DeleteFunc(w.failed, func(f failure) bool { return f.error && f.what == title }); len(w.failed) < was {
			w.notices.set(w.failed)
		}
	}
}

// news shows something that the owner must know, until they put it away.
func (w *work) news(what, why string) { w.tell(failure{what: what, why: why}) }

func (w *work) tell(f failure) {
	w.serial++
	f.id = w.serial
	for _, old := range w.failed {
		if old.what == f.what && old.why == f.why {
			w.show()
			return
		}
	}
	w.failed = append(w.failed, f)
	w.notices.set(w.failed)
	w.show()
}

func (w *work) noticeRow(f failure) fyne.CanvasObject {
	sign, color := theme.InfoIcon(), theme.ColorNamePrimary
	if f.error {
		sign, color = theme.ErrorIcon(), theme.ColorNameError
	}
	away := newButton("", theme.CancelIcon(), func() {
		w.failed = slices.DeleteFunc(w.failed, func(one failure) bool { return one.id == f.id })
		w.notices.set(w.failed)
	}).quiet()
	title := subheading(f.what)
	title.Truncation, title.Wrapping = fyne.TextTruncateOff, fyne.TextWrapWord
	return newPanel(container.NewBorder(nil, nil, lead(sign, color), container.NewVBox(away),
		column(title, paragraph(f.why)))).edged(color)
}

func jobRow(j *job) fyne.CanvasObject {
	bar := widget.NewProgressBarInfinite()
	return newPanel(container.NewBorder(nil, nil, nil, newButton(text.T("window.cancel"), nil, j.stop),
		container.NewGridWithColumns(2, line(text.T("window.going_on", text.Values{"What": j.what})), container.NewPadded(bar))))
}
