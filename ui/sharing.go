package ui

import (
	"cmp"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/ui/text"
)

// The states of the page besides the tunnel's: something must be done before sharing can be switched on, or all is locked
// down.
const (
	needed tunnel.State = "needs"
	shut   tunnel.State = "shut"
)

// sharing is how the public side stands, in words.
type sharing struct {
	State    tunnel.State
	Provider string
	URL      string // at which it is reached, or will be, as it is copied; "" if that is not known
	Why      string // what is wrong, or missing
	Account  bool   // what is wrong is mended with another account
	Kept     bool   // the owner has just connected an account
	Ending   bool
}

// sharingOf reads how it stands. What the owner has asked for a moment ago is not in the snapshot yet.
func sharingOf(s desk.Snapshot, asked, ending bool) sharing {
	t := s.Tunnel
	sh := sharing{State: t.State, Provider: t.Provider, URL: t.URL, Ending: ending}
	switch {
	case asked && !t.Up():
		sh.State = tunnel.Connecting
		if t.State != tunnel.Failed { // or it is that of before
			sh.Why = text.Sentence(faultWord(t))
		}
	case s.LockedDown && !t.On():
		sh.State = shut
	case unreached(t):
		sh.Why = text.Sentence(foundWord(t))
	case t.State == tunnel.Failed:
		sh.Why, sh.Account = text.Sentence(faultWord(t)), faultOfAccount(t)
	case t.State == tunnel.Connecting:
		sh.Why = text.Sentence(faultWord(t))
	case t.On():
	case t.Needs != "":
		sh.State, sh.Why = needed, needsWord(t)
	default:
		sh.State = tunnel.Off
		if still(s) {
			sh.Why = text.Sentence(foundWord(t))
		}
	}
	if sh.URL == "" {
		sh.URL = addressOf(s)
	}
	return sh
}

// addressOf is the address that it will have, "" if that is not known yet.
func addressOf(s desk.Snapshot) string {
	switch domain, own := s.Setting("tunnel.domain"), s.Setting("tunnel.url"); {
	case s.Tunnel.Provider == settings.OwnURL && own != "":
		return own + "/mcp"
	case s.Tunnel.Provider == settings.Ngrok && domain != "":
		return "https://" + domain + "/mcp"
	}
	return ""
}

// needsWord says what must be done first.
func needsWord(t desk.Tunnel) string {
	switch t.Provider {
	case settings.Ngrok:
		return text.T("share.needs_ngrok")
	case settings.OwnURL:
		return text.T("share.needs_own")
	}
	return text.Sentence(plain(t.Needs, longestText))
}

func (v *shareView) headRow(s sharing) fyne.CanvasObject {
	v.switchOf = nil
	switch s.State {
	case shut:
		lift := newButton(text.T("window.lift"), nil, v.w.switches.lift).main()
		return v.standing(s, theme.ErrorIcon(), theme.ColorNameError, text.T("share.shut"), text.T("share.shut_text"), v.near.box, buttons(lift))
	case needed:
		return v.standing(s, theme.InfoIcon(), theme.ColorNamePrimary, text.T("share.needed"), s.Why, v.near.box, v.meaning(s))
	case tunnel.Connecting:
		cancel := newButton(text.T("window.cancel"), nil, v.switchOff)
		if s.Ending {
			cancel.Disable()
		}
		return v.standing(s, theme.MoreHorizontalIcon(), theme.ColorNamePrimary, text.T("share.connecting"), why(s, text.T("share.connecting_text")),
			container.NewPadded(widget.NewProgressBarInfinite()), v.near.box, buttons(cancel))
	case tunnel.Online:
		if s.Why != "" {
			return v.standing(s, theme.WarningIcon(), theme.ColorNameWarning, text.T("share.unreached"), text.T("share.unreached_text", text.Values{"Why": s.Why}), v.address(s), v.near.box)
		}
		return v.standing(s, theme.UploadIcon(), theme.ColorNameError, text.T("share.on"), text.T("share.on_text"), v.address(s), v.near.box)
	case tunnel.Reconnecting:
		return v.standing(s, theme.ViewRefreshIcon(), theme.ColorNameWarning, text.T("share.reconnecting"), text.T("share.reconnecting_text"), v.near.box, v.address(s))
	case tunnel.Failed:
		return v.standing(s, theme.ErrorIcon(), theme.ColorNameError, text.T("share.failed"), why(s, text.T("share.failed_text")), v.near.box, v.failed(s))
	}
	v.switchOf = newButton(text.T("share.switch"), theme.UploadIcon(), v.switchOn)
	if s.Why != "" { // it is off, and yet somebody answers: first things first
		return v.standing(s, theme.WarningIcon(), theme.ColorNameWarning, text.T("tray.tunnel_still"), s.Why, v.near.box, buttons(v.switchOf))
	}
	v.switchOf.main()
	rest := []fyne.CanvasObject{v.meaning(s), v.near.box, buttons(v.switchOf)}
	if s.Kept {
		rest = append([]fyne.CanvasObject{container.NewBorder(nil, nil, lead(theme.ConfirmIcon(), theme.ColorNameSuccess), nil, paragraph(text.T("share.account_kept")))}, rest...)
	}
	return v.standing(s, theme.ComputerIcon(), theme.ColorNamePrimary, text.T("share.off_title"), text.T("share.off"), rest...)
}

// failed are the ways on after that, the likeliest to lead out first.
func (v *shareView) failed(s sharing) fyne.CanvasObject {
	again := newButton(text.T("window.try_again"), theme.ViewRefreshIcon(), v.switchOn)
	other := newButton(text.T("share.account_change"), nil, v.account.change)
	leave := newButton(text.T("share.leave"), nil, v.switchOff)
	switch {
	case s.Account:
		return buttons(other.main(), again, leave)
	case s.Provider == settings.Ngrok:
		return buttons(again.main(), other, leave)
	}
	return buttons(again.main(), leave)
}

// standing is a panel that says how it stands.
func (v *shareView) standing(s sharing, sign fyne.Resource, color fyne.ThemeColorName, title, says string, rest ...fyne.CanvasObject) fyne.CanvasObject {
	big := container.NewGridWrap(fyne.NewSquareSize(36), icon(sign, color))
	head := widget.NewLabel(title)
	head.SizeName, head.TextStyle.Bold, head.Wrapping = theme.SizeNameSubHeadingText, true, fyne.TextWrapWord
	all := []fyne.CanvasObject{container.NewBorder(nil, nil, container.NewVBox(container.NewPadded(big)), nil, column(head, paragraph(says)))}
	return newPanel(append(all, rest...)...).edged(color)
}

// meaning says what it is to share, before the owner does.
func (v *shareView) meaning(s sharing) fyne.CanvasObject {
	if s.Provider == settings.OwnURL {
		return aside(text.T("share.means") + " " + text.T("share.means_own"))
	}
	return aside(text.T("share.means") + " " + text.T("share.means_ngrok"))
}

// address is where it is reached: to read, to copy, and for the camera of a phone.
func (v *shareView) address(s sharing) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedVBoxLayout(0), code(plain(s.URL, longestLine)), container.NewBorder(nil, nil, nil, container.NewVBox(qrCode(s.URL)),
		container.NewVBox(buttons(v.w.copier(text.T("share.copy"), s.URL)), aside(text.T("share.code_holds")))))
}

// why is what is wrong, or else what is said if nothing is.
func why(s sharing, otherwise string) string { return cmp.Or(s.Why, otherwise) }
