//go:build e2e

package e2e

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// clickThrough signs in at Google's pages as a person does, ticks every box, and returns the text of the last page.
func clickThrough(t *testing.T, ctx context.Context, d *desktop, address, email string) string {
	t.Helper()
	browse(t, ctx, "choosing an account", chromedp.Navigate(address), chromedp.Click(`button[value="`+email+`"]`), chromedp.WaitVisible(`#allow`))
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[int](`[...document.querySelectorAll('input[type=checkbox]')].map(b => b.click()).length`)); err != nil {
		t.Fatalf("ticking the boxes: %v", err)
	}
	browse(t, ctx, "allowing", chromedp.Click(`#allow`))
	var text string
	d.wait("Postern's closing page", func() bool {
		text, _ = chromedp.Run(ctx, chromedp.Text(`body`)) // fails while the page changes
		return strings.Contains(text, "close this page")
	})
	return text
}

// TestSignIn is the main job: a new owner signs in with a real browser, the credentials go to a real keychain, another
// process reads mail with them, and when Google takes them back, everybody is told what to do.
func TestSignIn(t *testing.T) {
	g := startGoogle(t)
	g.mail.AddMessage("ada@example.com", []byte(strings.ReplaceAll(`From: Charles <charles@example.org>
To: ada@example.com
Subject: The engine is ready
Date: Mon, 2 Nov 2026 10:00:00 +0000
Message-ID: <engine@example.org>
Content-Type: text/plain; charset=utf-8

Come and see it on Thursday.
`, "\n", "\r\n")))
	ctx := startBrowser(t, g.proxy.URL)
	opened := filepath.Join(t.TempDir(), "opened")
	env := append(g.env(), startKeyring(t)...)
	d := newDesktop(t, env...)
	d.env = append(d.env, "BROWSER="+d.script("browser", `printf '%s' "$1" > "`+opened+`.part" && mv "`+opened+`.part" "`+opened+`"`))
	d.must("settings", "set", "log.level", "debug")
	texts := map[string]string{}

	texts["google-client import"] = d.must("google-client", "import", clientFile(t))

	// Sign in.
	type result struct{ outcome }
	done := make(chan result, 1)
	go func() { done <- result{d.terminal("", "profiles", "add", "work", "--toolsets", "gmail")} }()
	d.wait("the browser to be opened", func() bool { return d.file(opened) != "" })
	closing := clickThrough(t, ctx, d, d.file(opened), "ada@example.com")
	added := <-done
	if added.code != 0 || !strings.Contains(added.stdout, "ada@example.com") {
		t.Fatalf("profiles add: exit %d\n%s", added.code, added.stdout)
	}
	if !strings.Contains(closing, "ada@example.com") {
		t.Errorf("the closing page does not say who signed in:\n%s", closing)
	}
	texts["profiles add"] = added.stdout

	// A new process reads mail with what is stored.
	s := startSession(t, d, "")
	text, isError := s.call("gmail_search", map[string]any{"query": "engine"})
	if isError || !strings.Contains(text, "The engine is ready") {
		t.Fatalf("gmail_search with the stored profile:\n%s\n%s", text, s.log())
	}

	// Google takes the grant back.
	g.RevokeGrant("ada@example.com")
	text, isError = s.call("gmail_search", map[string]any{"query": "engine"})
	if !isError || !strings.Contains(text, "postern profiles refresh work") {
		t.Errorf("after the revocation the model is not told what to do: error %v\n%s", isError, text)
	}
	s.end()
	texts["the server's stdout"] = s.stdout.String()
	texts["the server's log"] = s.log()
	list := d.must("profiles", "list")
	if !strings.Contains(list, "must sign in again") || !strings.Contains(list, "postern profiles refresh work") {
		t.Errorf("after the revocation the owner is not told what to do:\n%s", list)
	}
	texts["profiles list"] = list + d.must("profiles", "list", "--json")
	log := d.must("log")
	if strings.Count(log, "gmail_search") != 2 {
		t.Errorf("postern log does not have both calls:\n%s", log)
	}
	texts["postern log"] = log + d.must("log", "--json")

	checkNoSecrets(t, g.issued(), d.dir, texts)
}
