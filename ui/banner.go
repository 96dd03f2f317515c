package ui

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"postern/internal/desk"
	"postern/tunnel"
	"postern/ui/text"
)

// copiedFor is how long a button says that it has copied.
const copiedFor = 2 * time.Second

// banner is something that must be known on every page.
type banner struct {
	Kind string // lockdown, trouble, locked, nokeychain, vault, waiting, tunnel, limit, paused, broken, shared, demo or notray
	Text string
	Do   string // what its button says; "" for none
}

// banners are those of a snapshot, the gravest first.
func banners(s desk.Snapshot, trayHost bool) []banner {
	var all []banner
	add := func(on bool, kind, says, do string) {
		if on {
			all = append(all, banner{kind, says, do})
		}
	}
	add(s.LockedDown, "lockdown", text.T("window.locked_down"), text.T("window.lift"))
	add(s.Trouble != "", "trouble", text.T("window.trouble", text.Values{"Why": plain(s.Trouble, longestText)}), "")
	switch v := s.Vault; {
	case v.Trouble == "":
	case v.Refused:
		add(true, "locked", text.T("window.vault_locked"), text.T("window.unlock"))
	case v.None:
		add(true, "nokeychain", text.T("window.vault_none"), text.T("window.vault_choose"))
	default:
		add(true, "vault", text.T("window.vault_trouble", text.Values{"Why": plain(v.Trouble, longestText)}), text.T("window.try_again"))
	}
	add(len(s.Waiting) > 0, "waiting", text.N("window.waiting", len(s.Waiting))+".", text.T("window.review"))
	add(s.Tunnel.Troubled(), "tunnel", troubleWord(s.Tunnel), text.T("window.see_share"))
	add(s.Tunnel.Up() && s.Tunnel.NearLimit(), "limit", text.T("window.near_limit", text.Values{"Count": thousands(s.Tunnel.Requests), "Limit": thousands(s.Tunnel.Limit)}), text.T("window.see_share"))
	add(s.Paused && !s.LockedDown, "paused", text.T("window.paused"), text.T("window.resume"))
	open := s.Public != "" && !s.Paused && !s.LockedDown
	says := text.T("window.shared")
	if unreached(s.Tunnel) {
		says = text.T("window.shared_unreached")
	}
	broken := s.Tunnel.State == tunnel.Reconnecting
	add(open && broken, "broken", text.T("share.reconnecting")+". "+text.T("share.reconnecting_text"), text.T("share.stop"))
	add(open && !broken, "shared", says, text.T("share.stop"))
	add(s.Demo, "demo", text.T("window.demo"), "")
	add(!trayHost, "notray", text.T("window.no_tray"), "")
	return all
}

func (w *window) bannerRow(b banner) fyne.CanvasObject {
	sign, color := theme.WarningIcon(), theme.ColorNameWarning
	var act func()
	switch b.Kind {
	case "lockdown":
		sign, color, act = theme.ErrorIcon(), theme.ColorNameError, w.switches.lift
	case "trouble":
		sign, color = theme.ErrorIcon(), theme.ColorNameError
	case "tunnel":
		sign, color, act = theme.ErrorIcon(), theme.ColorNameError, func() { w.open(viewShare) }
	case "limit":
		act = func() { w.open(viewShare) }
	case "locked":
		sign, act = theme.LoginIcon(), w.app.config.Retry
	case "vault":
		sign, color, act = theme.ErrorIcon(), theme.ColorNameError, w.app.config.Retry
	case "nokeychain":
		sign, color, act = theme.ErrorIcon(), theme.ColorNameError, w.chooseVault
	case "paused":
		act = func() { w.switches.pause(false) }
	case "waiting":
		sign, act = theme.QuestionIcon(), w.app.ShowRequests
	case "broken":
		sign, act = theme.ViewRefreshIcon(), w.share.switchOff
	case "shared":
		color, act = theme.ColorNameError, w.share.switchOff
	case "demo", "notray":
		sign, color = theme.InfoIcon(), theme.ColorNamePrimary
	}
	var do fyne.CanvasObject
	if b.Do != "" {
		one := newButton(b.Do, nil, act)
		if b.Kind == "waiting" {
			one.main()
		}
		do = container.NewCenter(one)
	}
	return newPanel(container.NewBorder(nil, nil, lead(sign, color), do, paragraph(b.Text))).edged(color)
}
