package popup

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/tool"
	"postern/ui/text"
)

// warnings are those of a preview, to be set on red.
func warnings(r approval.Request) []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for _, w := range r.Preview.Warnings {
		if words := line(tool.Reveal(said(w)), maxLine); words != "" {
			all = append(all, plain(words))
		}
	}
	return all
}

// long shows a text in whole, however long: what does not fit to be shown at once is opened piece by piece.
func long(s string, h *hands) *fyne.Container {
	parts := pieces(upright(tool.Reveal(s)))
	all := below(-8, plain(parts[0]))
	if len(parts) == 1 {
		return all
	}
	open := newButton(h, "", widget.MediumImportance, nil)
	say := func() { open.SetText(text.N("popup.rest", len(parts)-1)) }
	open.OnTapped = func() {
		parts = parts[1:]
		all.Objects = append(all.Objects[:len(all.Objects)-1], plain(parts[0]))
		if len(parts) > 1 {
			all.Add(open)
			say()
		}
		h.grown(nil)
	}
	say()
	all.Add(open)
	return all
}

// fields are what an action is made of, name by name; a list has its name once.
func fields(r approval.Request, h *hands) fyne.CanvasObject {
	all := below(-12)
	for i, f := range r.Preview.Fields {
		label := fieldTitle(f.Name)
		if i > 0 && r.Preview.Fields[i-1].Name == f.Name {
			label = ""
		}
		all.Add(row(label, value(f, h)))
	}
	return all
}

// value is what a field holds; what deserves a second look is red, and says so in words, too.
func value(f approval.Field, h *hands) fyne.CanvasObject {
	if !f.Alarm {
		return long(f.Value, h)
	}
	shown := long(f.Value, h)
	for _, o := range shown.Objects {
		if l, ok := o.(*widget.Label); ok {
			l.Importance, l.TextStyle.Bold = widget.DangerImportance, true
		}
	}
	var marks []string
	for _, m := range f.Marks {
		marks = append(marks, line(tool.Reveal(said(m)), maxName))
	}
	if len(marks) > 0 {
		l := plain(strings.Join(marks, " · "))
		l.Importance = widget.DangerImportance
		shown = below(-14, shown, l)
	}
	icon := container.New(inset{left: 8, top: 8}, widget.NewIcon(theme.NewErrorThemedResource(theme.WarningIcon())))
	return container.New(beside{[]float32{24}}, container.New(column{}, icon), container.New(column{}, shown))
}

// changes are what is other than it was asked, each run of lines in the colour and behind the sign of what became of it.
func changes(r approval.Request, h *hands) []fyne.CanvasObject {
	var all []fyne.CanvasObject
	for _, c := range r.Preview.Changes {
		lines := below(0)
		for i := 0; i < len(c.Lines); {
			l := c.Lines[i]
			if l.Folded > 0 {
				folded := plain(text.N("popup.folded", l.Folded))
				folded.TextStyle.Italic = true
				lines.Add(container.New(inset{left: barWidth}, folded))
				i++
				continue
			}
			run := []string{}
			for ; i < len(c.Lines) && c.Lines[i].Sign == l.Sign && c.Lines[i].Folded == 0; i++ {
				run = append(run, signs[l.Sign].mark+c.Lines[i].Text)
			}
			lines.Add(box(signs[l.Sign].tone, long(strings.Join(run, "\n"), h)))
		}
		if c.More > 0 {
			lines.Add(container.New(inset{left: barWidth}, plain(text.N("popup.cut", c.More))))
		}
		all = append(all, row(editTitle(approval.Edit{Name: c.Name, Title: c.Title}), lines))
	}
	return all
}

// signs are how a line of a change looks, by its sign: what went has a minus, what came a plus, what stays neither.
var signs = map[string]struct {
	mark string
	tone tone
}{approval.Removed: {"\u2212 ", red}, approval.Added: {"+ ", green}, "": {"\u2007 ", calm}}
