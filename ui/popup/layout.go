package popup

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// The size of the window. It never changes, so that no button comes to lie where another was.
const (
	width  = 600
	height = 620
	margin = 12
	labels = 132 // width of the names beside values
)

// column is a layout: one below the other, each as wide as all. It gives them their width before it asks for their
// height, so that wrapped text has its place at once.
type column struct{ gap float32 }

// MinSize implements fyne.Layout.
func (l column) MinSize(all []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range all {
		if !o.Visible() {
			continue
		}
		if size.Height > 0 {
			size.Height += l.gap
		}
		size.Height += o.MinSize().Height
	}
	return size
}

// Layout implements fyne.Layout.
func (l column) Layout(all []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range all {
		if !o.Visible() {
			continue
		}
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		h := o.MinSize().Height
		o.Resize(fyne.NewSize(size.Width, h))
		o.Move(fyne.NewPos(0, y))
		y += h + l.gap
	}
}

// beside is a layout: side by side, with the widths given; a width of 0 is an equal part of what is left.
type beside struct{ widths []float32 }

// MinSize implements fyne.Layout.
func (l beside) MinSize(all []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range all {
		size.Height = max(size.Height, o.MinSize().Height)
	}
	return size
}

// Layout implements fyne.Layout.
func (l beside) Layout(all []fyne.CanvasObject, size fyne.Size) {
	left, shares := size.Width, 0
	for i := range all {
		if i < len(l.widths) && l.widths[i] > 0 {
			left -= l.widths[i]
		} else {
			shares++
		}
	}
	x := float32(0)
	for i, o := range all {
		w := left / float32(max(shares, 1))
		if i < len(l.widths) && l.widths[i] > 0 {
			w = l.widths[i]
		}
		o.Resize(fyne.NewSize(w, o.MinSize().Height))
		o.Resize(fyne.NewSize(w, size.Height))
		o.Move(fyne.NewPos(x, 0))
		x += w
	}
}

// inset is a layout: a margin around one object.
type inset struct{ left, top, right, bottom float32 }

// MinSize implements fyne.Layout.
func (l inset) MinSize(all []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, all[0].MinSize().Height+l.top+l.bottom)
}

// Layout implements fyne.Layout.
func (l inset) Layout(all []fyne.CanvasObject, size fyne.Size) {
	all[0].Resize(size.SubtractWidthHeight(l.left+l.right, l.top+l.bottom))
	all[0].Move(fyne.NewPos(l.left, l.top))
}

func below(gap float32, all ...fyne.CanvasObject) *fyne.Container {
	return container.New(column{gap}, all...)
}

// tone is how a part of the window looks: plain, or so that it is seen first.
type tone int

const (
	calm tone = iota
	amber
	red
)

// tint is a background in a tone; it follows the theme.
type tint struct {
	widget.BaseWidget
	tone tone
}

func newTint(t tone) *tint {
	one := &tint{tone: t}
	one.ExtendBaseWidget(one)
	return one
}

// CreateRenderer implements fyne.Widget.
func (t *tint) CreateRenderer() fyne.WidgetRenderer {
	r := &tintRenderer{tint: t, back: canvas.NewRectangle(color.Transparent), bar: canvas.NewRectangle(color.Transparent)}
	r.Refresh()
	return r
}

// barWidth is how broad the strip at the left edge of a tint is.
const barWidth = 6

type tintRenderer struct {
	tint      *tint
	back, bar *canvas.Rectangle
}

// Destroy implements fyne.WidgetRenderer.
func (r *tintRenderer) Destroy() {}

// MinSize implements fyne.WidgetRenderer.
func (r *tintRenderer) MinSize() fyne.Size { return fyne.NewSize(barWidth, 0) }

// Objects implements fyne.WidgetRenderer.
func (r *tintRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.back, r.bar} }

// Layout implements fyne.WidgetRenderer.
func (r *tintRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.bar.Resize(fyne.NewSize(barWidth, size.Height))
}

// Refresh implements fyne.WidgetRenderer.
func (r *tintRenderer) Refresh() {
	name := map[tone]fyne.ThemeColorName{calm: theme.ColorNameSeparator, amber: theme.ColorNameWarning, red: theme.ColorNameError}[r.tint.tone]
	strong := color.NRGBAModel.Convert(theme.Color(name)).(color.NRGBA)
	faint := strong
	if r.tint.tone == calm {
		faint.A /= 3
	} else {
		faint.A = 0x38
	}
	r.back.FillColor, r.bar.FillColor = faint, strong
	r.back.Refresh()
	r.bar.Refresh()
}

// box sets objects on a background in a tone.
func box(t tone, inside fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(newTint(t), container.New(inset{left: barWidth}, inside))
}

// plain is a label of plain text that wraps: nothing in it is taken for markup.
func plain(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapBreak
	if fits(s) {
		l.Wrapping = fyne.TextWrapWord
	}
	return l
}

// fits reports whether no word of a text is so long that it must be broken.
func fits(s string) bool {
	n := 0
	for _, r := range s {
		if n++; r == ' ' || r == '\n' {
			n = 0
		}
		if n > 40 {
			return false
		}
	}
	return true
}

func bold(s string) *widget.Label {
	l := plain(s)
	l.TextStyle.Bold = true
	return l
}

func soft(s string) *widget.Label {
	l := plain(s)
	l.Importance = widget.LowImportance
	return l
}

// mono is for addresses, in which each letter counts.
func mono(s string) *widget.Label {
	l := plain(s)
	l.Wrapping, l.TextStyle.Monospace, l.SizeName = fyne.TextWrapBreak, true, theme.SizeNameCaptionText
	return l
}

// row is a value beside its name.
func row(label string, value fyne.CanvasObject) fyne.CanvasObject {
	return container.New(beside{[]float32{labels}}, container.New(column{}, soft(label)), container.New(column{}, value))
}
