//go:build unix

package cli_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestConnectAsksInATerminal, and a no changes nothing.
func TestConnectAsksInATerminal(t *testing.T) {
	home := t.TempDir()
	file := filepath.Join(home, ".cursor", "mcp.json")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		typed, says string
		there       bool
	}{
		{"no\n", "nothing was changed", false},
		{"\n", "nothing was changed", false},
		{"yes\n", "Cursor is connected", true},
	} {
		cmd := exec.Command("postern", "connect", "cursor")
		cmd.Env = append(os.Environ(), "HOME="+home)
		tty, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(tty, c.typed); err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(tty) // ends with EIO when the process has gone
		tty.Close()
		if err := cmd.Wait(); (err == nil) != c.there {
			t.Errorf("%q: %v", c.typed, err)
		}
		if !strings.Contains(string(out), "This goes into") || !strings.Contains(string(out), c.says) {
			t.Errorf("%q: it says\n%s", c.typed, out)
		}
		if _, err := os.Stat(file); (err == nil) != c.there {
			t.Errorf("%q: the file is there: %v", c.typed, err == nil)
		}
	}
}
