package ui

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/desk"
	"postern/ui/text"
)

// pairing is the pairing window: the minutes in which new clients from the internet may ask.
type pairing struct {
	w      *window
	bridge Pairing
	rows   *rows[string]
	last   desk.Snapshot
}

func newPairing(w *window) *pairing {
	p := &pairing{w: w, bridge: w.app.config.Bridge}
	p.rows = newRows(func(string) string { return "" }, p.row)
	return p
}

func (p *pairing) update(s desk.Snapshot) {
	p.last = s
	if s.LockedDown { // then nobody may ask
		p.rows.set(nil)
		return
	}
	p.rows.set([]string{p.until()})
}

// until is until when they may ask, "" if they may not.
func (p *pairing) until() string {
	if now := p.w.app.config.Now(); p.last.PairingUntil.After(now) {
		return clock(p.last.PairingUntil, now)
	}
	return ""
}

// row tells whether it is open, and until when.
func (p *pairing) row(open string) fyne.CanvasObject {
	code := newButton(text.T("share.make_code"), nil, p.makeCode)
	if open != "" {
		return newPanel(titled(text.T("share.pairing_open", text.Values{"Time": open}), text.T("share.pairing_open_text")),
			buttons(newButton(text.T("share.pairing_close"), nil, p.close), code)).edged(theme.ColorNamePrimary)
	}
	return newPanel(titled(text.T("share.pairing"), text.T("share.pairing_text")),
		buttons(newButton(text.T("share.pairing_do"), theme.LoginIcon(), p.open), code))
}

func (p *pairing) open() {
	p.w.app.work.run(text.T("share.pairing_opening"), func(ctx context.Context) error {
		_, err := p.bridge.OpenPairing(ctx)
		return err
	}, nil)
}

func (p *pairing) close() {
	p.w.app.work.run(text.T("share.pairing_closing"), p.bridge.ClosePairing, nil)
}

// makeCode asks what a code is to give, makes it, and shows it once.
func (p *pairing) makeCode() {
	var profiles, scopes []approval.Choice
	p.w.app.work.run(text.T("clients.choices"), func(ctx context.Context) (err error) {
		profiles, scopes, err = p.bridge.GrantChoices(ctx)
		return err
	}, func() {
		form := newTerms(profiles, scopes, nil, usualDays(p.w.app.last), p.w.app.config.Now())
		names := map[string]string{}
		for _, one := range p.last.Profiles {
			names[one.ID] = one.Name
		}
		var made desk.PairingCode
		p.w.form(text.T("share.code_title"), container.NewVBox(aside(text.T("share.code_text")), form.box), text.T("share.code_do"), text.T("share.code_making"),
			func() (call, error) {
				t, err := form.given(p.w.app.config.Now())
				var chosen []string
				for _, id := range t.Profiles {
					chosen = append(chosen, names[id])
				}
				chosen = slices.DeleteFunc(chosen, func(n string) bool { return n == "" })
				return func(ctx context.Context) (err error) {
					made, err = p.bridge.MakePairingCode(ctx, chosen, t.Scopes, t.Expires)
					return err
				}, err
			}, func() { p.showCode(made) })
	})
}

// showCode shows a code as long as the owner looks at it: it is kept nowhere.
func (p *pairing) showCode(c desk.PairingCode) {
	s := newSheet(p.w, text.T("share.code_title"), 420)
	big := widget.NewLabelWithStyle(c.Code, fyne.TextAlignCenter, fyne.TextStyle{Bold: true, Monospace: true})
	big.SizeName = theme.SizeNameHeadingText
	s.Show()
	done := newButton(text.T("profiles.close"), nil, s.Hide).main()
	s.page(container.NewVBox(big, paragraph(text.T("share.code_made", text.Values{"Time": clock(c.Until, p.w.app.config.Now())}))),
		done, p.w.copier(text.T("window.copy"), c.Code), done)
}
