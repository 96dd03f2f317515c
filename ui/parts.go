package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// button is a button that Enter presses, too.
type button struct {
	widget.Button
}

func newButton(label string, icon fyne.Resource, tapped func()) *button {
	b := &button{}
	b.Text, b.Icon, b.OnTapped = label, icon, tapped
	b.ExtendBaseWidget(b)
	return b
}

// main makes it the button that stands out.
func (b *button) main() *button {
	b.Importance = widget.HighImportance
	return b
}

// quiet makes it one that does not.
func (b *button) quiet() *button {
	b.Importance = widget.LowImportance
	return b
}

// danger makes it one to think about.
func (b *button) danger() *button {
	b.Importance = widget.DangerImportance
	return b
}

// TypedKey presses the button at Enter, and leaves Esc to what it stands on; the rest is as with every button.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyEscape {
		if c := fyne.CurrentApp().Driver().CanvasForObject(b); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(e)
		}
		return
	}
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		e = &fyne.KeyEvent{Name: fyne.KeySpace}
	}
	if !b.Disabled() {
		b.Button.TypedKey(e)
	}
}

// heading is the first line of a view.
func heading(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.SizeName, l.TextStyle.Bold = theme.SizeNameHeadingText, true
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// subheading is the first line of a part of a view.
func subheading(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.TextStyle.Bold = true
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// line is a text of one line, cut off where the window ends.
func line(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Truncation = fyne.TextTruncateEllipsis
	return l
}

// paragraph is a text that wraps.
func paragraph(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapWord
	return l
}

// aside is a paragraph of less weight.
func aside(s string) *widget.Label {
	l := paragraph(s)
	l.Importance = widget.LowImportance
	return l
}

// icon is a picture in a colour of the theme.
func icon(r fyne.Resource, color fyne.ThemeColorName) *widget.Icon {
	return widget.NewIcon(theme.NewColoredResource(r, color))
}

// lead is a picture before a text, at the height of its first line.
func lead(r fyne.Resource, color fyne.ThemeColorName) *fyne.Container {
	return container.NewVBox(container.NewGridWrap(fyne.NewSize(30, widget.NewLabel("X").MinSize().Height), container.NewCenter(icon(r, color))))
}

// titled is a text under what it is about.
func titled(title, says string) *fyne.Container { return column(subheading(title), aside(says)) }

// column stacks closely what belongs together: labels bring space enough of their own.
func column(all ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedVBoxLayout(-6), all...)
}

// buttons stand in a row that wraps where the window is narrow. The row begins where the texts above it do.
func buttons(all ...fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(4, 4, theme.InnerPadding(), 0), container.New(layout.NewRowWrapLayout(), all...))
}

// more adds a button to a row.
func more(row *fyne.Container, b fyne.CanvasObject) { row.Objects[0].(*fyne.Container).Add(b) }

// panel is a thing of its own on the page.
type panel struct {
	widget.BaseWidget
	content fyne.CanvasObject
	edge    fyne.ThemeColorName // of the line at its left; "" for none
}

func newPanel(all ...fyne.CanvasObject) *panel {
	p := &panel{content: container.New(layout.NewCustomPaddedVBoxLayout(0), all...)}
	p.ExtendBaseWidget(p)
	return p
}

// edged gives it a line in a colour at its left.
func (p *panel) edged(c fyne.ThemeColorName) *panel {
	p.edge = c
	return p
}

// CreateRenderer is for Fyne.
func (p *panel) CreateRenderer() fyne.WidgetRenderer {
	r := &panelRenderer{p: p, back: &canvas.Rectangle{}, edge: &canvas.Rectangle{}}
	r.paint()
	return r
}

type panelRenderer struct {
	p          *panel
	back, edge *canvas.Rectangle
}

const panelEdge = 4

func (r *panelRenderer) inset() float32 { return theme.Padding() * 1.5 }

func (r *panelRenderer) paint() {
	variant := fyne.CurrentApp().Settings().ThemeVariant()
	colors := fyne.CurrentApp().Settings().Theme()
	r.back.FillColor = colors.Color(theme.ColorNameHeaderBackground, variant)
	r.back.CornerRadius = theme.Size(theme.SizeNameInputRadius) * 1.5
	r.edge.Hidden = r.p.edge == ""
	r.edge.CornerRadius = panelEdge / 2
	if !r.edge.Hidden {
		r.edge.FillColor = colors.Color(r.p.edge, variant)
	}
}

func (r *panelRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	in := r.inset()
	r.edge.Move(fyne.NewPos(in, in*1.5))
	r.edge.Resize(fyne.NewSize(panelEdge, size.Height-3*in))
	left := in
	if !r.edge.Hidden {
		left += panelEdge
	}
	r.p.content.Move(fyne.NewPos(left, in))
	r.p.content.Resize(fyne.NewSize(size.Width-left-in, size.Height-2*in))
}

func (r *panelRenderer) MinSize() fyne.Size {
	in := 2 * r.inset()
	m := r.p.content.MinSize()
	if !r.edge.Hidden {
		m.Width += panelEdge
	}
	return m.AddWidthHeight(in, in)
}

func (r *panelRenderer) Refresh() {
	r.paint()
	r.back.Refresh()
	r.edge.Refresh()
	canvas.Refresh(r.p.content)
}

func (r *panelRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.edge, r.p.content}
}

func (r *panelRenderer) Destroy() {}
