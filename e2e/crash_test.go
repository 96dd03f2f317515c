//go:build e2e

package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// letter is a mail that waits for the owner's yes while Postern crashes.
var letter = map[string]any{"to": []string{"mia.sommer@example.com"}, "subject": "A subject that nobody may read in a crash", "body_md": "A body that nobody may read in a crash."}

// TestCrash lets Postern crash with tokens and a mail in its memory. What it writes then goes into the record as all of its
// output does, and is searched there.
func TestCrash(t *testing.T) {
	t.Run("serve", func(t *testing.T) {
		d := newDesktop(t, append([]string{"GOTRACEBACK=system"}, fileVault...)...)
		b := startBridge(d, "--demo")
		token := b.token(startBrowser(t, ""), "gmail:read", "gmail:send")
		if _, text := b.call(token.AccessToken, "gmail_search", map[string]any{"query": "in:inbox"}); !strings.Contains(text, "demo@postern.example") {
			t.Fatalf("gmail_search: %s", text)
		}
		done := make(chan struct{})
		go func() { defer close(done); b.call(token.AccessToken, "gmail_send", letter) }()
		d.pending()
		d.crash(syscall.SIGQUIT)
		<-done
		_ = b.cmd.Wait() // that it ended badly is known
		checkTrace(t, b.log(), "SIGQUIT")
	})
	t.Run("stdio", func(t *testing.T) {
		d := newDesktop(t, "GOTRACEBACK=system")
		s := startSession(t, d, "--demo")
		d.record.written(letter)
		if text, isError := s.call("gmail_search", map[string]any{"query": "in:inbox"}); isError {
			t.Fatal(text)
		}
		s.send(string(encode(t, map[string]any{"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": map[string]any{"name": "gmail_send", "arguments": letter}})))
		d.pending()
		d.crash(syscall.SIGABRT)
		for range s.lines {
		}
		checkTrace(t, s.log(), "SIGABRT")
	})
}

// crash sends a signal to the one process of the binary.
func (d *desktop) crash(signal syscall.Signal) {
	d.t.Helper()
	all := d.running()
	if len(all) != 1 {
		d.t.Fatalf("%d processes run, want 1: %v", len(all), all)
	}
	if err := syscall.Kill(all[0].pid, signal); err != nil {
		d.t.Fatal(err)
	}
}

func checkTrace(t *testing.T, log, signal string) {
	t.Helper()
	if !strings.Contains(log, signal) || strings.Count(log, "\ngoroutine ") < 5 {
		t.Errorf("there is no trace of a crash:\n%s", log)
	}
}
