//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// xSeat is a display of X with a window manager on it.
type xSeat struct{ display string }

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
	seat := xSeat{":" + strings.TrimSpace(number)}
	s.seat, s.env = seat, []string{"DISPLAY=" + seat.display}
	wm := exec.Command(manager)
	wm.Env = append(os.Environ(), "DISPLAY="+seat.display, "HOME="+t.TempDir())
	s.start(wm)
	s.wait("the window manager", func() bool { _, err := seat.run("wmctrl", "-m"); return err == nil })
	return s
}

func (s xSeat) run(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func (s xSeat) find(title string) string {
	ids, err := s.run("xdotool", "search", "--onlyvisible", "--name", title)
	if err != nil { // also if there is none
		return ""
	}
	id, _, _ := strings.Cut(ids, "\n")
	return id
}

func (s xSeat) click(window string, x, y int) error {
	_, err := s.run("xdotool", "mousemove", "--window", window, fmt.Sprint(x), fmt.Sprint(y), "click", "1")
	return err
}

func (s xSeat) close(window string) error {
	_, err := s.run("wmctrl", "-i", "-c", window)
	return err
}

func (s xSeat) key(window, key string) error    { return s.send("key", window, key) }
func (s xSeat) write(window, text string) error { return s.send("type", window, text) }

func (s xSeat) send(how, window, what string) error {
	args := []string{how}
	if window != "" {
		args = append(args, "--window", window)
	}
	_, err := s.run("xdotool", append(args, what)...)
	return err
}

func (s xSeat) picture(path string) error {
	_, err := s.run("import", "-window", "root", path)
	return err
}

// focused reports whether a window has the keyboard.
func (s xSeat) focused(window string) bool {
	id, err := s.run("xdotool", "getwindowfocus")
	return err == nil && id == window
}
