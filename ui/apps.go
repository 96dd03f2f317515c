package ui

import (
	"context"
	"errors"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// apps are the AI apps on this computer: which are here, which are connected, and how the rest is.
type apps struct {
	w       *window
	bridge  Apps // nil: there is nothing to show
	box     *fyne.Container
	says    *widget.Label // instead of rows
	rows    *rows[appRow]
	connect *button
	looked  func() // what else shows how they are

	all    []desk.App
	ticked map[string]bool   // by id: to be connected
	said   map[string]string // by id: how it went
	asked  bool              // it was looked for them
}

// longestApp is how many characters of an app's name are shown: they stand beside each other.
const longestApp = 24

// appRow is an app in words.
type appRow struct {
	ID, Name  string
	Text      string
	Connected bool
	Wrong     bool // Text is of a problem
	Offered   bool // it can be connected
}

func newApps(w *window, looked func()) *apps {
	a := &apps{w: w, bridge: w.app.config.Apps, box: container.NewVBox(), looked: looked, ticked: map[string]bool{}, said: map[string]string{}}
	if a.bridge == nil {
		return a
	}
	a.says = aside(text.T("apps.looking"))
	a.rows = newRows(func(r appRow) string { return r.ID }, a.row)
	a.connect = newButton(text.T("apps.connect"), nil, a.show).main()
	a.connect.Hide()
	again := newButton(text.T("apps.again"), theme.ViewRefreshIcon(), a.lookAgain).quiet()
	a.box.Add(newPanel(container.NewBorder(nil, nil, nil, again, subheading(text.T("apps.title"))), a.says, a.rows.box, buttons(a.connect)))
	return a
}

// update looks for the apps the first time that the app draws.
func (a *apps) update() {
	if a.bridge != nil && !a.asked && a.w.app.drawn {
		a.look()
	}
}

// lookAgain looks for the apps as the owner asks for it: what is said of how it went is of before.
func (a *apps) lookAgain() {
	clear(a.said)
	a.look()
}

// look looks for the apps.
func (a *apps) look() {
	a.asked = true
	var all []desk.App
	a.w.app.work.start(text.T("apps.looking"), func(ctx context.Context) (err error) {
		all, err = a.bridge.Apps(ctx)
		return err
	}, func(err error) {
		switch {
		case errors.Is(err, context.Canceled):
			return
		case err != nil:
			a.all = nil
			a.says.SetText(sentence(err))
		default:
			for _, one := range all { // what was ticked was not to replace an entry that is there by now
				if k := slices.IndexFunc(a.all, func(old desk.App) bool { return old.ID == one.ID }); k >= 0 && one.Old != "" && a.all[k].Old != one.Old {
					delete(a.ticked, one.ID)
				}
			}
			a.all = all
			a.says.SetText(text.T("apps.text"))
			if !slices.ContainsFunc(a.w.app.last.Profiles, func(p desk.Profile) bool { return !p.Sample }) {
				a.says.SetText(text.T("apps.text") + " " + text.T("apps.no_profile"))
			}
			if len(all) == 0 {
				a.says.SetText(text.T("apps.none"))
			}
		}
		a.draw()
		a.looked()
	})
}

// connected reports whether one of them is.
func (a *apps) connected() bool {
	return slices.ContainsFunc(a.all, func(one desk.App) bool { return one.Connected })
}

func (a *apps) draw() {
	var all []appRow
	for _, one := range a.all {
		r := appRow{ID: one.ID, Name: plain(one.Name, longestApp), Connected: one.Connected, Text: text.T("apps.open")}
		switch {
		case one.Problem != "":
			r.Text, r.Wrong = sentence(errors.New(plain(one.Problem, longestLine))), true
		case one.Connected:
			r.Text = text.T("apps.connected")
		case one.Old != "":
			r.Text, r.Offered = text.T("apps.differs"), true
		default:
			r.Offered = true
		}
		if _, known := a.ticked[one.ID]; !known { // what would be replaced is for the owner to tick
			a.ticked[one.ID] = r.Offered && one.Old == ""
		}
		if said := a.said[one.ID]; said != "" {
			r.Text, r.Wrong = said, !one.Connected
		}
		all = append(all, r)
	}
	a.rows.set(all)
	a.offer()
}

// offer offers the button as long as something can be connected.
func (a *apps) offer() {
	offered, ticked := false, false
	for _, r := range a.rows.shown {
		offered = offered || r.of.Offered
		ticked = ticked || r.of.Offered && a.ticked[r.of.ID]
	}
	if offered {
		a.connect.Show()
	} else {
		a.connect.Hide()
	}
	if ticked {
		a.connect.Enable()
	} else {
		a.connect.Disable()
	}
}

func (a *apps) row(r appRow) fyne.CanvasObject {
	says := aside(r.Text)
	if r.Wrong {
		says.Importance = widget.DangerImportance
	}
	if r.Offered {
		tick := widget.NewCheck(r.Name, nil)
		tick.SetChecked(a.ticked[r.ID])
		tick.OnChanged = func(on bool) {
			a.ticked[r.ID] = on
			a.offer()
		}
		return container.New(columns{1, 1.6}, tick, says)
	}
	sign := appSign(theme.WarningIcon(), theme.ColorNameWarning)
	var do fyne.CanvasObject
	if r.Connected {
		sign = appSign(theme.ConfirmIcon(), theme.ColorNameSuccess)
		do = container.NewCenter(newButton(text.T("apps.disconnect"), nil, func() { a.disconnect(r) }).quiet())
	}
	return container.New(columns{1, 1.6}, container.NewBorder(nil, nil, sign, nil, line(r.Name)), container.NewBorder(nil, nil, nil, do, says))
}

// appSign stands where others have their box.
func appSign(r fyne.Resource, color fyne.ThemeColorName) fyne.CanvasObject {
	high := widget.NewLabel("X").MinSize().Height
	return container.NewVBox(container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding()/2, -theme.InnerPadding()), container.NewGridWrap(fyne.NewSize(theme.IconInlineSize()+theme.Padding(), high), container.NewCenter(icon(r, color)))))
}

