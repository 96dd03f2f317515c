package ui

import (
	"cmp"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/ui/text"
)

// guide tells, for each assistant, how it is connected from outside.
type guide struct {
	w       *window
	box     fyne.CanvasObject
	pick    *widget.Select
	rows    *rows[guideSteps]
	pairing *pairing
	tunnel  desk.Tunnel
	address string // that it has or will have; "" if that is not known
}

// guideSteps are what is done for one assistant, in its order: first here, and then there, a line each.
type guideSteps struct {
	Assistant, Steps string
	Up               bool   // the door can be opened to some purpose
	Open             string // until when new clients may ask; "" if they may not
	Visit            bool   // ngrok puts a page of its own before, as it does on the free plan
}

func newGuide(w *window, p *pairing) *guide {
	g := &guide{w: w, pairing: p}
	g.rows = newRows(func(guideSteps) string { return "" }, g.row)
	g.pick = widget.NewSelect([]string{"Claude", "ChatGPT", "Gemini CLI", text.T("share.guide_else")}, func(string) { g.show() })
	title := subheading(text.T("share.guide"))
	title.Truncation, title.Wrapping = fyne.TextTruncateOff, fyne.TextWrapWord
	g.box = newPanel(container.NewBorder(nil, nil, nil, container.New(fixedWidth(180), g.pick), title), g.rows.box)
	g.pick.SetSelectedIndex(0)
	return g
}

func (g *guide) update(s desk.Snapshot) {
	g.tunnel, g.address = s.Tunnel, addressOf(s)
	g.show()
}

func (g *guide) show() {
	address := plain(cmp.Or(g.tunnel.URL, g.address), longestLine)
	if address == "" {
		address = text.T("share.guide_address")
	}
	v := text.Values{"URL": address}
	all := []string{text.T("share.guide_claude", v), text.T("share.guide_chatgpt", v), text.T("share.guide_gemini", v), text.T("share.guide_other", v)}
	if i := g.pick.SelectedIndex(); i >= 0 {
		g.rows.set([]guideSteps{{Assistant: g.pick.Selected, Steps: all[i], Up: g.tunnel.Up(), Open: g.pairing.until(),
			Visit: g.tunnel.Provider == settings.Ngrok && (g.tunnel.Plan == "" || g.tunnel.Plan == "Free")}})
	}
}

func (g *guide) row(s guideSteps) fyne.CanvasObject {
	all := column()
	switch {
	case !s.Up:
		all.Add(numbered(1, false, paragraph(text.T("share.guide_first")), nil))
	case s.Open != "":
		all.Add(numbered(1, true, paragraph(text.T("share.pairing_open", text.Values{"Time": s.Open})), nil))
	default:
		all.Add(numbered(1, false, paragraph(text.T("share.guide_open")), nil))
	}
	for i, one := range strings.Split(s.Steps, "\n") {
		all.Add(numbered(i+2, false, paragraph(one), nil))
	}
	if s.Visit {
		all.Add(container.NewBorder(nil, nil, lead(theme.InfoIcon(), theme.ColorNamePrimary), nil, aside(text.T("share.guide_visit"))))
	}
	return all
}
