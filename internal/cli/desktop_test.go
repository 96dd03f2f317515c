//go:build unix

package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/internal/approval"
	"postern/internal/bridge"
)

// TestTheWindowAnswers: while the desktop app runs a yes is not typed, a no is, and only the app itself can change that.
// The app and the commands are two processes with the control socket between them.
func TestTheWindowAnswers(t *testing.T) {
	dir := t.TempDir()
	app, err := bridge.Open(t.Context(), bridge.Config{Dir: dir, Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	ctx, end := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- app.Attend(ctx, "1", func() { close(ready) }) }()
	defer func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	<-ready
	// So that a terminal is not what is missing.
	if err := app.SetSetting(t.Context(), "approvals.cli", "true"); err != nil {
		t.Fatal(err)
	}
	ask := func() string {
		q, err := app.Queue.Ask(t.Context(), approval.Request{Kind: approval.Action, Client: "tester", ClientKey: "x"})
		if err != nil {
			t.Fatal(err)
		}
		return q.ID
	}
	run := func(want int, says string, args ...string) {
		t.Helper()
		cmd := exec.Command("postern", args...)
		cmd.Env = append(os.Environ(), "POSTERN_HOME="+dir, "HOME="+dir, "XDG_RUNTIME_DIR=", "POSTERN_VAULT=file")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := cmd.ProcessState.ExitCode(); got != want || !strings.Contains(string(out), says) {
			t.Errorf("postern %s: exit %d, want %d with %q:\n%s", strings.Join(args, " "), got, want, says, out)
		}
	}
	state := func(id string, want approval.State) {
		t.Helper()
		if q, err := app.Queue.Get(t.Context(), id); err != nil || q.State != want {
			t.Errorf("the question is %s, want %s, %v", q.State, want, err)
		}
	}

	run(0, "Approved", "approvals", "approve", ask()) // it runs, but has no window yet
	remove := app.AddDesktopFace()
	id := ask()
	run(3, "answer there", "approvals", "approve", id)
	state(id, approval.Pending)
	run(3, "only Postern's window", "settings", "set", "approvals.cli_beside_desktop", "true")
	run(3, "answer there", "approvals", "approve", id)
	run(0, "Denied", "approvals", "deny", id)
	state(id, approval.Denied)

	if err := app.SetSetting(t.Context(), "approvals.cli_beside_desktop", "true"); err != nil {
		t.Fatal(err)
	}
	id = ask()
	run(0, "Approved", "approvals", "approve", id)
	state(id, approval.Approved)
	run(0, "is now", "settings", "set", "approvals.cli_beside_desktop", "false") // anybody may close it again
	id = ask()
	run(3, "answer there", "approvals", "approve", id)
	remove()
	run(0, "Approved", "approvals", "approve", id)
}
