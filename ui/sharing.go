package ui

import (
	"cmp"
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/ui/text"
)

// needed is the state of the page in which something must be done before sharing can be switched on; the others are the
// tunnel's.
const needed tunnel.State = "needs"

// sharing is how the public side stands, in words.
type sharing struct {
	State    tunnel.State
	Provider string
	URL      string // at which it is reached, or will be, as it is copied; "" if that is not known
	Why      string // what is wrong, or missing
	Ending   bool
}

// sharingOf reads how it stands. What the owner has asked for a moment ago is not in the snapshot yet.
func sharingOf(s desk.Snapshot, asked, ending bool) sharing {
	t := s.Tunnel
	sh := sharing{State: t.State, Provider: t.Provider, URL: t.URL, Why: text.Sentence(faultWord(t)), Ending: ending}
	switch {
	case asked && !t.Up():
		sh.State = tunnel.Connecting
		if t.State == tunnel.Failed {
			sh.Why = ""
		}
	case t.On(), t.State == tunnel.Failed:
	case t.Needs != "":
		sh.State, sh.Why = needed, needsWord(t)
	default:
		sh.State, sh.Why = tunnel.Off, ""
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
	switch s.State {
	case needed:
		return v.standing(s, theme.InfoIcon(), theme.ColorNamePrimary, text.T("share.needed"), s.Why, v.meaning(s))
	case tunnel.Connecting:
		cancel := newButton(text.T("window.cancel"), nil, v.switchOff)
		if s.Ending {
			cancel.Disable()
		}
		return v.standing(s, theme.MoreHorizontalIcon(), theme.ColorNamePrimary, text.T("share.connecting"), why(s, text.T("share.connecting_text")),
			container.NewPadded(widget.NewProgressBarInfinite()), v.details.box, buttons(cancel))
	case tunnel.Online:
		return v.standing(s, theme.UploadIcon(), theme.ColorNameError, text.T("share.on"), text.T("share.on_text"), v.address(s), v.details.box)
	case tunnel.Reconnecting:
		return v.standing(s, theme.ViewRefreshIcon(), theme.ColorNameWarning, text.T("share.reconnecting"), why(s, text.T("share.reconnecting_text")), v.address(s), v.details.box)
	case tunnel.Failed:
		do := buttons(newButton(text.T("window.try_again"), theme.ViewRefreshIcon(), v.switchOn).main())
		if s.Provider == settings.Ngrok {
			more(do, newButton(text.T("share.account_change"), nil, v.account.change))
		}
		more(do, newButton(text.T("share.leave"), nil, v.switchOff))
		return v.standing(s, theme.ErrorIcon(), theme.ColorNameError, text.T("share.failed"), why(s, text.T("share.failed_text")), v.details.box, do)
	}
	do := buttons(newButton(text.T("share.switch"), theme.UploadIcon(), v.switchOn).main())
	return v.standing(s, theme.ComputerIcon(), theme.ColorNamePrimary, text.T("share.off_title"), text.T("share.off"), v.meaning(s), v.details.box, do)
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

// detail is one thing to know of it.
type detail struct {
	Label, Text string
	Bad         bool
}

func detailRow(d detail) fyne.CanvasObject {
	says := paragraph(d.Text)
	if d.Bad {
		says.Importance = widget.WarningImportance
	}
	return labelled(d.Label, says)
}

// detailsOf are what there is to know of it, with who has come by it.
func detailsOf(s desk.Snapshot, now time.Time) []detail {
	t := s.Tunnel
	var all []detail
	add := func(on bool, label, says string, bad bool) {
		if on {
			all = append(all, detail{label, says, bad})
		}
	}
	if !t.Up() {
		add(t.State == tunnel.Off && addressOf(s) != "", text.T("share.address"), plain(addressOf(s), longestLine), false)
	} else {
		add(!t.Since.IsZero(), text.T("share.since"), sinceOf(t, now), false)
	}
	add(t.Code != "" && t.State != tunnel.Off, text.T("share.fault"), plain(t.Code, 40), false)
	add(t.Account != "", text.T("share.account"), name(t.Account), false) // the owner sees it if it is not theirs
	add(t.Plan != "", text.T("share.plan"), plain(t.Plan, 40), false)
	if t.Up() {
		last := text.T("share.last_none")
		if !t.LastCall.IsZero() {
			last = text.Sentence(ago(t.LastCall, now))
		}
		add(true, text.T("share.last"), last, false)
	}
	add(t.Up() || t.Requests > 0, text.T("share.requests"), requestsOf(t), t.NearLimit())
	add(t.Check.What != "", text.T("share.check"), text.Sentence(foundWord(t)), t.Check.Bad())
	add(t.Provider == settings.Ngrok && (t.ConnectURL != "" || t.CAFile != ""), text.T("share.service"), serviceOf(t), true)
	if t.Up() {
		add(true, text.T("share.who"), whoOf(s, now), false)
	}
	return all
}

// sinceOf says since when, and until when.
func sinceOf(t desk.Tunnel, now time.Time) string {
	v := text.Values{"Since": clock(t.Since, now)}
	if t.Until.IsZero() {
		return text.T("share.since_open", v)
	}
	v["Until"] = clock(t.Until, now)
	return text.T("share.since_until", v)
}

func requestsOf(t desk.Tunnel) string {
	switch n := thousands(t.Requests); {
	case t.NearLimit():
		return text.T("share.requests_near", text.Values{"Count": n, "Limit": thousands(t.Limit)})
	case t.Limit > 0:
		return text.T("share.requests_of", text.Values{"Count": n, "Limit": thousands(t.Limit)})
	default:
		return text.T("share.requests_count", text.Values{"Count": n})
	}
}

// thousands is a number as people write it.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + text.T("window.thousands") + s[i:]
	}
	return s
}

// serviceOf says that it is not ngrok's own service.
func serviceOf(t desk.Tunnel) string {
	at, with := plain(t.ConnectURL, longestLine), plain(t.CAFile, longestLine)
	switch {
	case with == "":
		return text.T("share.service_at", text.Values{"Address": at})
	case at == "":
		return text.T("share.service_with", text.Values{"File": with})
	}
	return text.T("share.service_both", text.Values{"Address": at, "File": with})
}

// whoOf are the clients that came that way, and when.
func whoOf(s desk.Snapshot, now time.Time) string {
	const most = 5
	var all []string
	for _, c := range s.Clients {
		if c.LastFrom == activity.Public && len(c.Grants) > 0 && len(all) < most {
			all = append(all, text.T("share.used", text.Values{"Client": name(c.Name), "When": ago(c.LastUsedAt, now)}))
		}
	}
	if len(all) == 0 {
		return text.T("share.used_none")
	}
	out := all[0]
	for _, one := range all[1:] {
		out += "\n" + one
	}
	return out
}
