//go:build linux

package approval_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"postern/internal/approval"
)

// TestMain lets the test binary be a process that serves a client on a file, see TestServing.
func TestMain(m *testing.M) {
	if file := os.Getenv("POSTERN_APPROVAL_TEST"); file != "" {
		f, err := os.Open(file)
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("open\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test has seen enough
		f.Close()
		return
	}
	os.Exit(m.Run())
}

func TestServing(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "one.db"), filepath.Join(dir, "two.db")
	for _, name := range []string{file, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	start := func(file string, args ...string) int {
		cmd := exec.Command(self, args...)
		cmd.Env = append(os.Environ(), "POSTERN_APPROVAL_TEST="+file)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
		if _, err := io.ReadFull(out, make([]byte, len("open\n"))); err != nil {
			t.Fatal(err)
		}
		return cmd.Process.Pid
	}
	want := start(file, "stdio", "--demo")
	start(other, "stdio")
	start(file, "log", "--follow")
	found := approval.Serving(file)
	if len(found) != 1 || found[0].PID != want {
		t.Fatalf("Serving: %+v, want process %d alone", found, want)
	}
	me := approval.Self()
	if found[0].Client != (approval.Ancestor{PID: me.PID, Start: me.Start}) {
		t.Errorf("its client is %+v, want this process %d", found[0].Client, me.PID)
	}
	if found := approval.Serving(filepath.Join(dir, "missing")); len(found) != 0 {
		t.Errorf("of a file that is missing: %+v", found)
	}
}
