package ui

import (
	"context"

	"fyne.io/fyne/v2"

	"postern/ui/text"
)

// switches stop clients and let them go on, from wherever the owner wants that.
type switches struct {
	bridge Switches
	work   *work
	window fyne.Window
	asked  *sheet // the question that was asked last; nil for none
}

// pause stops all clients over HTTP, or lets them go on.
func (s *switches) pause(on bool) {
	if on {
		s.work.run(text.T("window.pausing"), func(context.Context) error { return s.bridge.Pause() }, nil)
		return
	}
	s.work.run(text.T("window.resuming"), func(context.Context) error { return s.bridge.Resume() }, nil)
}

// ask asks the owner, unless they are asked already: the menu in the tray can be clicked while the question is there.
func (s *switches) ask(title, question, yes string, then func()) {
	if s.asked == nil || !s.asked.open() {
		s.asked = confirm(s.window, title, question, yes, then)
	}
}

// lockdown cuts everything off, once the owner has confirmed it.
func (s *switches) lockdown() {
	s.ask(text.T("window.lockdown_title"), text.T("window.lockdown_text"), text.T("window.lockdown_do"), func() {
		s.work.run(text.T("window.locking_down"), s.bridge.Lockdown, nil)
	})
}

// lift ends a lockdown, once the owner has confirmed it.
func (s *switches) lift() {
	s.ask(text.T("window.lift_title"), text.T("window.lift_text"), text.T("window.lift_do"), func() {
		s.work.run(text.T("window.lifting"), s.bridge.Lift, nil)
	})
}
