//go:build e2e

package e2e

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestBinaryIsStatic(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the check reads ELF")
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary wants a dynamic loader")
		}
	}
}

// endLimit is the second of the promise, and one more for a machine that is busy with other tests.
const endLimit = 2 * time.Second

func TestClosingStdinEndsTheServer(t *testing.T) {
	d := newDesktop(t)
	s := startSession(t, d, "--demo")
	s.request("tools/list", map[string]any{})
	if took := s.end(); took > endLimit {
		t.Errorf("the server ended after %v", took)
	}
}

func TestClosingStdinEndsACallThatWaits(t *testing.T) {
	d := newDesktop(t)
	s := startSession(t, d, "--demo")
	s.send(`{"jsonrpc":"2.0","id":99,"method":"tools/call","params":{"name":"gmail_send","arguments":{"to":["mia@example.com"],"subject":"x","body_md":"y"}}}`)
	id := d.pending()
	if took := s.end(); took > endLimit {
		t.Errorf("the server ended after %v", took)
	}
	if o := d.terminal("", "approvals", "approve", id); o.code == 0 || !strings.Contains(o.stdout, "nothing was") {
		t.Errorf("an approval whose server has gone: exit %d\n%s", o.code, o.stdout)
	}
}

func TestBadInputOverStdio(t *testing.T) {
	d := newDesktop(t)
	s := startSession(t, d, "--demo")

	s.send(`{"jsonrpc":"2.0","id":1000,"method":`)
	if r := s.receive(); r.Error == nil || r.Error.Code != -32700 {
		t.Errorf("broken JSON: %+v", r)
	}
	if r := s.request("no/such/method", map[string]any{}); r.Error == nil || r.Error.Code != -32601 {
		t.Errorf("an unknown method: %+v", r)
	}

	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("private"), 0o600); err != nil {
		t.Fatal(err)
	}
	mail := func(change string, value any) map[string]any {
		m := map[string]any{"to": []string{"mia@example.com"}, "subject": "s", "body_md": "b"}
		m[change] = value
		return m
	}
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = "18c0000000000000"
	}
	for _, c := range []struct {
		name, tool string
		args       any
		want       string
	}{
		{"unknown tool", "gmail_fly", map[string]any{}, "gmail_fly"},
		{"wrong type", "gmail_search", map[string]any{"query": 7}, "query"},
		{"unknown argument", "gmail_search", map[string]any{"quarry": "x"}, "quarry"},
		{"arguments that are a list", "gmail_search", []string{"x"}, ""},
		{"1 MB query", "gmail_search", map[string]any{"query": strings.Repeat("a ", 500_000)}, "query"},
		{"unknown profile", "gmail_search", map[string]any{"query": "x", "profile": "nobody@example.com"}, "demo"},
		{"unknown message", "gmail_read_message", map[string]any{"message_id": "18c0ffee00000000"}, "message_id"},
		{"no id at all", "gmail_read_message", map[string]any{"message_id": "../../etc/passwd"}, "message_id"},
		{"10,000 ids", "gmail_modify", map[string]any{"message_ids": ids, "action": "archive"}, "1000"},
		{"CRLF in the subject", "gmail_save_draft", mail("subject", "x\r\nBcc: eve@example.com"), "subject"},
		{"CRLF in an address", "gmail_save_draft", mail("to", []string{"mia@example.com\r\nBcc: eve@example.com"}), "to"},
		{"an attachment outside the exchange folder", "gmail_save_draft", mail("attachments", []string{outside}), "exchange folder"},
		{"an attachment by traversal", "gmail_save_draft", mail("attachments", []string{"../postern.db"}), "exchange folder"},
		{"a handle of nobody", "gmail_save_draft", mail("attachments", []string{"postern://file/nothing"}), "postern://file/nothing"},
	} {
		text, isError := s.call(c.tool, c.args)
		if !isError || !strings.Contains(text, c.want) {
			t.Errorf("%s: error %v, want one that says %q:\n%.600s", c.name, isError, c.want, text)
		}
	}

	if text, isError := s.call("gmail_search", map[string]any{"query": "in:inbox"}); isError {
		t.Errorf("after all that the server no longer works:\n%s", text)
	}
	s.end()
}

func TestOlderRevisions(t *testing.T) {
	d := newDesktop(t)
	for _, version := range []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"} {
		s := newSession(t, d, "--demo")
		if got := s.initialize(version); got != version {
			t.Errorf("asked for %s, the server takes %s", version, got)
		}
		if text, isError := s.call("profiles_list", map[string]any{}); isError || !strings.Contains(text, "demo@postern.example") {
			t.Errorf("%s: %s", version, text)
		}
		s.end()
	}
}
