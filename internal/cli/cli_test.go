package cli_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"postern/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"postern":   func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
		"assistant": func() { assistant(os.Args[1], os.Stdin, os.Stdout) },
		"curl":      func() { fetch(os.Args[1], os.Args[2], os.Stdin, os.Stdout) },
	})
}

// TestScripts runs testdata/script: what is typed, and what is seen.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Cmds: map[string]func(*testscript.TestScript, bool, []string){"waitfor": waitForApproval}, Setup: func(e *testscript.Env) error {
		e.Setenv("POSTERN_HOME", e.WorkDir+"/state")
		e.Setenv("HOME", e.WorkDir)
		e.Setenv("POSTERN_VAULT", "file")
		e.Setenv("POSTERN_VAULT_PASSPHRASE", "of a test")
		e.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+e.WorkDir+"/none")
		return nil
	}})
}

// waitForApproval returns when a question waits.
func waitForApproval(ts *testscript.TestScript, _ bool, _ []string) {
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ts.Check(ts.Exec("postern", "approvals", "list", "--json"))
		if strings.Contains(ts.ReadFile("stdout"), `"state": "pending"`) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("nothing waits for the owner")
		case <-tick.C:
		}
	}
}
