package ui

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/ui/text"
)

// detail is one thing to know of how it is shared.
type detail struct {
	Label, Text string
	Near        bool // it stands with how it stands, or else below, for those who look
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
	add := func(on bool, d detail) {
		if on {
			d.Near = d.Near || d.Bad
			all = append(all, d)
		}
	}
	add(t.State == tunnel.Off && addressOf(s) != "" && !s.LockedDown, detail{Label: text.T("share.address"), Text: plain(addressOf(s), longestLine), Near: true})
	add(t.State == tunnel.Reconnecting && faultWord(t) != "", detail{Label: text.T("share.cause"), Text: text.Sentence(faultWord(t)), Near: true})
	add(t.Code != "" && t.State != tunnel.Off, detail{Label: text.T("share.fault"), Text: plain(t.Code, 40), Near: true})
	add(t.Provider == settings.OwnURL && s.Setting("tunnel.behind") != "" && !s.LockedDown, detail{Label: text.T("share.proxy"),
		Text: text.T("share.proxy_to", text.Values{"Behind": plain(s.Setting("tunnel.behind"), longestLine)}), Near: true})
	add(t.Up() && !t.Since.IsZero(), detail{Label: text.T("share.since"), Text: sinceOf(t, now)})
	add(t.Account != "", detail{Label: text.T("share.account"), Text: name(t.Account)}) // the owner sees it if it is not theirs
	add(t.Plan != "", detail{Label: text.T("share.plan"), Text: plain(t.Plan, 40)})
	last := text.T("share.last_none")
	if !t.LastCall.IsZero() {
		last = text.Sentence(ago(t.LastCall, now))
	}
	add(t.Up(), detail{Label: text.T("share.last"), Text: last})
	add(t.Up() || t.Requests > 0, detail{Label: text.T("share.requests"), Text: requestsOf(t), Bad: t.NearLimit()})
	add(checked(t) && !still(s), detail{Label: text.T("share.check"), Text: text.Sentence(foundWord(t)), Near: t.State == tunnel.Off, Bad: t.Check.Bad()})
	add(t.Provider == settings.Ngrok && (t.ConnectURL != "" || t.CAFile != ""), detail{Label: text.T("share.service"), Text: serviceOf(t), Bad: true})
	add(t.Up(), detail{Label: text.T("share.who"), Text: whoOf(s, now)})
	return all
}

// checked reports whether what was found at the address is told among the details. That it is dead is a good end, and
// nothing to tell of one that failed.
func checked(t desk.Tunnel) bool {
	switch {
	case t.Check.What == "" || unreached(t): // or the title says it
		return false
	case t.State == tunnel.Off:
		return true
	}
	return t.Up() || t.Check.Bad()
}

// still reports whether the title says that the address answers although nothing is shared.
func still(s desk.Snapshot) bool {
	return s.Tunnel.State == tunnel.Off && s.Tunnel.Check.Bad() && s.Tunnel.Needs == "" && !s.LockedDown
}

// unreached reports whether it seems to be shared, and is not reached as it should be.
func unreached(t desk.Tunnel) bool { return t.State == tunnel.Online && t.Check.Bad() }

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
