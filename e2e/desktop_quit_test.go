//go:build e2e

package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// TestDesktopQuitHangs: Fyne sometimes never comes back when it is to end. The program ends all the same, in order and in
// time.
func TestDesktopQuitHangs(t *testing.T) {
	a := office(t, testHost)
	a.env = append(a.env, "POSTERN_TEST_HANG=yes")
	a.start("--hidden")
	a.shows("Ready")
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("quit: exit %d", code)
	}
	if !strings.Contains(a.log(), "the window was not gone in time") {
		t.Error("Fyne came back, so that this tries nothing")
	}
	a.closedInOrder()
	next := a.next()
	next.start("--hidden")
	next.shows("Ready")
	next.signal(syscall.SIGTERM)
	if code := next.ended(next.cmd, quitting); code != 0 {
		t.Errorf("asked to end: exit %d", code)
	}
}
