//go:build e2e

package e2e

import (
	"syscall"
	"testing"
)

// types types in a window and presses Enter.
func (s *screen) types(window string, lines ...string) {
	s.t.Helper()
	for i, line := range lines {
		last := "Tab"
		if i == len(lines)-1 {
			last = "Return"
		}
		if err := s.write(window, line); err != nil {
			s.t.Fatal(err)
		}
		_ = s.key(window, last) // it fails when Enter closes the window under it
	}
}

// focused waits until a window has the keyboard.
func (a *app) focused(window string) {
	a.t.Helper()
	a.screen.wait("the window to get the keyboard", func() bool { return a.screen.seat.(xSeat).focused(window) })
}

// TestDesktopVault: where there is no keychain the passphrase of the encrypted vault is asked for in a window, and again
// when it was wrong.
func TestDesktopVault(t *testing.T) {
	a := office(t, testHost)
	a.env = append(a.env, "POSTERN_VAULT=file")
	const title = "^Postern: vault"
	flags := []string{"--hidden", "--addr", "127.0.0.1:0"}
	a.cmd = a.open(&a.stderr, flags...)
	w := a.screen.window(title)
	a.focused(w)
	a.screen.types(w, passphrase, passphrase)
	a.ready()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("asked to end: exit %d", code)
	}
	next := a.next()
	next.cmd = next.open(&next.stderr, flags...)
	w = a.screen.window(title)
	a.focused(w)
	a.screen.types(w, "a wrong one")
	first := w
	a.screen.wait("the window to ask once more", func() bool { w = a.screen.find(title); return w != "" && w != first })
	a.focused(w)
	a.screen.types(w, passphrase)
	next.ready()
}
