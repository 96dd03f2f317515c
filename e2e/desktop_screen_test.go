//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// seat is where a person sits: what they see, and what they do with the mouse and the keyboard.
type seat interface {
	// find returns the id of the visible window whose title fits, "" if there is none.
	find(title string) string
	// click clicks, x and y from the window's upper left corner.
	click(window string, x, y int) error
	// close is the cross of the window.
	close(window string) error
	// key presses a key such as Escape or ctrl+a, and write writes a text. Either goes to a window, or, if that is "", to
	// where the keyboard is.
	key(window, key string) error
	write(window, text string) error
	// picture takes a picture of all of the screen.
	picture(path string) error
}

// screen is a display without a monitor.
type screen struct {
	t *testing.T
	seat
	env []string // where it is
}

func (s *screen) start(cmd *exec.Cmd) {
	s.t.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL // also if a test panics
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

func (s *screen) wait(what string, is func() bool) {
	s.t.Helper()
	if !within(patience, is) {
		s.t.Fatalf("waited %v for %s", patience, what)
	}
}

// within reports whether is holds before the time is over.
func within(limit time.Duration, is func() bool) bool {
	deadline := time.Now().Add(limit)
	for !is() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return true
}

// window waits for a window.
func (s *screen) window(title string) (id string) {
	s.t.Helper()
	s.wait("the window "+title, func() bool { id = s.find(title); return id != "" })
	return id
}

// keep keeps a picture of the screen for whoever looks why the test has failed, if there is a program for that.
func (s *screen) keep(dir string) {
	path := dir + "/" + strings.ReplaceAll(s.t.Name(), "/", "-") + ".png"
	if err := s.picture(path); err == nil {
		s.t.Logf("the screen: %s", path)
	}
}
