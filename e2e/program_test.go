//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// Everything that starts the binary stands in this file, so that everything that it writes goes into the test's record,
// see recordOf.

// TestOneFileStartsTheBinary keeps it so: a test that started the binary otherwise would not be searched for secrets.
func TestOneFileStartsTheBinary(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	may := map[string]string{"program_test.go": "starts it", "postern_test.go": "builds it", "process_test.go": "looks for it", "stdio_test.go": "reads it", "desktop_program_test.go": "builds its neighbour"}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "binary" && may[name] == "" {
				t.Errorf("%s has the binary in its hands: start it through program_test.go", name)
			}
			if call, ok := n.(*ast.CallExpr); ok && name != "program_test.go" {
				if to, ok := call.Fun.(*ast.SelectorExpr); ok && to.Sel.Name == "program" {
					t.Errorf("%s starts the binary unseen: do so in program_test.go", name)
				}
			}
			return true
		})
	}
}

// binary is the postern that the tests run, built as it ships.
var binary string

// passphrase opens the encrypted vault of those desktops that have one.
const passphrase = "not a secret, but looked for"

// fileVault is the environment of a desktop with an encrypted vault in its state directory.
var fileVault = []string{"POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=" + passphrase}

// desktop is one owner's computer as far as Postern sees it: a state directory and an environment.
type desktop struct {
	t      *testing.T
	dir    string
	env    []string
	record *record
}

// newDesktop is a computer on which Postern is new. It logs as much as it can.
func newDesktop(t *testing.T, env ...string) *desktop {
	t.Helper()
	d := desktopAt(t, filepath.Join(t.TempDir(), "state"), env...)
	d.must("settings", "set", "log.level", "debug")
	return d
}

// desktopAt is a computer with a state directory that may be there already.
func desktopAt(t *testing.T, dir string, env ...string) *desktop {
	t.Helper()
	d := &desktop{t: t, dir: dir, record: recordOf(t)}
	d.env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"POSTERN_HOME=" + d.dir,
		"LANG=C.UTF-8",
	}, env...)
	d.record.desktop(d)
	return d
}

// outcome is how a command ended.
type outcome struct {
	stdout, stderr string
	code           int
}

// program is the binary with the desktop's environment. What it writes must go into the record.
func (d *desktop) program(ctx context.Context, args ...string) (cmd *exec.Cmd, name string) {
	cmd = exec.CommandContext(ctx, binary, args...)
	cmd.Env = d.env
	return cmd, "postern " + strings.Join(args[:min(len(args), 2)], " ")
}

// postern runs the binary without a terminal.
func (d *desktop) postern(args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd, name := d.program(ctx, args...)
	o := d.run(ctx, cmd)
	_, _ = io.WriteString(d.record.result("the stdout of "+name), o.stdout)
	_, _ = io.WriteString(d.record.log("the stderr of "+name), o.stderr)
	return o
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

// background starts the binary, which writes to stderr too, until the test ends.
func (d *desktop) background(stderr io.Writer, args ...string) *exec.Cmd {
	d.t.Helper()
	cmd, name := d.program(d.t.Context(), args...)
	cmd.Stdout = d.record.log("the stdout of " + name)
	cmd.Stderr = io.MultiWriter(stderr, d.record.log("the stderr of "+name))
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// terminal runs the binary in a terminal of its own, as the owner does, and returns everything that it showed. Each
// line of typed is entered in turn.
func (d *desktop) terminal(typed string, args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd, name := d.program(ctx, args...)
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
	_, _ = io.Copy(io.MultiWriter(&shown, d.record.result("the terminal of "+name)), tty) // ends with EIO when the process has gone
	if err := cmd.Wait(); ctx.Err() != nil {
		d.t.Fatalf("postern %s in a terminal: %v\n%s", strings.Join(args, " "), err, shown.String())
	}
	return outcome{stdout: shown.String(), code: cmd.ProcessState.ExitCode()}
}

// console starts the binary in a terminal in which the owner stays, until the test ends. What it shows goes to shown too.
func (d *desktop) console(shown io.Writer, args ...string) (cmd *exec.Cmd, typed io.Writer) {
	d.t.Helper()
	cmd, name := d.program(d.t.Context(), args...)
	cmd.Env = append(d.env, "TERM=xterm-256color")
	tty, err := pty.Start(cmd)
	if err != nil {
		d.t.Fatalf("opening a terminal: %v", err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.MultiWriter(shown, d.record.result("the terminal of "+name)), tty) // ends with EIO when the process has gone
	}()
	d.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); <-read; _ = tty.Close() })
	return cmd, tty
}

// launcher is a script that starts the binary below another program, and the file to which its stderr goes.
func (d *desktop) launcher(before, args string) (script, log string) {
	d.t.Helper()
	log = filepath.Join(d.t.TempDir(), "stderr.log")
	d.record.logFile("the stderr of postern "+args, log)
	return d.script("launcher", `exec `+before+` "`+binary+`" `+args+` 2>>"`+log+`"`), log
}

// command runs another program.
func (d *desktop) command(name string, args ...string) outcome {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = d.env
	return d.run(ctx, cmd)
}

func (d *desktop) run(ctx context.Context, cmd *exec.Cmd) outcome {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		d.t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, stdout.String(), stderr.String())
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
