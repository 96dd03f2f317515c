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
}

// pause stops all clients over HTTP, or lets them go on.
func (s *switches) pause(on bool) {
	if on {
		s.work.run(text.T("window.pausing"), func(context.Context) error { return s.bridge.Pause() }, nil)
		return
	}
	s.work.run(text.T("window.resuming"), func(context.Context) error { return s.bridge.Resume() }, nil)
}

// lockdown cuts everything off, once the owner has confirmed it.
func (s *switches) lockdown() {
	confirm(s.window, text.T("window.lockdown_title"), text.T("window.lockdown_text"), text.T("window.lockdown_do"), func() {
		s.work.run(text.T("window.locking_down"), s.bridge.Lockdown, nil)
	})
}

// lift ends a lockdown, once the owner has confirmed it.
func (s *switches) lift() {
	confirm(s.window, text.T("window.lift_title"), text.T("window.lift_text"), text.T("window.lift_do"), func() {
		s.work.run(text.T("window.lifting"), s.bridge.Lift, nil)
	})
}
