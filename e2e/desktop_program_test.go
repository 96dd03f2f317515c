//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// buildApp builds postern-desktop once: without migrated_fynedo, so that Fyne says when something is done on the wrong
// thread; with the race detector if POSTERN_TEST_RACE is set.
var buildApp = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(binary), "postern-desktop")
	args := []string{"build", "-tags", "grpcnotrace,probe", "-o", path}
	if os.Getenv("POSTERN_TEST_RACE") != "" {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "postern/cmd/postern-desktop")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return path, nil
})

// app is a running postern-desktop.
type app struct {
	*bridge
	screen *screen
	tray   *tray
}

// host is what shows tray icons on a desktop.
type host int

const (
	noHost   host = iota
	testHost      // the test itself
	panel         // that of Xfce
	wayland       // waybar, on a desktop of Wayland
)

// office is a desktop with a screen, a session bus and a keychain.
func office(t *testing.T, h host, env ...string) *app {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		needs(t, "gcc")
	}
	session := startKeyring(t)
	start := startScreen
	if h == wayland {
		start = func(t *testing.T) *screen { return startSway(t, variable(session, "DBUS_SESSION_BUS_ADDRESS")) }
	}
	s := start(t)
	session = append(session, s.env...)
	a := &app{bridge: &bridge{desktop: newDesktop(t, slices.Concat(session, env, []string{"LIBGL_ALWAYS_SOFTWARE=1", "LANG=en_US.UTF-8"})...)}, screen: s}
	a.env = append(a.env, "POSTERN_TEST_WHERE="+a.whereFile())
	a.tray = dialTray(t, variable(session, "DBUS_SESSION_BUS_ADDRESS"))
	switch h {
	case testHost:
		a.tray.host(t)
	case panel:
		a.startPanel(session)
		a.screen.wait("the panel's tray", a.tray.there)
	case wayland:
		a.screen.wait("waybar's tray", a.tray.there)
	}
	return a
}

// variable is the value of a variable of an environment.
func variable(env []string, name string) string {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// start starts the app with the sample account.
func (a *app) start(flags ...string) *app {
	a.t.Helper()
	return a.serve(append([]string{"--demo"}, flags...)...)
}

// serve starts the app. It serves on a free port.
func (a *app) serve(flags ...string) *app {
	a.t.Helper()
	a.cmd = a.open(&a.stderr, append([]string{"--addr", "127.0.0.1:0"}, flags...)...)
	a.ready()
	return a
}

// next is the app on the same desktop once more.
func (a *app) next() *app {
	return &app{bridge: &bridge{desktop: a.desktop}, screen: a.screen, tray: a.tray}
}

// open starts postern-desktop and lets it run.
func (a *app) open(stderr io.Writer, flags ...string) *exec.Cmd {
	a.t.Helper()
	path, err := buildApp()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.Command(path, flags...)
	cmd.Env = append(slices.Clone(a.env), "GORACE=exitcode=0") // what it finds is judged by its report
	cmd.Stdout = a.record.log("the stdout of postern-desktop")
	cmd.Stderr = io.MultiWriter(stderr, a.record.log("the stderr of postern-desktop"))
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		if a.t.Failed() {
			a.screen.keep(os.TempDir())
			a.t.Logf("postern-desktop wrote:\n%s", a.log())
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if said := a.log(); strings.Contains(said, "Error in Fyne call thread") {
			a.t.Errorf("something is done on the wrong thread:\n%s", said)
		}
		// The library that draws the tray has races of its own, between a host's questions and its answers.
		for _, report := range strings.Split(a.log(), "WARNING: DATA RACE")[1:] {
			if report, _, _ = strings.Cut(report, "\n=================="); strings.Contains(report, "postern/") && !ofTheTray(report) {
				a.t.Errorf("a data race:%s", report)
			}
		}
	})
	return cmd
}

// ofTheTray reports whether a race is one of the tray library's own, in what it does when Postern draws the menu: it closes
// the channels of the old entries, to which a click may just be sent.
func ofTheTray(report string) bool {
	for line := range strings.Lines(report) {
		if line = strings.TrimSpace(line); strings.HasSuffix(line, ")") && strings.Contains(line, "(") && !strings.HasPrefix(line, "runtime.") {
			return strings.HasPrefix(line, "fyne.io/systray.")
		}
	}
	return false
}

// again is open for an app that is to end by itself.
func (a *app) again(flags ...string) (said string, code int) {
	a.t.Helper()
	var stderr printed
	cmd := a.open(&stderr, flags...)
	code = a.ended(cmd, patience)
	return stderr.String(), code
}

// ended waits for the end of a process and returns its exit code.
func (a *app) ended(cmd *exec.Cmd, limit time.Duration) int {
	a.t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case err := <-done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			a.t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode()
	case <-late.C:
		a.t.Fatalf("it has not ended within %v", limit)
		return -1
	}
}

// choose clicks an entry of the tray's menu, once it is there.
func (a *app) choose(label string) {
	a.t.Helper()
	var err error
	a.wait("the entry "+label+" in the menu", func() bool {
		err = a.tray.choose(a.cmd.Process.Pid, label)
		return err == nil
	})
}

// shows waits until the menu has an entry that begins so.
func (a *app) shows(label string) {
	a.t.Helper()
	a.wait("the menu to show "+label, func() bool { has, err := a.has(label); return has && err == nil })
}

// hides waits until the menu has no such entry: it follows what happens within a second or so.
func (a *app) hides(label string) {
	a.t.Helper()
	a.wait("the menu to show no "+label, func() bool { has, err := a.has(label); return !has && err == nil })
}

func (a *app) has(label string) (bool, error) {
	menu, err := a.tray.menu(a.cmd.Process.Pid)
	for have := range menu {
		if strings.HasPrefix(have, label) {
			return true, err
		}
	}
	return false, err
}
