//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inspector is the MCP Inspector's command line, a client that nobody of this project wrote.
type inspector struct {
	*desktop
	era    string
	log    string // where the server's stderr goes
	server string
}

func newInspector(t *testing.T, d *desktop, era string, stdioFlags string) *inspector {
	t.Helper()
	in := &inspector{desktop: d, era: era}
	in.server, in.log = d.launcher("", "stdio "+stdioFlags)
	return in
}

// command returns the inspector's command line for one method.
func (in *inspector) args(method string, more ...string) []string {
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		in.t.Fatal(err)
	}
	args := []string{filepath.Join(bin, "mcp-inspector"), "--cli", "--format", "json", "-q", "--protocol-era", in.era, "--method", method}
	// The environment of a server is not inherited by design of the MCP clients: it is passed on explicitly.
	for _, kv := range in.env {
		if !strings.HasPrefix(kv, "PATH=") {
			args = append(args, "-e", kv)
		}
	}
	return append(append(args, more...), in.server)
}

func (in *inspector) run(method string, more ...string) outcome {
	in.t.Helper()
	return in.command(filepath.Join("node_modules", ".bin", "node"), in.args(method, more...)...)
}

// call calls a tool and returns the text of its result.
func (in *inspector) call(tool string, args map[string]any) (string, outcome) {
	in.t.Helper()
	in.record.written(args)
	o := in.run("tools/call", "--tool-name", tool, "--tool-args-json", string(encode(in.t, args)))
	return resultText(in.t, o.stdout), o
}

// start begins a call and returns at once; the returned function waits for its end.
func (in *inspector) start(tool string, args map[string]any) func() (string, outcome) {
	in.t.Helper()
	in.record.written(args)
	cmd := exec.CommandContext(in.t.Context(), filepath.Join("node_modules", ".bin", "node"),
		in.args("tools/call", "--tool-name", tool, "--tool-args-json", string(encode(in.t, args)))...)
	cmd.Env = in.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	return func() (string, outcome) {
		in.t.Helper()
		_ = cmd.Wait() // the exit code is in the outcome
		o := outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
		return resultText(in.t, o.stdout), o
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// resultText returns the text blocks of the tool result that the inspector printed.
func resultText(t *testing.T, stdout string) string {
	t.Helper()
	type content struct {
		Content []struct {
			Type, Text string
		} `json:"content"`
	}
	var printed struct {
		content
		Result content `json:"result"`
	}
	if strings.TrimSpace(stdout) == "" {
		return ""
	}
	if err := json.Unmarshal([]byte(stdout), &printed); err != nil {
		t.Fatalf("the inspector printed %q: %v", stdout, err)
	}
	var b strings.Builder
	for _, c := range append(printed.Content, printed.Result.Content...) {
		b.WriteString(c.Text)
	}
	return b.String()
}

// sent finds the requests that send a mail in the server's log.
var sent = regexp.MustCompile(`method=POST\b.*\bpath=\S*/(messages|drafts)/send\b`)

func TestInspector(t *testing.T) {
	for _, era := range []string{"legacy", "modern"} {
		t.Run(era, func(t *testing.T) {
			d := newDesktop(t)
			in := newInspector(t, d, era, "--demo")

			o := in.run("tools/list", "--strict")
			if o.code != 0 {
				t.Fatalf("tools/list --strict: exit %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			for _, tool := range []string{"gmail_search", "gmail_read_thread", "gmail_save_draft", "gmail_send"} {
				if !strings.Contains(o.stdout, `"`+tool+`"`) {
					t.Errorf("tools/list does not have %s", tool)
				}
			}

			text, o := in.call("gmail_search", map[string]any{"query": "in:inbox", "max": 5})
			if o.code != 0 || !strings.Contains(text, "demo@postern.example") {
				t.Fatalf("gmail_search: exit %d\n%s%s", o.code, text, o.stderr)
			}
			thread := regexp.MustCompile(`thread_id[:=]? ?"?([0-9a-f]{16})`).FindStringSubmatch(text)
			if thread == nil {
				t.Fatalf("gmail_search names no thread:\n%s", text)
			}
			text, o = in.call("gmail_read_thread", map[string]any{"thread_id": thread[1]})
			if o.code != 0 || !strings.Contains(text, "<untrusted") {
				t.Fatalf("gmail_read_thread: exit %d\n%s%s", o.code, text, o.stderr)
			}

			draft := map[string]any{"to": []string{"mia.sommer@example.com"}, "subject": "Lunch", "body_md": "Is **Friday** all right?"}
			text, o = in.call("gmail_save_draft", draft)
			if o.code != 0 || !strings.Contains(text, "Friday") {
				t.Fatalf("gmail_save_draft: exit %d\n%s%s", o.code, text, o.stderr)
			}

			end := in.start("gmail_send", draft)
			id := d.pending()
			if n := len(sent.FindAllString(d.file(in.log), -1)); n != 0 {
				t.Fatalf("Google has seen %d sends before the owner said yes", n)
			}
			show := d.must("approvals", "show", id)
			for _, part := range []string{"mia.sommer@example.com", "Lunch", "Friday"} {
				if !strings.Contains(show, part) {
					t.Errorf("approvals show does not have %q:\n%s", part, show)
				}
			}
			if o := d.postern("approvals", "approve", id); o.code == 0 {
				t.Fatalf("approved without a terminal:\n%s%s", o.stdout, o.stderr)
			}
			if o := d.terminal("", "approvals", "approve", id); o.code != 0 {
				t.Fatalf("approving in a terminal: exit %d\n%s", o.code, o.stdout)
			}
			text, o = end()
			if o.code != 0 || !strings.Contains(text, "message_id") {
				t.Fatalf("gmail_send: exit %d\n%s%s", o.code, text, o.stderr)
			}
			if n := len(sent.FindAllString(d.file(in.log), -1)); n != 1 {
				t.Fatalf("Google has seen %d sends after one yes\n%s", n, d.file(in.log))
			}

			end = in.start("gmail_send", draft)
			id = d.pending()
			if o := d.postern("approvals", "deny", id, "--reason", "Ask Mia by telephone instead."); o.code != 0 {
				t.Fatalf("denying: exit %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			text, o = end()
			if o.code != 5 || !strings.Contains(text, "Ask Mia by telephone instead.") {
				t.Fatalf("a denied gmail_send: exit %d, want 5 and the reason\n%s%s", o.code, text, o.stderr)
			}
			if n := len(sent.FindAllString(d.file(in.log), -1)); n != 1 {
				t.Fatalf("Google has seen %d sends after one yes and one no", n)
			}

			if log := d.must("log"); !strings.Contains(log, "gmail_send") || !strings.Contains(log, "denied") {
				t.Errorf("postern log does not tell what happened:\n%s", log)
			}
		})
	}
}
