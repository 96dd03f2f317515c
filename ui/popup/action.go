package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// actionCard asks whether a call runs that other people would see, or that cannot be undone. It shows what would happen
// as those people will see it.
func actionCard(r approval.Request, c *choice, a acts) *card {
	body := below(2, alerts(r, red)...)
	body.Add(row(text.T("popup.by"), below(-14, bold(quoted(r)), soft(line(r.Origin, maxLine)))))
	body.Add(row(text.T("popup.as"), below(-14, bold(line(r.Profile, maxName)), effect(r))))
	for _, f := range fields(r, a.hands) {
		body.Add(f)
	}
	if r.Preview.Body != "" {
		body.Add(box(calm, long(r.Preview.Body, a.hands)))
	}
	reason := newEntry(a.hands, text.T("popup.reason"), func(s string) { c.reason = s })
	return frame(r, line(reveal(r.Preview.Title), maxLine), body, container.New(inset{}, reason), nil, a, false)
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
