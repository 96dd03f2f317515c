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
	width  = 640
	height = 660
	margin = 12
	labels = 124 // width of the names beside values
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

// page is the layout of the whole window: what stands on top and below it keeps its height, what is between gets the rest.
type page struct{}

// MinSize implements fyne.Layout.
func (page) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(width, height) }

// Layout implements fyne.Layout.
func (page) Layout(all []fyne.CanvasObject, size fyne.Size) {
	top, middle, bottom := all[0], all[1], all[2]
	for _, o := range []fyne.CanvasObject{top, bottom} {
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
	}
	top.Move(fyne.NewPos(0, 0))
	bottom.Move(fyne.NewPos(0, size.Height-bottom.Size().Height))
	middle.Move(fyne.NewPos(0, top.Size().Height))
	middle.Resize(fyne.NewSize(size.Width, size.Height-top.Size().Height-bottom.Size().Height))
}

// flow is a layout: side by side, in as many lines as the width takes.
type flow struct{ width, gap float32 }

// MinSize implements fyne.Layout.
func (l flow) MinSize(all []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(0, l.place(all, func(fyne.CanvasObject, fyne.Position) {}))
}

// Layout implements fyne.Layout.
func (l flow) Layout(all []fyne.CanvasObject, _ fyne.Size) {
	l.place(all, func(o fyne.CanvasObject, at fyne.Position) {
		o.Resize(o.MinSize())
		o.Move(at)
	})
}

func (l flow) place(all []fyne.CanvasObject, put func(fyne.CanvasObject, fyne.Position)) (height float32) {
	var at fyne.Position
	for _, o := range all {
		size := o.MinSize()
		if at.X > 0 && at.X+size.Width > l.width {
			at = fyne.NewPos(0, height+l.gap)
		}
		put(o, at)
		at.X += size.Width + l.gap
		height = max(height, at.Y+size.Height)
	}
	return height
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
	green
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
	name := map[tone]fyne.ThemeColorName{calm: theme.ColorNameSeparator, amber: theme.ColorNameWarning, red: theme.ColorNameError, green: theme.ColorNameSuccess}[r.tint.tone]
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

// marked is a label behind an icon.
func marked(icon fyne.Resource, s string) fyne.CanvasObject {
	return container.New(beside{[]float32{24}}, container.New(inset{left: 8}, widget.NewIcon(icon)), container.New(column{}, plain(s)))
}

// mono is for addresses, in which each letter counts.
func mono(s string) *widget.Label {
	l := plain(s)
	l.Wrapping, l.TextStyle.Monospace, l.SizeName = fyne.TextWrapBreak, true, theme.SizeNameCaptionText
	return l
}

// row is a value beside its name.
func row(label string, value fyne.CanvasObject) fyne.CanvasObject {
	return container.New(beside{[]float32{labels}}, container.New(column{}, plain(label)), container.New(column{}, value))
}
