package popup

import "time"

// dead is how long a yes cannot be given after a question was shown or the window got the focus: what was clicked or
// typed then was meant for something else.
const dead = time.Second

// attention says whether the owner can be taken to mean what they press. It is told where the keyboard's focus goes.
type attention struct {
	now   func() time.Time
	since time.Time
	last  any  // what got the focus last
	ours  bool // the focus is being moved by the window itself
	moved bool // the owner has moved the focus since the window had it last
}

// startle begins the time anew in which a yes cannot be given.
func (a *attention) startle() { a.since, a.moved = a.now(), false }

// live reports whether a yes can be given.
func (a *attention) live() bool { return a.now().Sub(a.since) >= dead }

// meant reports whether a key that presses something was meant for it: the focus was moved there on purpose.
func (a *attention) meant() bool { return a.moved }

// gained is told what has got the focus. What had it last gets it again only when the whole window does.
func (a *attention) gained(what any) {
	switch {
	case a.ours:
		a.moved = false
	case what == a.last:
		a.startle()
	default:
		a.moved = true
	}
	a.last = what
}

// move runs a function in which the window itself moves the focus.
func (a *attention) move(f func()) {
	a.ours = true
	f()
	a.ours = false
}
