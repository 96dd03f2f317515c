package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/internal/tool"
	"postern/ui/text"
)

// actionCard asks whether a call runs that other people would see, or that cannot be undone. It shows what would happen
// as those people will see it.
func actionCard(r approval.Request, c *choice, a acts) *card {
	body := below(2)
	if w := warnings(r); len(w) > 0 {
		body.Add(box(red, below(-12, w...)))
	}
	body.Add(row(text.T("popup.by"), below(-14, bold(quoted(r)), plain(origin(r)))))
	body.Add(row(text.T("popup.as"), below(-14, bold(line(r.Profile, maxName)), effect(r))))
	body.Add(fields(r, a.hands))
	if all := changes(r, a.hands); len(all) > 0 {
		body.Add(bold(text.T("popup.changed")))
		body.Add(below(2, all...))
		if r.Preview.Body != "" {
			body.Add(bold(text.T("popup.whole")))
		}
	}
	if r.Preview.Body != "" {
		body.Add(box(calm, long(r.Preview.Body, a.hands)))
	}
	var extra []*button
	if a.edit != nil {
		extra = append(extra, newButton(a.hands, text.T("popup.edit"), widget.MediumImportance, a.edit))
	}
	for _, one := range r.Preview.Instead {
		extra = append(extra, newButton(a.hands, insteadTitle(one), widget.MediumImportance, func() { a.instead(one.ID) }))
	}
	reason := newEntry(a.hands, text.T("popup.reason"), func(s string) { c.reason = s })
	reason.Text = c.reason
	return frame(r, line(tool.Reveal(title(r)), maxLine), body, container.New(inset{}, reason), extra, a, false)
}

// origin is what is known of where the client runs, beside what it calls itself.
func origin(r approval.Request) string {
	if r.Public {
		return text.T("popup.origin.outside")
	}
	return line(r.Origin, maxLine)
}

// effect says what the class of the call means.
func effect(r approval.Request) fyne.CanvasObject {
	l := plain(r.Class)
	switch r.Class {
	case "outward":
		l = plain(text.T("popup.class.outward"))
	case "destructive":
		l = plain(text.T("popup.class.destructive"))
		l.Importance = widget.DangerImportance
	case "write":
		l = plain(text.T("popup.class.write"))
	}
	return l
}
