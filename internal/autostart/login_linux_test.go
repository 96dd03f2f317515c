package autostart

import (
	"os"
	"path/filepath"
	"testing"
)

// TestLogin goes through on and off where the entry lies with and without XDG_CONFIG_HOME.
func TestLogin(t *testing.T) {
	home, config := t.TempDir(), t.TempDir()
	for _, c := range []struct{ name, xdg, dir string }{
		{"usual", "", filepath.Join(home, ".config")},
		{"moved", config, config},
		{"relative", "config", filepath.Join(home, ".config")},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Login{Program: "/opt/post ern/postern-desktop", Home: home, Getenv: func(name string) string {
				if name == "XDG_CONFIG_HOME" {
					return c.xdg
				}
				return ""
			}}
			state := func(want bool) {
				t.Helper()
				if is, err := l.Is(); err != nil || is != want {
					t.Errorf("starts at login: %v, %v, want %v", is, err, want)
				}
			}
			state(false)
			for range 2 {
				if err := l.On(); err != nil {
					t.Fatal(err)
				}
				state(true)
			}
			path := filepath.Join(c.dir, "autostart", ID+".desktop")
			if b, err := os.ReadFile(path); err != nil || string(b) != desktopEntry(l.Program) {
				t.Errorf("%s holds %q, %v", path, b, err)
			}
			if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
				t.Errorf("besides the entry there are %v, %v", files, err)
			}
			moved := l
			moved.Program = "/elsewhere/postern-desktop"
			if is, err := moved.Is(); err != nil || is {
				t.Errorf("another program starts at login: %v, %v", is, err)
			}
			for range 2 {
				if err := l.Off(); err != nil {
					t.Fatal(err)
				}
				state(false)
			}
		})
	}
}

// TestAppImage starts the image, not what lies in it.
func TestAppImage(t *testing.T) {
	l := Login{Getenv: func(name string) string { return map[string]string{"APPIMAGE": "/home/me/Postern.AppImage"}[name] }}
	if p, err := l.program(); err != nil || p != "/home/me/Postern.AppImage" {
		t.Errorf("%q, %v", p, err)
	}
}

func TestNoPlaceForTheEntry(t *testing.T) {
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, ".config"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := Login{Program: "/bin/x", Home: home, Getenv: func(string) string { return "" }}
	if err := l.On(); err == nil {
		t.Error("an entry was written below a file")
	}
}
