package cli

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"

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
	if in, ok := f.in.(*os.File); !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	ask := func(prompt string) (string, error) {
		text, err := f.secret(prompt)
		if err == nil && text == "" {
			err = errors.New("an empty passphrase protects nothing")
		}
		return text, err
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

// secret asks for something that is not shown. It is never an argument, which others could read.
func (f *face) secret(prompt string) (string, error) {
	in, ok := f.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", ownerMust{errors.New("this is asked in a terminal, where it is not shown: run the command in one")}
	}
	usual, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", err
	}
	fmt.Fprint(f.err, prompt)
	text, err := f.answer(func() (string, error) {
		b, err := term.ReadPassword(int(in.Fd()))
		return string(b), err
	})
	if errors.Is(err, context.Canceled) {
		err = errors.Join(err, term.Restore(int(in.Fd()), usual)) // or else what is typed next is not shown either
	}
	fmt.Fprintln(f.err)
	return text, err
}

// asked asks for something in a terminal. An empty answer means usual, if there is one.
func (f *face) asked(question, usual string) (string, error) {
	if usual != "" {
		question += " [" + usual + "]"
	}
	fmt.Fprint(f.err, question+": ")
	text, err := f.answer(func() (string, error) { return bufio.NewReader(f.in).ReadString('\n') })
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return cmp.Or(strings.TrimSpace(text), usual), nil
}

// answer waits for the owner's answer, or until they want the command to end. What reads then ends with the process.
func (f *face) answer(read func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	given := make(chan answer, 1)
	go func() {
		text, err := read()
		given <- answer{text, err}
	}()
	select {
	case a := <-given:
		return a.text, a.err
	case <-f.interrupted:
		return "", context.Canceled
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
