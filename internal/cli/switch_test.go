//go:build unix

package cli_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestTheOwnerOpensAgain: what anybody may close is opened from a terminal alone.
func TestTheOwnerOpensAgain(t *testing.T) {
	dir := t.TempDir()
	postern := func(args ...string) *exec.Cmd {
		cmd := exec.Command("postern", args...)
		cmd.Env = append(os.Environ(), "POSTERN_HOME="+dir+"/state", "HOME="+dir, "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of a test")
		return cmd
	}
	for _, c := range []struct {
		close, open []string
		shown       string
	}{{[]string{"pause"}, []string{"resume"}, "paused"}, {[]string{"lockdown"}, []string{"lockdown", "--lift"}, "locked down"}} {
		if out, err := postern(c.close...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c.close, err, out)
		}
		if out, err := postern(c.open...).CombinedOutput(); err == nil || !strings.Contains(string(out), "wants a terminal") {
			t.Errorf("%s without a terminal: %v\n%s", c.open, err, out)
		}
		if out, err := postern("status").CombinedOutput(); err != nil || !strings.Contains(string(out), c.shown) {
			t.Errorf("then: %v\n%s", err, out)
		}
		cmd := postern(c.open...)
		tty, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(tty) // ends with EIO when the process has gone
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s in a terminal: %v\n%s", c.open, err, out)
		}
		tty.Close()
		if out, err := postern("status").CombinedOutput(); err != nil || strings.Contains(string(out), c.shown) {
			t.Errorf("after %s: %v\n%s", c.open, err, out)
		}
	}
}

// TestANewSecretIsMadeInATerminal, and for a client that has one.
func TestANewSecretIsMadeInATerminal(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("POSTERN_HOME", dir+"/state")
	t.Setenv("HOME", dir)
	for _, args := range [][]string{{"safe", "--secret"}, {"open"}} {
		if out, err := exec.Command("postern", append([]string{"clients", "add", "--redirect", "https://notes.example/cb"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if out := typed("clients", "secret", "safe"); !strings.Contains(out, "mcpcs_") {
		t.Errorf("a new secret:\n%s", out)
	}
	if out := typed("clients", "secret", "open"); !strings.Contains(out, "has no secret") {
		t.Errorf("a secret for a client without one:\n%s", out)
	}
}
