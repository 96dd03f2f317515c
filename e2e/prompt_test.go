//go:build e2e && linux

package e2e

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAPromptIsStopped: Ctrl-C where a secret is asked for ends the command at once, and what is typed next is shown again.
func TestAPromptIsStopped(t *testing.T) {
	d := newDesktop(t)
	var shown printed
	cmd, typed := d.console(&shown, "tunnel", "login")
	tty, ok := typed.(*os.File)
	if !ok {
		t.Fatalf("%T", typed)
	}
	echoes := func() bool {
		now, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return now.Lflag&unix.ECHO != 0
	}
	d.wait("the prompt", func() bool { return strings.Contains(shown.String(), "Its authtoken") && !echoes() })
	if _, err := io.WriteString(typed, "\x03"); err != nil {
		t.Fatal(err)
	}
	d.wait("the end of the command", func() bool { return strings.Contains(shown.String(), "postern: stopped") })
	if !echoes() {
		t.Error("what is typed next is not shown")
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() <= 0 {
		t.Errorf("it ended with %v", err)
	}
}
