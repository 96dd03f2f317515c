//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// patience bounds every wait for another process. It is long because a busy machine is no failure.
const patience = 60 * time.Second

// binary is the postern that the tests run, built as it ships.
var binary string

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

// desktop is one owner's computer as far as Postern sees it: a state directory and an environment.
type desktop struct {
	t   *testing.T
	dir string
	env []string
}

func newDesktop(t *testing.T, env ...string) *desktop {
	t.Helper()
	d := &desktop{t: t, dir: filepath.Join(t.TempDir(), "state")}
	d.env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"POSTERN_HOME=" + d.dir,
		"LANG=C.UTF-8",
	}, env...)
	return d
}

// outcome is how a command ended.
type outcome struct {
	stdout, stderr string
	code           int
}

// postern runs the binary without a terminal.
func (d *desktop) postern(args ...string) outcome {
	d.t.Helper()
	return d.command(binary, args...)
}

// must is postern for a command that has to succeed; it returns what was printed.
func (d *desktop) must(args ...string) string {
	d.t.Helper()
	o := d.postern(args...)
	if o.code != 0 {
		d.t.Fatalf("postern %s: exit %d\n%s%s", strings.Join(args, " "), o.code, o.stdout, o.stderr)
	}
	return o.stdout
}

func (d *desktop) command(name string, args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		d.t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// terminal runs the binary in a terminal of its own, as the owner does, and returns everything that it showed. Each
// line of typed is entered in turn.
func (d *desktop) terminal(typed string, args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(d.env, "TERM=xterm-256color")
	tty, err := pty.Start(cmd)
	if err != nil {
		d.t.Fatalf("opening a terminal: %v", err)
	}
	defer tty.Close()
	if typed != "" {
		if _, err := io.WriteString(tty, typed); err != nil {
			d.t.Fatalf("typing: %v", err)
		}
	}
	var shown bytes.Buffer
	_, _ = io.Copy(&shown, tty) // ends with EIO when the process has gone
	if err := cmd.Wait(); ctx.Err() != nil {
		d.t.Fatalf("postern %s in a terminal: %v\n%s", strings.Join(args, " "), err, shown.String())
	}
	return outcome{stdout: shown.String(), code: cmd.ProcessState.ExitCode()}
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
