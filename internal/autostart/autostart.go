// Package autostart lets the desktop app start when the owner logs in: by an entry of their own desktop session, that
// they see and can take away there too.
package autostart

import (
	"fmt"
	"os"
	"path/filepath"
)

// ID names the entry.
const ID = "example.postern.desktop"

// hidden is the flag with which the app starts at login: in the tray, without a window.
const hidden = "--hidden"

// Login is the start at login of one program. The zero value is that of the program that runs.
type Login struct {
	Program string              // "" for the one that runs
	Getenv  func(string) string // os.Getenv
	Home    string              // "" for the owner's
}

// On lets the program start at login.
func (l Login) On() error {
	program, err := l.program()
	if err != nil {
		return err
	}
	if err := l.write(program); err != nil {
		return fmt.Errorf("letting Postern start at login: %w", err)
	}
	return nil
}

// Off lets it no longer start at login.
func (l Login) Off() error {
	if err := l.remove(); err != nil {
		return fmt.Errorf("letting Postern no longer start at login: %w", err)
	}
	return nil
}

// Is reports whether this program starts at login. One that has been moved since does not.
func (l Login) Is() (bool, error) {
	program, err := l.program()
	if err != nil {
		return false, err
	}
	is, err := l.written(program)
	if err != nil {
		return false, fmt.Errorf("looking whether Postern starts at login: %w", err)
	}
	return is, nil
}

// program is the absolute path of what is to start. An AppImage runs from a directory that is gone at the next login.
func (l Login) program() (string, error) {
	path := l.Program
	if path == "" {
		path = l.getenv("APPIMAGE")
	}
	if path == "" {
		var err error
		if path, err = os.Executable(); err != nil {
			return "", fmt.Errorf("finding the program: %w", err)
		}
	}
	return filepath.Abs(path)
}

func (l Login) getenv(name string) string {
	if l.Getenv != nil {
		return l.Getenv(name)
	}
	return os.Getenv(name)
}

func (l Login) home() (string, error) {
	if l.Home != "" {
		return l.Home, nil
	}
	return os.UserHomeDir()
}
