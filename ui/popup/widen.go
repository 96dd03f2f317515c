package popup

import (
	"fyne.io/fyne/v2"

	"postern/internal/approval"
	"postern/ui/text"
)

// widenCard asks whether a client that is in gets more.
func widenCard(r approval.Request, a acts) *card {
	var plainly, seen []fyne.CanvasObject
	if r.Offer != nil {
		for _, s := range r.Offer.Scopes {
			if s.Risky {
				seen = append(seen, bold("• "+scopeTitle(s)))
			} else {
				plainly = append(plainly, bold("• "+scopeTitle(s)))
			}
		}
	}
	body := below(2)
	if len(plainly) > 0 {
		body.Add(row(text.T("popup.wants"), below(-12, plainly...)))
	}
	if len(seen) > 0 {
		label := text.T("popup.wants")
		if len(plainly) > 0 {
			label = text.T("popup.risky")
		}
		body.Add(row(label, box(amber, below(-12, append(seen, plain(text.T("popup.risky.note")))...))))
	}
	body.Add(row(text.T("popup.calls"), bold(quoted(r))))
	if w := warnings(r); len(w) > 0 {
		body.Add(box(red, below(-12, w...)))
	}
	body.Add(fields(r, a.hands))
	return frame(r, text.T("popup.widen.title", text.Values{"Client": called(r)}), body, nil, nil, a, true)
}
