package ui

import (
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
	w      *window
	box    fyne.CanvasObject
	pick   *widget.Select
	rows   *rows[guideSteps]
	tunnel desk.Tunnel
}

// guideSteps are what is done at one assistant, in its order.
type guideSteps struct {
	Assistant, Steps string
	Visit            bool // ngrok puts a page of its own before, as it does on the free plan
}

func newGuide(w *window) *guide {
	g := &guide{w: w}
	g.rows = newRows(func(guideSteps) string { return "" }, guideRow)
	g.pick = widget.NewSelect([]string{"Claude", "ChatGPT", "Gemini CLI", text.T("share.guide_else")}, func(string) { g.show() })
	g.box = newPanel(container.NewBorder(nil, nil, nil, container.New(fixedWidth(230), g.pick), subheading(text.T("share.guide"))), g.rows.box)
	g.pick.SetSelectedIndex(0)
	return g
}

func (g *guide) update(t desk.Tunnel) {
	g.tunnel = t
	g.show()
}

func (g *guide) show() {
	address := text.T("share.guide_address")
	if g.tunnel.Up() {
		address = plain(g.tunnel.URL, longestLine)
	}
	v := text.Values{"URL": address}
	all := []string{text.T("share.guide_claude", v), text.T("share.guide_chatgpt", v), text.T("share.guide_gemini", v), text.T("share.guide_other", v)}
	if i := g.pick.SelectedIndex(); i >= 0 {
		g.rows.set([]guideSteps{{g.pick.Selected, all[i], g.tunnel.Provider == settings.Ngrok && (g.tunnel.Plan == "" || g.tunnel.Plan == "Free")}})
	}
}

func guideRow(s guideSteps) fyne.CanvasObject {
	all := column(paragraph(s.Steps))
	if s.Visit {
		all.Add(container.NewBorder(nil, nil, lead(theme.InfoIcon(), theme.ColorNamePrimary), nil, aside(text.T("share.guide_visit"))))
	}
	return all
}
