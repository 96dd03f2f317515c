package ui

import (
	"reflect"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// rows shows a list of things, each drawn anew only if it has changed: what the owner is at stays under the hand.
type rows[T any] struct {
	box   *fyne.Container
	key   func(T) string
	build func(T) fyne.CanvasObject
	shown []row[T]
}

type row[T any] struct {
	of     T
	object fyne.CanvasObject
}

func newRows[T any](key func(T) string, build func(T) fyne.CanvasObject) *rows[T] {
	return &rows[T]{box: container.NewVBox(), key: key, build: build}
}

// set shows these, and reports whether anything had to be drawn.
func (r *rows[T]) set(all []T) bool {
	next := make([]row[T], 0, len(all))
	changed := len(all) != len(r.shown)
	var refocus func()
	for i, one := range all {
		k := slices.IndexFunc(r.shown, func(old row[T]) bool { return r.key(old.of) == r.key(one) })
		switch {
		case k >= 0 && reflect.DeepEqual(r.shown[k].of, one):
			changed = changed || k != i
			next = append(next, row[T]{one, r.shown[k].object})
		default:
			changed = true
			drawn := r.build(one)
			if k >= 0 {
				if f := focusLike(r.shown[k].object, drawn); f != nil {
					refocus = f
				}
			}
			next = append(next, row[T]{one, drawn})
		}
	}
	r.shown = next
	if !changed {
		return false
	}
	objects := make([]fyne.CanvasObject, len(next))
	for i := range next {
		objects[i] = next[i].object
	}
	r.box.Objects = objects
	r.box.Refresh()
	if refocus != nil {
		refocus()
	}
	return true
}

// focusLike returns what moves the focus from one object to the same place in another that replaces it; nil if the focus is
// elsewhere.
func focusLike(old, drawn fyne.CanvasObject) func() {
	c := fyne.CurrentApp().Driver().CanvasForObject(old)
	if c == nil || c.Focused() == nil {
		return nil
	}
	i := slices.Index(focusables(old), c.Focused())
	if i < 0 {
		return nil
	}
	return func() {
		if now := focusables(drawn); i < len(now) {
			c.Focus(now[i])
		}
	}
}

// focusables returns what can have the focus within an object, in order.
func focusables(o fyne.CanvasObject) []fyne.Focusable {
	var all []fyne.Focusable
	walk(o, func(o fyne.CanvasObject) {
		if f, ok := o.(fyne.Focusable); ok {
			all = append(all, f)
		}
	})
	return all
}

// walk visits an object and what it is made of by this package.
func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, one := range o.Objects {
			walk(one, visit)
		}
	case *panel:
		walk(o.content, visit)
	case *container.Scroll:
		walk(o.Content, visit)
	}
}
