//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// screen is a display without a monitor, with a window manager on it.
type screen struct {
	t       *testing.T
	display string // as in DISPLAY
}

// startScreen starts a display of the test's own.
func startScreen(t *testing.T) *screen {
	t.Helper()
	server, manager := needs(t, "Xvfb"), needs(t, "openbox")
	needs(t, "xdotool")
	needs(t, "wmctrl")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	x := exec.Command(server, "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{write}
	s := &screen{t: t}
	s.start(x)
	write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb names no display: %v", err)
	}
	s.display = ":" + strings.TrimSpace(number)
	wm := exec.Command(manager)
	wm.Env = append(os.Environ(), "DISPLAY="+s.display, "HOME="+t.TempDir())
	s.start(wm)
	s.wait("the window manager", func() bool { _, err := s.run("wmctrl", "-m"); return err == nil })
	return s
}

func (s *screen) start(cmd *exec.Cmd) {
	s.t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // also if a test panics
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

func (s *screen) run(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// find returns the id of the visible window whose title fits, "" if there is none.
func (s *screen) find(title string) string {
	ids, err := s.run("xdotool", "search", "--onlyvisible", "--name", title)
	if err != nil { // also if there is none
		return ""
	}
	id, _, _ := strings.Cut(ids, "\n")
	return id
}

// window waits for a window.
func (s *screen) window(title string) (id string) {
	s.t.Helper()
	s.wait("the window "+title, func() bool { id = s.find(title); return id != "" })
	return id
}

// focused waits until a window has the keyboard.
func (s *screen) focused(window string) {
	s.t.Helper()
	s.wait("the window to get the keyboard", func() bool { id, err := s.run("xdotool", "getwindowfocus"); return err == nil && id == window })
}

// click clicks where the owner would, x and y from the window's upper left corner.
func (s *screen) click(window string, x, y int) {
	if out, err := s.run("xdotool", "mousemove", "--window", window, fmt.Sprint(x), fmt.Sprint(y), "click", "1"); err != nil {
		s.t.Logf("clicking: %v %s", err, out) // the window may have gone just then
	}
}

// close is the cross of the window.
func (s *screen) close(window string) {
	s.t.Helper()
	if _, err := s.run("wmctrl", "-i", "-c", window); err != nil {
		s.t.Fatal(err)
	}
}

// keep keeps a picture of the screen for whoever looks why the test has failed, if there is a program for that.
func (s *screen) keep(dir string) {
	path := dir + "/" + strings.ReplaceAll(s.t.Name(), "/", "-") + ".png"
	if _, err := s.run("import", "-window", "root", path); err == nil {
		s.t.Logf("the screen: %s", path)
	}
}
