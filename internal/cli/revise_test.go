//go:build unix

package cli_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestTheOwnerChangesAMail in the shell, and has it kept instead of sent.
func TestTheOwnerChangesAMail(t *testing.T) {
	dir := t.TempDir()
	postern := func(args ...string) *exec.Cmd {
		cmd := exec.Command("postern", args...)
		cmd.Env = append(os.Environ(), "POSTERN_HOME="+dir+"/state", "HOME="+dir, "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of a test")
		return cmd
	}
	inTerminal := func(args ...string) (string, error) {
		cmd := postern(args...)
		tty, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer tty.Close()
		out, _ := io.ReadAll(tty) // ends with EIO when the process has gone
		return string(out), cmd.Wait()
	}
	// What asks must not come from what answers, so it is left to itself.
	send := postern("tools", "call", "gmail_send", "to=mia@example.org", "subject=Lunch", "body_md=At one?", "--demo")
	apart := exec.Command("sh", append([]string{"-c", `{ "$@" >said 2>&1; echo "exit $?" >>said; } &`, "sh"}, send.Args...)...)
	apart.Env, apart.Dir = send.Env, dir
	if err := apart.Run(); err != nil {
		t.Fatal(err)
	}
	var open []struct{ ID string }
	for deadline := time.Now().Add(30 * time.Second); len(open) == 0; time.Sleep(50 * time.Millisecond) {
		out, err := postern("approvals", "list", "--json").Output()
		if err == nil {
			err = json.Unmarshal(out, &open)
		}
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("no question: %v\n%s", err, out)
		}
	}
	id := open[0].ID
	if out, err := postern("approvals", "edit", id, "subject=Dinner").CombinedOutput(); err == nil || !strings.Contains(string(out), "wants a terminal") {
		t.Errorf("a change without a terminal: %v\n%s", err, out)
	}
	if out, err := inTerminal("approvals", "edit", id, "to=nobody"); err == nil || !strings.Contains(out, "is no mail address") {
		t.Errorf("a change that cannot be: %v\n%s", err, out)
	}
	if err := os.WriteFile(dir+"/text", []byte("At *eight*?"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := inTerminal("approvals", "edit", id, "subject=Dinner", "--file", "text="+dir+"/text")
	if err != nil || !strings.Contains(out, "Dinner") || !strings.Contains(out, "At eight?") || !strings.Contains(out, "--instead draft") {
		t.Errorf("a change: %v\n%s", err, out)
	}
	if out, err := inTerminal("approvals", "approve", id, "--instead", "draft"); err != nil {
		t.Errorf("keeping it: %v\n%s", err, out)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		said, err := os.ReadFile(dir + "/said")
		if err != nil {
			t.Fatal(err)
		}
		if text := string(said); strings.Contains(text, "exit ") {
			if !strings.Contains(text, "exit 0") || !strings.Contains(text, "did not send") || !strings.Contains(text, "Dinner") || !strings.Contains(text, "has changed this") {
				t.Errorf("the call says\n%s", text)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the call does not end")
		}
	}
}