// chosen are those that are ticked and can be connected.
func (a *apps) chosen() []desk.App {
	var all []desk.App
	for _, one := range a.all {
		if a.ticked[one.ID] && !one.Connected && one.Problem == "" {
			all = append(all, one)
		}
	}
	return all
}

// show shows what will be written, and where, before it is.
func (a *apps) show() {
	all := a.chosen()
	if len(all) == 0 {
		return
	}
	s := newSheet(a.w, text.T("apps.sheet"), 560)
	s.Show()
	content := container.NewVBox(paragraph(text.T("apps.sheet_text")))
	for _, one := range all {
		content.Add(container.NewVBox(widget.NewSeparator(), column(subheading(name(one.Name)), wrapped(plain(one.File, longestLine))), code(several(one.Entry))))
		if one.Old != "" {
			old := column(paragraph(text.T("apps.replaces")), code(several(one.Old)))
			content.Add(old)
		}
	}
	no := newButton(text.T("window.cancel"), nil, s.Hide)
	yes := newButton(text.T("apps.write"), nil, func() {
		s.Hide()
		a.write(all)
	}).main()
	s.page(content, no, no, yes)
}

// write connects them, one after the other; one that fails does not keep the others from it.
func (a *apps) write(all []desk.App) {
	failed := map[string]error{}
	done := map[string]bool{}
	a.w.app.work.start(text.T("apps.connecting"), func(ctx context.Context) error {
		for _, one := range all {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err := a.bridge.ConnectApp(ctx, one.ID, one.Old != ""); err != nil {
				failed[one.ID] = err
			} else {
				done[one.ID] = true
			}
		}
		return nil
	}, func(error) {
		for _, one := range all {
			switch {
			case failed[one.ID] != nil:
				a.said[one.ID] = sentence(errors.New(plain(failed[one.ID].Error(), longestLine)))
			case done[one.ID] && one.Restart:
				a.said[one.ID] = text.T("apps.restart")
			case done[one.ID]:
				a.said[one.ID] = text.T("apps.done")
			}
		}
		a.look()
	})
}

// disconnect takes Postern out of one, once the owner has confirmed it.
func (a *apps) disconnect(r appRow) {
	confirm(a.w, text.T("apps.disconnect_title", text.Values{"App": r.Name}), text.T("apps.disconnect_text"), text.T("apps.disconnect_do"), func() {
		a.w.app.work.run(text.T("apps.disconnecting"), func(ctx context.Context) error { return a.bridge.DisconnectApp(ctx, r.ID) }, func() {
			delete(a.said, r.ID)
			a.ticked[r.ID] = false
			a.look()
		})
	})
}

// wrapped is a path, which wraps anywhere.
func wrapped(s string) *widget.Label {
	l := aside(s)
	l.Wrapping = fyne.TextWrapBreak
	return l
}
