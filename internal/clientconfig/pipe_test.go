//go:build unix

package clientconfig

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAPipeIsNoFile: to open one waits for whoever writes into it, and that may be nobody.
func TestAPipeIsNoFile(t *testing.T) {
	c := desk(t)
	path := filepath.Join(c.Home, ".cursor", "mcp.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	looked := make(chan Client, 1)
	go func() { one, _ := c.Client("cursor"); looked <- one }()
	select {
	case one := <-looked:
		if one.State != Broken || !strings.Contains(one.Problem, "is no file") {
			t.Errorf("it is %s: %s", one.State, one.Problem)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits for ever")
	}
}
