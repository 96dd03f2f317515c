package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/term"
)

// terminal reports whether a person's terminal is on both ends.
func (f *face) terminal() bool {
	in, ok := f.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return false
	}
	out, ok := f.out.(*os.File)
	return ok && term.IsTerminal(int(out.Fd()))
}

// askPassphrase returns how the passphrase of an encrypted vault is asked for, nil without a terminal.
func (f *face) askPassphrase() func(bool) (string, error) {
	in, ok := f.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	ask := func(prompt string) (string, error) {
		fmt.Fprint(f.err, prompt)
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(f.err)
		if err == nil && len(b) == 0 {
			err = errors.New("an empty passphrase protects nothing")
		}
		return string(b), err
	}
	return func(create bool) (string, error) {
		if !create {
			return ask("Passphrase of the vault: ")
		}
		first, err := ask("Choose a passphrase for the new vault: ")
		if err != nil {
			return "", err
		}
		again, err := ask("Once more: ")
		if err == nil && first != again {
			err = errors.New("the two passphrases differ")
		}
		return first, err
	}
}

// browser returns how a browser is opened here, nil where there is none: $BROWSER, else what the system uses.
func browser() func(string) error {
	name, args := os.Getenv("BROWSER"), []string(nil)
	if name == "" {
		switch runtime.GOOS {
		case "darwin":
			name = "open"
		case "windows":
			name, args = "rundll32", []string{"url.dll,FileProtocolHandler"}
		default:
			if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
				return nil
			}
			name = "xdg-open"
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil
	}
	return func(url string) error {
		cmd := exec.Command(path, append(args, url)...)
		if err := cmd.Start(); err != nil {
			return err
		}
		go func() { _ = cmd.Wait() }() // so that no zombie stays; what the browser says is its own affair
		return nil
	}
}
