package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/tunnel"
	"postern/ui/text"
)

// statusView is the first page: how it stands, what waits, what comes next, and what was last.
type statusView struct {
	w       *window
	root    fyne.CanvasObject
	head    *rows[standing]
	waiting *rows[int]
	steps   *rows[steps]
	apps    *apps
	connect *connect
	facts   *rows[fact]
	recent  *rows[recent]
}

// standing is how the bridge stands, in words.
type standing struct {
	State    State
	Title    string
	Text     string
	Paused   bool
	Locked   bool
	Asked    bool   // for the passphrase of the vault
	Starting bool   // clients are not served yet
	Again    string // a profile that must sign in again
	Local    string
	Public   string // where it is reached from outside; "" if nothing is shared
}

// fact is one line of what there is, and where to go for more.
type fact struct {
	Label string
	Text  string
	Do    string
	View  int
}

// recent is the last few things that happened.
type recent struct{ Lines []record }

func newStatus(w *window) *statusView {
	v := &statusView{w: w}
	v.head = newRows(func(standing) string { return "" }, v.headRow)
	v.waiting = newRows(func(int) string { return "" }, v.waitingRow)
	v.steps = newRows(func(steps) string { return "" }, v.stepsRow)
	v.apps = newApps(w, func() { v.steps.set(v.stepsOf(w.app.last)) })
	v.connect = newConnect(w)
	v.facts = newRows(func(f fact) string { return f.Label }, v.factRow)
	v.recent = newRows(func(recent) string { return "" }, v.recentRow)
	v.root = page(text.T("window.status"), nil, container.NewVBox(v.head.box, v.waiting.box, v.steps.box, v.apps.box, v.connect.box,
		newPanel(v.facts.box), v.recent.box))
	return v
}

func (v *statusView) content() fyne.CanvasObject { return v.root }

func (v *statusView) update(s desk.Snapshot) {
	now := v.w.app.config.Now()
	v.head.set([]standing{standingOf(s)})
	var waiting []int
	if n := len(s.Waiting); n > 0 {
		waiting = []int{n}
	}
	v.waiting.set(waiting)
	v.steps.set(v.stepsOf(s))
	v.apps.update()
	v.connect.update(s)
	v.facts.set(factsOf(s))
	r := recent{}
	for _, e := range s.Recent[:min(5, len(s.Recent))] {
		r.Lines = append(r.Lines, recordOf(e, now))
	}
	v.recent.set([]recent{r})
}

func standingOf(s desk.Snapshot) standing {
	st := standing{State: standingState(s), Title: stateLine(s), Paused: s.Paused, Locked: s.LockedDown, Local: plain(s.Local, longestLine), Public: plain(s.Public, longestLine)}
	switch {
	case s.LockedDown:
		st.Text = text.T("window.stands_locked")
	case s.Trouble == "" && vaultStops(s) && s.Vault.Refused:
		st.Text = text.T("window.stands_vault_locked")
	case s.Trouble == "" && vaultStops(s) && s.Vault.None:
		st.Text = text.T("window.stands_vault_none")
	case s.Trouble != "" || vaultStops(s):
		st.Text = text.T("window.stands_trouble")
	case s.Vault.Asked && !s.Serving:
		st.Asked, st.Text = true, text.T("window.stands_vault_asked")
	case s.Paused:
		st.Text = text.T("window.stands_paused")
	case s.Tunnel.Troubled() && s.Tunnel.State == tunnel.Off:
		st.Text = text.T("window.stands_still")
	case s.Tunnel.Troubled():
		st.Text = text.T("window.stands_trouble")
	case slices.ContainsFunc(s.Profiles, mustSignIn):
		st.Again = s.Profiles[slices.IndexFunc(s.Profiles, mustSignIn)].Name
		st.Text = text.T("window.stands_sign_in")
	case !s.Serving:
		st.Starting, st.Text = true, text.T("window.stands_starting")
	case s.Public != "":
		st.Text = text.T("window.stands_shared") + " " + outwardOf(s)
	default:
		st.Text = text.T("window.stands_ready") + " " + outwardOf(s)
	}
	return st
}

// outwardOf says what happens to what other people would see.
func outwardOf(s desk.Snapshot) string {
	switch s.Setting("approvals.outward") {
	case "allow":
		return text.T("window.outward_allow")
	case "deny":
		return text.T("window.outward_deny")
	}
	return text.T("window.outward_ask")
}

