//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds every wait for another process. It is long because a busy machine is no failure.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "postern-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "postern")
	build := exec.Command("go", append(append([]string{"build", "-o", binary}, buildFlags...), "postern/cmd/postern")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// pending waits until exactly one approval is pending and returns its id.
func (d *desktop) pending() string {
	d.t.Helper()
	var id string
	d.wait("one pending approval", func() bool {
		var list []struct {
			ID    string `json:"id"`
			State string `json:"state"`
		}
		out := d.must("approvals", "list", "--json")
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			d.t.Fatalf("approvals list --json: %v\n%s", err, out)
		}
		n := 0
		for _, r := range list {
			if r.State == "pending" {
				n++
				id = r.ID
			}
		}
		if n > 1 {
			d.t.Fatalf("%d approvals are pending, want 1:\n%s", n, out)
		}
		return n == 1
	})
	return id
}

// wait returns when is holds, and fails the test if it never does.
func (d *desktop) wait(what string, is func() bool) {
	d.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		d.look()
		select {
		case <-deadline.C:
			d.t.Fatalf("waited %v for %s", patience, what)
		case <-tick.C:
		}
	}
}

// file returns what a file holds, "" if it is not there yet.
func (d *desktop) file(path string) string {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Fatal(err)
	}
	return string(b)
}

// script writes an executable shell script and returns its path.
func (d *desktop) script(name, body string) string {
	d.t.Helper()
	path := filepath.Join(d.t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	return path
}

// needs fails on CI, and skips elsewhere, when a part of the computer is missing.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" || os.Getenv("POSTERN_TEST_REQUIRE_PARTS") != "" {
		t.Fatalf("%s is missing; scripts/setup installs it", program)
	}
	t.Skipf("%s is not installed; scripts/setup installs it", program)
	return ""
}
