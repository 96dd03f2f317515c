package popup

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// hands is what the widgets tell of the keyboard: where its focus is, and that Esc was typed. Every widget that takes the
// focus passes Esc on, since a window gets no key that a focused widget gets.
type hands struct {
	*attention
	escape func()
	pause  func()                  // after a click: the focus goes back to where it does no harm
	grown  func(fyne.Focusable)    // something was added to the card; what gets the focus, nil for what does no harm
	bring  func(fyne.CanvasObject) // has what got the focus in sight
	scroll func(fyne.KeyName)      // a key that scrolls
}

// focused is told what has got the focus.
func (h *hands) focused(o fyne.CanvasObject) {
	h.gained(o)
	h.bring(o)
}

// press runs f for a key that was meant to press what has the focus.
func (h *hands) press(key fyne.KeyName, f func()) {
	switch key {
	case fyne.KeyEscape:
		h.escape()
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if h.meant() {
			f()
		}
	default:
		h.scroll(key)
	}
}

// button is a button that the keyboard presses only on purpose.
type button struct {
	widget.Button
	hands *hands
	large bool // its label is
	plain bool // it does no harm: a key presses it without having been moved to it, but not in the first second
}

// CreateRenderer implements fyne.Widget.
func (b *button) CreateRenderer() fyne.WidgetRenderer {
	r := b.Button.CreateRenderer()
	for _, o := range r.Objects() {
		if label, ok := o.(*widget.RichText); ok && b.large {
			label.Segments[0].(*widget.TextSegment).Style.SizeName = theme.SizeNameHeadingText
		}
	}
	return r
}

func newButton(h *hands, label string, importance widget.Importance, tapped func()) *button {
	b := &button{hands: h}
	b.Text, b.Importance, b.OnTapped = label, importance, tapped
	b.ExtendBaseWidget(b)
	return b
}

// Tapped is a click. It leaves the focus alone, unlike that of widget.Button.
func (b *button) Tapped(*fyne.PointEvent) {
	if b.Disabled() {
		return
	}
	b.hands.pause()
	b.OnTapped()
}

// TypedKey presses the button if that was meant.
func (b *button) TypedKey(e *fyne.KeyEvent) {
	f := func() {
		if !b.Disabled() {
			b.OnTapped()
		}
	}
	if enters := e.Name == fyne.KeySpace || e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter; enters && b.plain {
		if b.hands.live() {
			f()
		}
		return
	}
	b.hands.press(e.Name, f)
}

// FocusGained tells that the button has the focus.
func (b *button) FocusGained() {
	b.Button.FocusGained()
	b.hands.focused(b)
}

// enable sets whether the button can be pressed.
func (b *button) enable(on bool) {
	if on == !b.Disabled() {
		return
	}
	if on {
		b.Enable()
	} else {
		b.Disable()
	}
}

// tick is a check box that the keyboard changes only on purpose.
type tick struct {
	widget.Check
	hands *hands
}

func newTick(h *hands, label string, on bool, changed func(bool)) *tick {
	t := &tick{hands: h}
	t.Text, t.Checked, t.OnChanged = label, on, changed
	t.ExtendBaseWidget(t)
	return t
}

// TypedRune does nothing: TypedKey takes the space.
func (t *tick) TypedRune(rune) {}

// TypedKey changes the tick if that was meant: by the space bar alone, since Return is for buttons.
func (t *tick) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		return
	}
	t.hands.press(e.Name, func() { t.SetChecked(!t.Checked) })
}

// FocusGained tells that the tick has the focus.
func (t *tick) FocusGained() {
	t.Check.FocusGained()
	t.hands.focused(t)
}

// entry is a field of one line.
type entry struct {
	widget.Entry
	hands *hands
}

func newEntry(h *hands, hint string, changed func(string)) *entry {
	e := &entry{hands: h}
	e.PlaceHolder, e.OnChanged = hint, changed
	e.Wrapping, e.Scroll = fyne.TextWrapOff, fyne.ScrollHorizontalOnly
	e.ExtendBaseWidget(e)
	return e
}

// TypedKey passes Esc on; Return does nothing.
func (e *entry) TypedKey(k *fyne.KeyEvent) {
	if k.Name == fyne.KeyEscape {
		e.hands.escape()
		return
	}
	e.Entry.TypedKey(k)
}

// FocusGained tells that the field has the focus.
func (e *entry) FocusGained() {
	e.Entry.FocusGained()
	e.hands.focused(e)
}
