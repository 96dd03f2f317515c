//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
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

// field reports whether it is one to type in.
func (c control) field() bool { return strings.EqualFold(c.Kind, "entry") }

// whereFile is where the app tells what it shows.
func (a *app) whereFile() string { return filepath.Join(a.dir, "..", "where") }

// seen asks the app what it shows, and where.
func (a *app) seen() (all []control) {
	a.t.Helper()
	path := a.whereFile()
	if err := os.RemoveAll(path); err != nil {
		a.t.Fatal(err)
	}
	a.signal(syscall.SIGUSR2)
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

// reads waits until a window says something, elsewhere than in a field.
func (a *app) reads(window, part string) {
	a.t.Helper()
	a.screen.wait("the window "+window+" to say "+part, func() bool {
		return a.spot(window, func(c control) bool { return !c.field() && strings.Contains(c.Text, part) }).Kind != ""
	})
}

// steady waits until a window has what fits and it stays where it is: a page that was just turned to may not have its
// parts in their places yet.
func (a *app) steady(window, what string, fits func(control) bool) (found control) {
	a.t.Helper()
	var before control
	a.screen.wait(what+" in the window "+window, func() bool {
		before, found = found, a.spot(window, fits)
		return found.Kind != "" && found == before
	})
	return found
}

// tap clicks on a label in a window, as soon as it can be pressed.
func (a *app) tap(window, label string) {
	a.t.Helper()
	c := a.steady(window, label, func(c control) bool { return c.Text == label && !c.Disabled && c.Kind != "Label" && c.Kind != "Text" })
	a.clicks(a.screen.window(window), c)
}

// field clicks into a field, which has that text or hint, and types another.
func (a *app) field(window, has, text string) {
	a.t.Helper()
	f := a.steady(window, "the field "+has, func(c control) bool { return c.field() && (c.Text == has || c.Hint == has) })
	w := a.screen.window(window)
	a.clicks(w, f)
	if err := errors.Join(a.screen.key("", "ctrl+a"), a.screen.write("", text)); err != nil {
		a.t.Fatal(err)
	}
	a.screen.wait("the field to have "+text, func() bool {
		return a.spot(window, func(c control) bool { return c.field() && c.Text == text }).Kind != ""
	})
}

// clicks clicks on something in a window.
func (a *app) clicks(window string, c control) {
	a.t.Helper()
	if err := a.screen.click(window, c.X, c.Y); err != nil {
		a.t.Logf("clicking: %v", err) // the window may have gone just then
	}
}

// closes closes a window by its cross.
func (a *app) closes(window string) {
	a.t.Helper()
	if err := a.screen.close(window); err != nil {
		a.t.Fatal(err)
	}
}

// press clicks until the pop-up has gone: its buttons are dead for a second whenever something has changed.
func (a *app) press(window, label string) {
	a.t.Helper()
	a.screen.wait("the pop-up to go", func() bool {
		c := a.spot(window, func(c control) bool { return c.Text == label && !c.Disabled })
		if w := a.screen.find(window); w != "" && c.Kind != "" {
			a.clicks(w, c)
		}
		return within(2*time.Second, func() bool { return a.screen.find(window) == "" })
	})
}
