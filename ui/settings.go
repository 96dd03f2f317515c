package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// settingsView is the page of what the owner can set.
type settingsView struct {
	w       *window
	bridge  Settings
	root    fyne.CanvasObject
	groups  []*settingsGroup
	fields  map[string]*field
	about   *rows[about]
	start   *widget.Check
	started bool // how it stands was asked
}

// settingsGroup is settings under a heading.
type settingsGroup struct {
	title string
	names []string
	box   *fyne.Container
	panel *panel
}

// about is what cannot be set here.
type about struct{ Label, Text string }

func newSettings(w *window) *settingsView {
	v := &settingsView{w: w, bridge: w.app.config.Bridge, fields: map[string]*field{}}
	v.groups = []*settingsGroup{
		{title: text.T("settings.ask"), names: []string{"approvals.outward", "approvals.destructive", "approvals.write", "approvals.elicitation", "approvals.cli", "approvals.cli_beside_desktop"}},
		{title: text.T("settings.shown"), names: []string{"read_only", "toolsets", "tier", "exchange.folder"}},
		{title: text.T("settings.times"), names: []string{"oauth.grant", "oauth.refresh", "oauth.access", offAfter, "activity.keep_days"}},
		{title: text.T("settings.sharing"), names: reach},
		{title: text.T("settings.more"), names: []string{"http.port", "http.origins", "log.level", "tunnel.connect_url", "tunnel.ca_file"}},
	}
	body := container.NewVBox()
	if w.app.config.Autostart != nil {
		v.start = widget.NewCheck(text.T("settings.start"), v.setStart)
		body.Add(newPanel(column(v.start, aside(text.T("settings.start_text")))))
	}
	for _, g := range v.groups {
		g.box = container.NewVBox()
		g.panel = newPanel(groupHeading(g.title), g.box)
		body.Add(g.panel)
	}
	v.about = newRows(func(a about) string { return a.Label }, func(a about) fyne.CanvasObject {
		value := paragraph(a.Text)
		value.Selectable, value.Wrapping = true, fyne.TextWrapBreak
		return labelled(a.Label, value)
	})
	body.Add(newPanel(groupHeading(text.T("settings.about")), v.about.box))
	v.root = page(text.T("window.settings"), newButton(text.T("settings.reset_all"), nil, v.resetAll), body)
	return v
}

func groupHeading(s string) *widget.Label {
	l := subheading(s)
	l.SizeName = theme.SizeNameSubHeadingText
	return l
}

func (v *settingsView) content() fyne.CanvasObject { return v.root }

func (v *settingsView) update(s desk.Snapshot) {
	if v.start != nil && !v.started {
		v.started = true
		v.askStart()
	}
	for _, one := range v.ordered(s.Settings) {
		if f := v.fields[one.Name]; f != nil {
			f.update(one)
			continue
		}
		f := v.newField(one)
		v.fields[one.Name] = f
		g := v.groupOf(one.Name)
		if len(g.box.Objects) > 0 {
			g.box.Add(widget.NewSeparator())
		}
		g.box.Add(f.box)
	}
	for _, g := range v.groups {
		if empty := len(g.box.Objects) == 0; empty != !g.panel.Visible() {
			if empty {
				g.panel.Hide()
			} else {
				g.panel.Show()
			}
		}
	}
	unknown := text.T("settings.none")
	or := func(s string) string {
		if s = plain(s, longestLine); s == "" {
			return unknown
		}
		return s
	}
	v.about.set([]about{
		{text.T("settings.vault"), or(s.Vault.Kind)},
		{text.T("settings.address"), or(s.Local)},
		{text.T("settings.folder"), or(s.Folder)},
		{text.T("settings.state"), or(s.Dir)},
		{text.T("settings.version"), or(s.Version)},
	})
}

// ordered are the settings as they stand on the page.
func (v *settingsView) ordered(all []desk.Setting) []desk.Setting {
	var known []string
	for _, g := range v.groups {
		known = append(known, g.names...)
	}
	place := func(one desk.Setting) int {
		if i := slices.Index(known, one.Name); i >= 0 {
			return i
		}
		return len(known)
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b desk.Setting) int { return place(a) - place(b) })
}

// groupOf is where a setting stands; one that is not known here stands last.
func (v *settingsView) groupOf(setting string) *settingsGroup {
	for _, g := range v.groups {
		if slices.Contains(g.names, setting) {
			return g
		}
	}
	return v.groups[len(v.groups)-1]
}

// set gives a setting a value. after is told how it went, on the UI thread.
func (v *settingsView) set(one desk.Setting, value string, after func(error)) {
	v.w.app.work.start(text.T("settings.setting"), func(ctx context.Context) error { return v.bridge.SetSetting(ctx, one.Name, value) }, after)
}

// reach is by which way Postern is reached from outside. It is no matter of taste: clients know Postern by it.
var reach = []string{"tunnel.provider", "tunnel.domain", "tunnel.url", "tunnel.behind"}

// resetAll sets everything but that to what it was at first, once the owner has confirmed it.
func (v *settingsView) resetAll() {
	var changed []desk.Setting
	for _, one := range v.w.app.last.Settings {
		if one.Value != one.Default && !slices.Contains(reach, one.Name) {
			changed = append(changed, one)
		}
	}
	confirm(v.w, text.T("settings.reset_title"), text.N("settings.reset_text", len(changed)), text.T("settings.reset_do"), func() {
		v.w.app.work.run(text.T("settings.resetting"), func(ctx context.Context) error {
			for _, one := range changed {
				if err := v.bridge.SetSetting(ctx, one.Name, one.Default); err != nil {
					return err
				}
			}
			return nil
		}, nil)
	})
}

// askStart asks the desktop whether the app starts with it.
func (v *settingsView) askStart() {
	var on bool
	v.w.app.work.run(text.T("settings.start_asking"), func(context.Context) (err error) {
		on, err = v.w.app.config.Autostart.Autostart()
		return err
	}, func() { v.showStart(on) })
}

// showStart shows how it stands, without taking that for what the owner wants.
func (v *settingsView) showStart(on bool) {
	v.start.OnChanged = nil
	v.start.SetChecked(on)
	v.start.OnChanged = v.setStart
}

func (v *settingsView) setStart(on bool) {
	v.w.app.work.start(text.T("settings.start_setting"), func(context.Context) error { return v.w.app.config.Autostart.SetAutostart(on) }, func(err error) {
		if err != nil {
			v.showStart(!on)
			v.w.app.work.fail(text.T("settings.start_setting"), err)
		}
	})
}
