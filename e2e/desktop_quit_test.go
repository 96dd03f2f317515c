//go:build e2e

package e2e

import (
	"os"
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
	for _, left := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(a.dir + "/" + database + left); err == nil {
			t.Errorf("the store was left open: there is %s", left)
		}
	}
	next := a.next()
	next.start("--hidden")
	next.shows("Ready")
	if err := next.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := next.ended(next.cmd, quitting); code != 0 {
		t.Errorf("asked to end: exit %d", code)
	}
}
