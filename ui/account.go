package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/ui/text"
)

// The pages of ngrok's where the owner finds what the form asks for.
const (
	ngrokSignUp    = "https://dashboard.ngrok.com/signup"
	ngrokAuthtoken = "https://dashboard.ngrok.com/get-started/your-authtoken"
	ngrokDomains   = "https://dashboard.ngrok.com/domains"
)

// account is the form for the owner's account at ngrok. The authtoken stands in its field until it is kept, and nowhere
// after that.
type account struct {
	w        *window
	bridge   Bridge
	box      *fyne.Container // empty if the form is closed
	token    *widget.Entry
	domain   *widget.Entry
	wrong    *widget.Label
	save     *button
	first    bool // there is no account yet
	changing bool // the owner wants another
	busy     bool
	known    string              // the domain that there is
	shown    func()              // scrolls to it
	kept     func(desk.Snapshot) // is told that an account is connected, and how it stands since
}

func newAccount(w *window) *account {
	return &account{w: w, bridge: w.app.config.Bridge, box: container.NewVBox()}
}

// update opens the form if there is no account, and closes it when there is one. What is typed stays.
func (a *account) update(missing bool, s desk.Snapshot) {
	a.known = s.Setting("tunnel.domain")
	if s.Tunnel.On() {
		a.changing = false
	}
	a.first = missing
	switch open := missing || a.changing; {
	case open == (len(a.box.Objects) > 0):
	case open:
		a.open()
	default:
		a.close()
	}
}

// change opens the form for another account than the one that there is.
func (a *account) change() {
	a.changing = true
	if len(a.box.Objects) == 0 {
		a.open()
	}
	a.shown()
	a.w.Canvas().Focus(a.token)
}

func (a *account) open() {
	a.token, a.domain, a.wrong = widget.NewPasswordEntry(), widget.NewEntry(), paragraph("")
	a.token.SetPlaceHolder(text.T("share.account_token_hint"))
	a.domain.SetPlaceHolder("name.ngrok-free.dev")
	a.domain.SetText(plain(a.known, longestLine))
	a.token.OnSubmitted = func(string) { a.w.Canvas().Focus(a.domain) }
	a.domain.OnSubmitted = func(string) { a.keep() }
	a.wrong.Importance = widget.DangerImportance
	a.wrong.Hide()
	a.save = newButton(text.T("share.account_save"), nil, a.keep).main()
	link := func(label, address string) fyne.CanvasObject {
		return newButton(label, nil, func() { a.w.browse(address) })
	}
	under := func(e *widget.Entry) fyne.CanvasObject {
		return container.NewBorder(nil, nil, container.New(fixedWidth(32), container.NewStack()), nil, container.NewPadded(scrolling(e, a.w.turned)))
	}
	title, do := text.T("share.account_first"), buttons(a.save)
	all := container.NewVBox()
	if a.changing {
		title = text.T("share.account_other")
		all.Add(container.NewBorder(nil, nil, lead(theme.WarningIcon(), theme.ColorNameWarning), nil, paragraph(text.T("share.account_warning"))))
		more(do, newButton(text.T("window.cancel"), nil, func() {
			a.changing = false
			a.close()
		}))
	}
	all.Add(stepRow(1, false, text.T("share.account_1"), text.T("share.account_1_text"), link(text.T("share.account_1_do"), ngrokSignUp)))
	all.Add(stepRow(2, false, text.T("share.account_2"), text.T("share.account_2_text"), link(text.T("share.account_2_do"), ngrokAuthtoken)))
	all.Add(under(a.token))
	all.Add(stepRow(3, false, text.T("share.account_3"), text.T("share.account_3_text"), link(text.T("share.account_3_do"), ngrokDomains)))
	all.Add(under(a.domain))
	all.Add(a.wrong)
	all.Add(do)
	a.box.Objects = []fyne.CanvasObject{newPanel(groupHeading(title), all)}
	a.box.Refresh()
}

// close puts the form away, and what was typed with it.
func (a *account) close() {
	a.token.SetText("")
	a.box.Objects = nil
	a.box.Refresh()
}

// keep hands what was typed to the bridge.
func (a *account) keep() {
	if a.busy {
		return
	}
	token, domain := strings.TrimSpace(a.token.Text), strings.TrimSpace(a.domain.Text)
	switch {
	case token == "":
		a.refuse(text.T("share.account_no_token"), a.token)
		return
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		a.refuse(text.T("share.account_bad_token"), a.token)
		return
	case !isDomain(domain): // it may be the authtoken: what the bridge says would quote it
		a.refuse(text.T("share.account_no_domain"), a.domain)
		return
	}
	a.busy = true
	a.wrong.Hide()
	a.save.Disable()
	after := a.w.app.last
	a.w.app.work.start(text.T("share.account_saving"), func(ctx context.Context) error {
		if err := a.bridge.TunnelLogin(ctx, token, domain); err != nil {
			return err
		}
		if s, err := a.bridge.Snapshot(ctx, a.w.app.config.Version); err == nil { // or else the next one shows it
			after = s
		}
		return nil
	}, func(err error) {
		a.busy = false
		a.save.Enable()
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, desk.ErrNotGiven):
		case err != nil:
			a.refuse(strings.ReplaceAll(sentence(err), token, "…"), a.token)
		default:
			a.changing = false
			a.first = false
			a.close()
			a.kept(after)
		}
	})
}

// isDomain reports whether it can be the domain of an account.
func isDomain(s string) bool {
	host, err := settings.Domain(s)
	return err == nil && strings.Contains(host, ".")
}

// refuse says what is wrong, and leads to where it is mended.
func (a *account) refuse(why string, at fyne.Focusable) {
	a.wrong.SetText(why)
	a.wrong.Show()
	a.w.Canvas().Focus(at)
}
