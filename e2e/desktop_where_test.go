//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// control is a widget as it is seen: what it says, and where its middle is in its window.
type control struct {
	Window, Kind, Text, Hint string
	X, Y                     int
	Disabled, Checked        bool
}

// whereFile is where the app tells what it shows.
func (a *app) whereFile() string { return filepath.Join(a.dir, "..", "where") }

// seen asks the app what it shows, and where.
func (a *app) seen() (all []control) {
	a.t.Helper()
	path := a.whereFile()
	if err := os.RemoveAll(path); err != nil {
		a.t.Fatal(err)
	}
	if err := a.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		a.t.Fatal(err)
	}
	a.screen.wait("the app to tell what it shows", func() bool {
		b, err := os.ReadFile(path)
		return err == nil && json.Unmarshal(b, &all) == nil
	})
	for i := range all {
		all[i].Text = strings.TrimSpace(all[i].Text)
	}
	return all
}

// spot returns what fits first in the window of that title, "" in Kind if nothing does.
func (a *app) spot(window string, fits func(control) bool) control {
	a.t.Helper()
	title := regexp.MustCompile(window)
	for _, c := range a.seen() {
		if title.MatchString(c.Window) && fits(c) {
			return c
		}
	}
	return control{}
}

// reads waits until a window says something.
func (a *app) reads(window, part string) {
	a.t.Helper()
	a.screen.wait("the window "+window+" to say "+part, func() bool {
		return a.spot(window, func(c control) bool { return strings.Contains(c.Text, part) }).Kind != ""
	})
}

// button waits until a window has something with that label, which can be pressed.
func (a *app) button(window, label string) (found control) {
	a.t.Helper()
	a.screen.wait(label+" in the window "+window, func() bool {
		found = a.spot(window, func(c control) bool { return c.Text == label && !c.Disabled && c.Kind != "Label" && c.Kind != "Text" })
		return found.Kind != ""
	})
	return found
}

// tap clicks on a label in a window, as soon as it can be pressed.
func (a *app) tap(window, label string) {
	a.t.Helper()
	c := a.button(window, label)
	a.screen.click(a.screen.window(window), c.X, c.Y)
}

// field clicks into a field, which has that text or hint, and types another.
func (a *app) field(window, has, text string) {
	a.t.Helper()
	var f control
	a.screen.wait("the field "+has, func() bool {
		f = a.spot(window, func(c control) bool { return strings.HasPrefix(c.Text, has) && c.Text != "" || c.Hint == has })
		return f.Kind != ""
	})
	w := a.screen.window(window)
	a.screen.click(w, f.X, f.Y)
	for _, args := range [][]string{{"key", "ctrl+a"}, {"type", text}} {
		if _, err := a.screen.run("xdotool", args...); err != nil {
			a.t.Fatal(err)
		}
	}
	a.screen.wait("the field to have "+text, func() bool {
		return a.spot(window, func(c control) bool { return c.Text == text }).Kind != ""
	})
}

// press clicks until the pop-up has gone: its buttons are dead for a second whenever something has changed.
func (a *app) press(window, label string) {
	a.t.Helper()
	a.screen.wait("the pop-up to go", func() bool {
		c := a.spot(window, func(c control) bool { return c.Text == label && !c.Disabled })
		if w := a.screen.find(window); w != "" && c.Kind != "" {
			a.screen.click(w, c.X, c.Y)
		}
		return within(2*time.Second, func() bool { return a.screen.find(window) == "" })
	})
}
