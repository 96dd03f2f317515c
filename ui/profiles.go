package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/ui/text"
)

// profilesView is the page of the Google accounts.
type profilesView struct {
	w      *window
	bridge Profiles
	root   fyne.CanvasObject
	cards  *rows[profileCard]
	client *rows[string]
	last   desk.Snapshot
	sheet  *signIn // the sign-in that was begun last; nil for none
}

// profileCard is a profile in words.
type profileCard struct {
	Name, ID, Title, Email string
	State, Reason          string
	Valid, Default, Sample bool
	Facts                  []string
}

func newProfiles(w *window) *profilesView {
	v := &profilesView{w: w, bridge: w.app.config.Bridge}
	v.cards = newRows(func(c profileCard) string { return c.ID }, v.card)
	v.client = newRows(func(string) string { return "" }, v.clientRow)
	v.root = page(text.T("window.profiles"), newButton(text.T("profiles.add"), theme.ContentAddIcon(), v.add).main(),
		container.NewVBox(v.cards.box, v.client.box))
	return v
}

func (v *profilesView) content() fyne.CanvasObject { return v.root }

func (v *profilesView) update(s desk.Snapshot) {
	v.last = s
	cards := make([]profileCard, 0, max(1, len(s.Profiles)))
	for _, p := range s.Profiles {
		cards = append(cards, v.cardOf(p))
	}
	if len(cards) == 0 {
		cards = append(cards, profileCard{})
	}
	v.cards.set(cards)
	v.client.set([]string{s.GoogleClient})
	if v.sheet != nil && v.sheet.explains && s.GoogleClient != "" { // the vault was slower than the owner
		v.sheet.form("")
	}
}

// stateOf is how a profile stands, in words.
func stateOf(p desk.Profile) string {
	switch p.State {
	case "valid":
		return text.T("profiles.valid")
	case "must sign in again":
		return text.T("profiles.sign_in_again_state")
	case "missing scopes":
		return text.T("profiles.missing_scopes")
	case "unreachable":
		return text.T("profiles.unreachable")
	}
	return plain(p.State, longestName)
}

func (v *profilesView) cardOf(p desk.Profile) profileCard {
	now := v.w.app.config.Now()
	c := profileCard{Name: p.Name, ID: p.ID, Title: name(p.Name), Email: plain(p.Email, longestLine), State: stateOf(p), Reason: plain(p.Reason, longestText),
		Valid: p.Valid(), Default: p.Default, Sample: p.Sample}
	services := text.T("profiles.all_services")
	if len(p.Toolsets) > 0 {
		services = joined(v.titles(p.Toolsets))
	}
	if p.ReadOnly {
		services = text.T("profiles.reading_only", text.Values{"Services": services})
	}
	c.Facts = append(c.Facts, services)
	if !p.SignedInAt.IsZero() {
		c.Facts = append(c.Facts, text.T("profiles.signed_in", text.Values{"When": day(p.SignedInAt, now)}))
	}
	if !p.EndsAt.IsZero() {
		c.Facts = append(c.Facts, text.T("profiles.ends", text.Values{"When": day(p.EndsAt, now)}))
	}
	if p.SameAs != "" {
		c.Facts = append(c.Facts, text.T("profiles.same_as", text.Values{"Name": name(p.SameAs)}))
	}
	return c
}

// titles are the names of toolsets, as a person calls them.
func (v *profilesView) titles(ids []string) []string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		title := id
		for _, c := range v.bridge.Toolsets() {
			if c.ID == id {
				title = c.Title
			}
		}
		all = append(all, plain(title, longestName))
	}
	return all
}

