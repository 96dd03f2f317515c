package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// seat is where an owner sits, without a monitor: a screen drawn by software, a session bus, an unlocked keychain and a
// tray.
type seat struct {
	env     []string // leads there
	tray    *trayHost
	started []*exec.Cmd
}

// newSeat makes one, with its files in dir.
func newSeat(dir string) (*seat, error) {
	s := &seat{}
	if err := s.start(dir); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func (s *seat) start(dir string) error {
	runtime := filepath.Join(dir, "run")
	if err := os.MkdirAll(runtime, 0o700); err != nil {
		return err
	}
	s.env = append(os.Environ(), "HOME="+dir, "POSTERN_HOME="+filepath.Join(dir, "state"), "XDG_RUNTIME_DIR="+runtime,
		"XDG_DATA_HOME="+filepath.Join(dir, "data"), "LIBGL_ALWAYS_SOFTWARE=1", "LANG=en_US.UTF-8", "WAYLAND_DISPLAY=")
	number, err := s.says("Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	if err != nil {
		return err
	}
	s.env = append(s.env, "DISPLAY=:"+number)
	bus, err := s.says("dbus-daemon", "--session", "--nofork", "--print-address=1")
	if err != nil {
		return err
	}
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+bus)
	ring, err := s.program("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	if err != nil {
		return err
	}
	ring.Stdin = strings.NewReader("the password of a benchmark\n")
	if err := s.run(ring); err != nil {
		return err
	}
	s.tray, err = newTrayHost(bus)
	return err
}

// program is one that is part of the seat.
func (s *seat) program(name string, args ...string) (*exec.Cmd, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf(`%s is missing: run "scripts/setup test", which installs it`, name)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = s.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // or else it outlives a bench that is killed
	return cmd, nil
}

// run runs a program until the end.
func (s *seat) run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	s.started = append(s.started, cmd)
	return nil
}

// says runs a program, and returns the first line that it prints, once it has.
func (s *seat) says(name string, args ...string) (string, error) {
	cmd, err := s.program(name, args...)
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := s.run(cmd); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("starting %s: %w", name, err)
	}
	return strings.TrimSpace(line), nil
}

// end ends what was started, the last first.
func (s *seat) end() {
	if s.tray != nil {
		s.tray.conn.Close()
	}
	for i := len(s.started) - 1; i >= 0; i-- {
		_ = s.started[i].Process.Kill()
		_ = s.started[i].Wait()
	}
}
