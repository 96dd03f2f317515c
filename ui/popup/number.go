package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"postern/internal/approval"
	"postern/ui/text"
)

// numberSize is how large the button of a number is: easily hit, by a shaking hand too.
var numberSize = fyne.NewSize(72, 44)

// numbers are the three to choose from; none is chosen at first.
func numbers(r approval.Request, c *choice, a acts) fyne.CanvasObject {
	line := container.New(flow{width: width - labels - 2*margin - 8, gap: 12})
	var all []*button
	for _, n := range r.Numbers() {
		b := newButton(a.hands, n, widget.MediumImportance, nil)
		b.large = true
		b.OnTapped = func() {
			c.number = n
			for _, other := range all {
				other.Importance = widget.MediumImportance
				if other == b {
					other.Importance = widget.HighImportance
				}
				other.Refresh()
			}
			a.changed()
		}
		all = append(all, b)
		line.Add(container.NewGridWrap(numberSize, b))
	}
	return row(text.T("popup.number"), container.New(inset{left: 8, top: 4, bottom: 4}, line))
}