func (v *profilesView) card(c profileCard) fyne.CanvasObject {
	if c.ID == "" && c.Name == "" {
		return newPanel(titled(text.T("profiles.none"), text.T("profiles.none_text")),
			buttons(newButton(text.T("profiles.add"), theme.ContentAddIcon(), v.add).main()))
	}
	sign, color := theme.ConfirmIcon(), theme.ColorNameSuccess
	if !c.Valid {
		sign, color = theme.WarningIcon(), theme.ColorNameWarning
	}
	title := c.Title
	switch {
	case c.Sample:
		title = text.T("profiles.sample_title", text.Values{"Name": c.Title})
	case c.Default:
		title = text.T("profiles.default_title", text.Values{"Name": c.Title})
	}
	state := line(c.State)
	state.Truncation = fyne.TextTruncateOff
	head := container.NewBorder(nil, nil, nil, container.NewVBox(container.NewHBox(icon(sign, color), state)),
		column(subheading(title), line(c.Email)))
	all := []fyne.CanvasObject{head}
	if c.Reason != "" && !c.Valid {
		all = append(all, paragraph(c.Reason))
	}
	facts := column()
	for _, f := range c.Facts {
		facts.Add(aside(f))
	}
	all = append(all, facts)
	if c.Sample {
		return newPanel(append(all, aside(text.T("profiles.sample_text")))...)
	}
	again := newButton(text.T("profiles.again"), theme.LoginIcon(), func() { v.again(c.Name) })
	if !c.Valid {
		again.main()
	}
	do := []fyne.CanvasObject{again}
	if !c.Default {
		do = append(do, newButton(text.T("profiles.use"), nil, func() { v.use(c.Name) }))
	}
	do = append(do, newButton(text.T("profiles.rename"), nil, func() { v.rename(c.Name) }), newButton(text.T("profiles.remove"), nil, func() { v.remove(c.Name) }))
	return newPanel(append(all, buttons(do...))...)
}

func (v *profilesView) use(profile string) {
	v.w.app.work.run(text.T("profiles.using", text.Values{"Name": name(profile)}), func(ctx context.Context) error {
		return v.bridge.UseProfile(ctx, profile)
	}, nil)
}

func (v *profilesView) remove(profile string) {
	shown := text.Values{"Name": name(profile)}
	confirm(v.w, text.T("profiles.remove_title", shown), text.T("profiles.remove_text"), text.T("profiles.remove_do"), func() {
		var warning string
		v.w.app.work.run(text.T("profiles.removing", shown), func(ctx context.Context) (err error) {
			warning, err = v.bridge.RemoveProfile(ctx, profile)
			return err
		}, func() {
			if warning != "" {
				v.w.app.work.news(text.T("profiles.removed", shown), plain(warning, longestText))
			}
		})
	})
}

// rename asks for a new name. What does not work is said on the sheet, where it can be mended.
func (v *profilesView) rename(profile string) *sheet {
	s := newSheet(v.w, text.T("profiles.rename_title", text.Values{"Name": name(profile)}), 420)
	field, wrong := widget.NewEntry(), paragraph("")
	field.SetText(profile)
	wrong.Importance = widget.DangerImportance
	wrong.Hide()
	save := func() {
		to := field.Text
		v.w.app.work.start(text.T("profiles.renaming"), func(ctx context.Context) error { return v.bridge.RenameProfile(ctx, profile, to) }, func(err error) {
			if err != nil {
				wrong.SetText(sentence(err))
				wrong.Show()
				s.fit()
				return
			}
			s.Hide()
		})
	}
	field.OnSubmitted = func(string) { save() }
	s.Show()
	s.page(container.NewVBox(aside(text.T("profiles.name_hint")), scrolling(field, s.turned), wrong), field,
		newButton(text.T("window.cancel"), nil, s.Hide), newButton(text.T("profiles.rename_do"), nil, save).main())
	return s
}

func (v *profilesView) clientRow(id string) fyne.CanvasObject {
	do := newButton(text.T("profiles.google_replace"), theme.FolderOpenIcon(), v.chooseClient)
	if id == "" {
		return newPanel(titled(text.T("profiles.google"), text.T("profiles.google_missing")), buttons(do))
	}
	return newPanel(titled(text.T("profiles.google"), text.T("profiles.google_text")), code(plain(id, longestLine)), buttons(do))
}

// addProfile opens the page of profiles, with the way of adding one.
func (w *window) addProfile() {
	w.open(viewProfiles)
	w.profiles.add()
}
