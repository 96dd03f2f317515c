package ui

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"rsc.io/qr"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/ui/text"
)

// shareView is the page of the public side: the address, who may ask there, and how assistants are told.
type shareView struct {
	w       *window
	root    fyne.CanvasObject
	head    *rows[sharing]
	off     *field // nil until the setting is known
	offBox  *fyne.Container
	pairing *pairing
	guide   *guide
}

// offAfter is the setting that ends sharing by itself.
const offAfter = "tunnel.off_after"

// sharing is how the public side stands.
type sharing struct {
	URL  string
	Used []string // clients that came that way, and when
}

func newShare(w *window) *shareView {
	v := &shareView{w: w, offBox: container.NewVBox(), pairing: newPairing(w), guide: newGuide(w)}
	v.head = newRows(func(sharing) string { return "" }, v.headRow)
	v.root = page(text.T("window.share"), nil, container.NewVBox(v.head.box, v.offBox, v.pairing.rows.box, v.guide.box))
	return v
}

func (v *shareView) content() fyne.CanvasObject { return v.root }

func (v *shareView) update(s desk.Snapshot) {
	now := v.w.app.config.Now()
	sh := sharing{URL: s.Public}
	for _, c := range s.Clients {
		if s.Public != "" && c.LastFrom == activity.Public && len(c.Grants) > 0 {
			sh.Used = append(sh.Used, text.T("share.used", text.Values{"Client": name(c.Name), "When": ago(c.LastUsedAt, now)}))
		}
	}
	v.head.set([]sharing{sh})
	v.updateOff(s.Settings)
	v.pairing.update(s)
	v.guide.update(s.Public)
}

// updateOff shows after how long sharing ends by itself.
func (v *shareView) updateOff(all []desk.Setting) {
	for _, one := range all {
		switch {
		case one.Name != offAfter:
		case v.off == nil:
			v.off = v.w.settings.newField(one)
			v.offBox.Add(newPanel(v.off.box))
		default:
			v.off.update(one)
		}
	}
}

func (v *shareView) headRow(s sharing) fyne.CanvasObject {
	if s.URL == "" {
		off := widget.NewCheck(text.T("share.switch"), nil)
		off.Disable()
		return newPanel(off, paragraph(text.T("share.off")), aside(text.T("share.off_own")), code(v.w.app.config.Command+" serve --public-url https://postern.example.com"))
	}
	who := column()
	for _, u := range s.Used {
		who.Add(line(u))
	}
	if len(s.Used) == 0 {
		who.Add(aside(text.T("share.used_none")))
	}
	facts := container.NewVBox(titled(text.T("share.on"), text.T("share.on_text")),
		container.NewBorder(nil, nil, nil, container.NewVBox(v.w.copier(text.T("window.copy"), s.URL)), code(plain(s.URL, longestLine))),
		column(subheading(text.T("share.who")), who))
	return newPanel(container.NewBorder(nil, nil, nil, container.NewVBox(qrCode(s.URL)), facts)).edged(theme.ColorNameError)
}

// qrCode is an address for a phone's camera: the address alone, never a token. It is empty for one that is too long.
func qrCode(address string) fyne.CanvasObject {
	code, err := qr.Encode(address, qr.M)
	if err != nil {
		return container.NewStack()
	}
	const quiet = 4 // modules of white around it, which cameras need
	picture := image.NewNRGBA(image.Rect(0, 0, code.Size+2*quiet, code.Size+2*quiet))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				picture.SetNRGBA(x+quiet, y+quiet, color.NRGBA{A: 0xff})
			}
		}
	}
	img := canvas.NewImageFromImage(picture)
	img.FillMode, img.ScaleMode = canvas.ImageFillContain, canvas.ImageScalePixels
	img.SetMinSize(fyne.NewSquareSize(160))
	return img
}

// guide tells, for each assistant, how it is connected from outside.
type guide struct {
	w      *window
	box    fyne.CanvasObject
	pick   *widget.Select
	rows   *rows[guideSteps]
	public string
}

type guideSteps struct{ Assistant, Text, URL string }

func newGuide(w *window) *guide {
	g := &guide{w: w}
	g.rows = newRows(func(guideSteps) string { return "" }, func(s guideSteps) fyne.CanvasObject { return paragraph(s.Text) })
	g.pick = widget.NewSelect([]string{"Claude", "ChatGPT", "Gemini"}, func(string) { g.show() })
	g.box = newPanel(container.NewBorder(nil, nil, nil, container.New(fixedWidth(230), g.pick), subheading(text.T("share.guide"))), g.rows.box)
	g.pick.SetSelectedIndex(0)
	return g
}

func (g *guide) update(public string) {
	g.public = public
	g.show()
}

func (g *guide) show() {
	address := g.public
	if address == "" {
		address = text.T("share.guide_address")
	}
	v := text.Values{"URL": plain(address, longestLine)}
	all := []string{text.T("share.guide_claude", v), text.T("share.guide_chatgpt", v), text.T("share.guide_gemini", v)}
	if i := g.pick.SelectedIndex(); i >= 0 {
		g.rows.set([]guideSteps{{g.pick.Selected, all[i], g.public}})
	}
}
