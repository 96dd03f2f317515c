package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/ui/text"
)

// span is how long something is given for.
type span struct {
	title string
	ends  func(now time.Time) time.Time
}

// spans are those to choose from, with the place of the usual one.
func spans(usual int) (all []span, at int) {
	after := func(d time.Duration) func(time.Time) time.Time {
		return func(now time.Time) time.Time { return now.Add(d) }
	}
	all = []span{{text.T("clients.one_hour"), after(time.Hour)}}
	lasting := []int{1, 30, longestUnasked}
	if !slices.Contains(lasting, usual) {
		lasting = append(lasting, usual)
		slices.Sort(lasting)
	}
	for _, n := range lasting {
		if n == usual {
			at = len(all)
		}
		all = append(all, span{text.N("clients.days", n), after(time.Duration(n) * oneDay)})
	}
	return append(all, span{text.T("window.until_revoked"), func(time.Time) time.Time { return time.Time{} }}), at
}

const (
	oneDay = 24 * time.Hour
	// longestUnasked is for how many days a client from outside is let in at most, unless the owner asks for more.
	longestUnasked = 180
)

// usualDays is for how many days a client is let in by the setting for that, as the pop-up proposes it.
func usualDays(s desk.Snapshot) int {
	d, err := settings.Span(s.Setting("oauth.grant"))
	if err != nil || d < oneDay { // "never", for one
		return longestUnasked
	}
	return int(d / oneDay)
}

// terms is a form of what a client is given: profiles, scopes in plain words, and until when.
type terms struct {
	box              *fyne.Container
	profiles, scopes []choice
	lasts            *widget.Select
	spans            []span
}

// choice is a box to tick.
type choice struct {
	id, title string
	check     *widget.Check
}

// newTerms makes the form. It proposes so many days; keep, if it is not nil, is what is ticked and when it ends now.
func newTerms(profiles, scopes []approval.Choice, keep *desk.Grant, days int, now time.Time) *terms {
	t := &terms{}
	var heldProfiles, heldScopes []desk.Choice
	var at int
	t.spans, at = spans(days)
	if keep != nil {
		heldProfiles, heldScopes, at = keep.Profiles, keep.Scopes, 0
		ends := keep.ExpiresAt
		t.spans = slices.Insert(t.spans, 0, span{text.T("clients.as_now", text.Values{"Until": until(ends, now)}), func(time.Time) time.Time { return ends }})
	}
	t.profiles = choices(profiles, heldProfiles, func(approval.Choice) bool { return keep == nil && len(profiles) == 1 })
	t.scopes = choices(scopes, heldScopes, func(c approval.Choice) bool { return keep == nil && isReading(c) })
	titles := make([]string, len(t.spans))
	for i, s := range t.spans {
		titles[i] = s.title
	}
	t.lasts = widget.NewSelect(titles, nil)
	t.lasts.SetSelectedIndex(at)
	t.box = container.NewVBox(subheading(text.T("clients.profiles")), boxes(t.profiles), subheading(text.T("clients.may")), boxes(t.scopes),
		subheading(text.T("clients.until")), t.lasts)
	return t
}

// isReading reports whether a scope is one of reading alone, which is proposed.
func isReading(c approval.Choice) bool {
	return !c.Risky && len(c.ID) > 5 && c.ID[len(c.ID)-5:] == ":read"
}

func choices(all []approval.Choice, held []desk.Choice, usual func(approval.Choice) bool) []choice {
	var out []choice
	for _, c := range all {
		title := name(c.Title)
		if c.Risky {
			title = text.T("clients.risky", text.Values{"Scope": title})
		}
		one := choice{c.ID, title, widget.NewCheck(title, nil)}
		one.check.Checked = usual(c) || slices.ContainsFunc(held, func(h desk.Choice) bool { return h.ID == c.ID })
		out = append(out, one)
	}
	return out
}

func boxes(all []choice) *fyne.Container {
	box := column()
	for _, c := range all {
		box.Add(c.check)
	}
	return box
}

func ticked(all []choice) []string {
	var ids []string
	for _, c := range all {
		if c.check.Checked {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// given is what the form says.
func (t *terms) given(now time.Time) (approval.Terms, error) {
	out := approval.Terms{Profiles: ticked(t.profiles), Scopes: ticked(t.scopes)}
	if i := t.lasts.SelectedIndex(); i >= 0 {
		out.Expires = t.spans[i].ends(now)
	}
	switch {
	case len(out.Profiles) == 0:
		return out, errors.New(text.T("clients.no_profile"))
	case len(out.Scopes) == 0:
		return out, errors.New(text.T("clients.no_scope"))
	}
	return out, nil
}

// change lets the owner change a grant.
func (v *clientsView) change(c clientCard, g desk.Grant) {
	var profiles, scopes []approval.Choice
	v.w.app.work.run(text.T("clients.choices"), func(ctx context.Context) (err error) {
		profiles, scopes, err = v.bridge.GrantChoices(ctx)
		return err
	}, func() {
		form := newTerms(profiles, scopes, &g, longestUnasked, v.w.app.config.Now())
		v.w.form(text.T("clients.change_title", text.Values{"Client": c.Title}), form.box, text.T("clients.change_do"), text.T("clients.changing"), func() (call, error) {
			t, err := form.given(v.w.app.config.Now())
			return func(ctx context.Context) error { return v.bridge.ChangeGrant(ctx, g.ID, t) }, err
		}, nil)
	})
}

// call is a call to the bridge.
type call = func(context.Context) error

// form shows a form on a sheet. read makes what it says into a call. What does not work is said there, where it can be mended.
func (w *window) form(title string, fields *fyne.Container, do, doing string, read func() (call, error), then func()) {
	s := newSheet(w, title, 460)
	wrong := paragraph("")
	wrong.Importance = widget.DangerImportance
	wrong.Hide()
	stop := func() {}
	s.SetOnClosed(func() { stop() })
	var save *button
	sorry := func(err error) {
		wrong.SetText(sentence(err))
		wrong.Show()
		s.fit()
		s.scroll.ScrollToBottom()
	}
	save = newButton(do, nil, func() {
		send, err := read()
		if err != nil {
			sorry(err)
			return
		}
		save.Disable()
		stop = w.app.work.start(doing, send, func(err error) {
			save.Enable()
			if err != nil {
				sorry(err)
				return
			}
			s.Hide()
			if then != nil {
				then()
			}
		})
	}).main()
	s.Show()
	var first fyne.Focusable
	walk(fields, func(o fyne.CanvasObject) {
		if f, ok := o.(fyne.Focusable); ok && first == nil {
			first = f
		}
	})
	s.page(container.NewVBox(fields, wrong), first, newButton(text.T("window.cancel"), nil, s.Hide), save)
}