func (v *statusView) headRow(s standing) fyne.CanvasObject {
	sign, color := theme.ConfirmIcon(), theme.ColorNameSuccess
	switch {
	case s.Again != "":
		sign, color = theme.WarningIcon(), theme.ColorNameWarning
	case s.State == Trouble || s.Locked:
		sign, color = theme.ErrorIcon(), theme.ColorNameError
	case s.Asked:
		sign, color = theme.LoginIcon(), theme.ColorNameWarning
	case s.Paused:
		sign, color = theme.MediaPauseIcon(), theme.ColorNameWarning
	case s.Starting:
		sign, color = theme.MoreHorizontalIcon(), theme.ColorNamePrimary
	case s.State == Shared:
		sign, color = theme.UploadIcon(), theme.ColorNameError
	}
	big := container.NewGridWrap(fyne.NewSquareSize(36), icon(sign, color))
	title := widget.NewLabel(s.Title)
	title.SizeName, title.TextStyle.Bold, title.Wrapping = theme.SizeNameSubHeadingText, true, fyne.TextWrapWord
	do := buttons()
	if s.Again != "" {
		more(do, newButton(text.T("profiles.again"), theme.LoginIcon(), func() {
			v.w.open(viewProfiles)
			v.w.profiles.again(s.Again)
		}).main())
	}
	switch {
	case s.Locked:
		more(do, newButton(text.T("window.lift"), nil, v.w.switches.lift).main())
	case s.Paused:
		more(do, newButton(text.T("window.resume"), theme.MediaPlayIcon(), func() { v.w.switches.pause(false) }).main())
	default:
		more(do, newButton(text.T("window.pause"), theme.MediaPauseIcon(), func() { v.w.switches.pause(true) }))
	}
	if !s.Locked {
		more(do, newButton(text.T("window.lockdown"), nil, v.w.switches.lockdown))
	}
	all := []fyne.CanvasObject{container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(big)), nil, column(title, paragraph(s.Text)))}
	for _, one := range []struct{ label, address string }{{text.T("window.this_computer"), s.Local}, {text.T("window.internet"), s.Public}} {
		if one.address != "" {
			address := line(one.address)
			address.TextStyle.Monospace = true
			all = append(all, labelled(one.label, container.NewBorder(nil, nil, nil, v.w.copier(text.T("window.copy"), one.address), address)))
		}
	}
	return newPanel(append(all, do)...).edged(color)
}

func (v *statusView) waitingRow(n int) fyne.CanvasObject {
	return newPanel(container.NewBorder(nil, nil, lead(theme.QuestionIcon(), theme.ColorNameWarning),
		container.NewCenter(newButton(text.T("window.review"), nil, v.w.app.ShowRequests).main()),
		column(subheading(text.N("window.waiting", n)), paragraph(text.T("window.waiting_text"))))).edged(theme.ColorNameWarning)
}

func factsOf(s desk.Snapshot) []fact {
	var names []string
	for _, p := range s.Profiles {
		one := name(p.Name)
		if !p.Valid() {
			one = text.T("window.profile_not_valid", text.Values{"Name": one, "State": stateOf(p)})
		}
		names = append(names, one)
	}
	profiles := joined(names)
	if len(names) == 0 {
		profiles = text.T("window.no_profiles")
	}
	sharing := text.T("window.not_shared")
	switch {
	case s.Public != "":
		sharing = text.T("share.on")
	case s.Tunnel.State == tunnel.Connecting:
		sharing = text.T("share.connecting")
	case s.Tunnel.State == tunnel.Failed:
		sharing = text.T("share.failed")
	}
	return []fact{
		{text.T("window.profiles"), profiles, text.T("window.see_profiles"), viewProfiles},
		{text.T("window.share"), sharing, text.T("window.see_share"), viewShare},
	}
}

// labelled is a line with what it is about before it.
func labelled(label string, o fyne.CanvasObject) fyne.CanvasObject {
	l := widget.NewLabel(label)
	l.Importance = widget.LowImportance
	l.Truncation = fyne.TextTruncateEllipsis
	return container.NewBorder(nil, nil, container.NewGridWrap(fyne.NewSize(138, l.MinSize().Height), l), nil, o)
}

func (v *statusView) factRow(f fact) fyne.CanvasObject {
	return labelled(f.Label, container.NewBorder(nil, nil, nil, newButton(f.Do, nil, func() { v.w.open(f.View) }).quiet(), line(f.Text)))
}

func (v *statusView) recentRow(r recent) fyne.CanvasObject {
	if len(r.Lines) == 0 {
		return newPanel(titled(text.T("window.recent"), text.T("window.no_recent")))
	}
	all := column()
	for _, l := range r.Lines {
		one := newRecordLine()
		one.set(l)
		all.Add(one.box)
	}
	return newPanel(container.NewBorder(nil, nil, nil, newButton(text.T("window.see_activity"), nil, func() { v.w.open(viewActivity) }).quiet(),
		subheading(text.T("window.recent"))), all)
}

// outcomeSign is a picture of how something ended.
func outcomeSign(o activity.Outcome) fyne.Resource {
	switch o {
	case activity.OK:
		return theme.NewColoredResource(theme.ConfirmIcon(), theme.ColorNameSuccess)
	case activity.Failed:
		return theme.NewColoredResource(theme.ErrorIcon(), theme.ColorNameError)
	case activity.Pending:
		return theme.NewColoredResource(theme.QuestionIcon(), theme.ColorNameWarning)
	}
	return theme.NewColoredResource(theme.CancelIcon(), theme.ColorNameWarning)
}
