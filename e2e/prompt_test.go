//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// TestPrompt lets the owner answer in the terminal of "postern serve": a client is let in and then refused a mail.
func TestPrompt(t *testing.T) {
	b := startConsole(newDesktop(t, fileVault...), "--demo")
	token := b.token(startBrowser(t, ""), "gmail:read", "gmail:send")
	if _, text := b.call(token.AccessToken, "gmail_search", map[string]any{"query": "in:inbox"}); !strings.Contains(text, "demo@postern.example") {
		t.Fatalf("gmail_search: %s", text)
	}
	done := make(chan string, 1)
	go func() { _, text := b.call(token.AccessToken, "gmail_send", letter); done <- text }()
	b.asked("Let it happen?")
	b.answer("no Ask Mia by telephone instead.")
	if text := <-done; !strings.Contains(text, "Ask Mia by telephone instead.") {
		t.Errorf("a refused gmail_send: %s", text)
	}
	if shown := b.log(); !strings.Contains(shown, "A body that nobody may read") || !strings.Contains(shown, "Refused.") {
		t.Errorf("the terminal shows:\n%s", shown)
	}
}
