//go:build cgo

package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"

	"fyne.io/fyne/v2"
)

// openURL opens a web page in $BROWSER, else in what the desktop uses. Only web pages: what other schemes start is not
// for a click in Postern.
func openURL(app fyne.App, u *url.URL) error {
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("opening %q: it is no web page", u.Scheme)
	}
	name := os.Getenv("BROWSER")
	if name == "" {
		return app.OpenURL(u)
	}
	cmd := exec.Command(name, u.String())
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("opening the browser: %w", err)
	}
	go func() { _ = cmd.Wait() }() // so that no zombie stays; what the browser says is its own affair
	return nil
}

// browse opens a web page once there is an app.
func (d *desktop) browse(page string) error {
	u, err := url.Parse(page)
	if err != nil {
		return err
	}
	if d.app == nil {
		return errors.New("the app has not started yet")
	}
	return openURL(d.app, u)
}
