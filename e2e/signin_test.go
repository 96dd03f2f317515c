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

// engineMail is a mail for a mailbox at the stand-in.
const engineMail = `From: Charles <charles@example.org>
To: ada@example.com
Subject: The engine is ready
Date: Mon, 2 Nov 2026 10:00:00 +0000
Message-ID: <engine@example.org>
Content-Type: text/plain; charset=utf-8

Come and see it on Thursday.
`

// signIn adds a profile, which may use Gmail: with the owner's OAuth client, in a terminal and a browser. It returns the
// text of the browser's last page.
func (d *desktop) signIn(browser context.Context, profile, email string) (closing string) {
	d.t.Helper()
	opened := filepath.Join(d.t.TempDir(), "opened")
	d.env = append(d.env, "BROWSER="+d.script("browser", `printf '%s' "$1" > "`+opened+`.part" && mv "`+opened+`.part" "`+opened+`"`))
	d.must("google-client", "import", clientFile(d.t))
	done := make(chan outcome, 1)
	go func() { done <- d.terminal("", "profiles", "add", profile, "--toolsets", "gmail") }()
	d.wait("the browser to be opened", func() bool { return d.file(opened) != "" })
	closing = clickThrough(d.t, browser, d, d.file(opened), email)
	d.record.letIn()
	if o := <-done; o.code != 0 || !strings.Contains(o.stdout, email) {
		d.t.Fatalf("profiles add: exit %d\n%s", o.code, o.stdout)
	}
	return closing
}

// TestSignIn is the main job: a new owner signs in with a real browser, the credentials go to a real keychain, another
// process reads mail with them, and when Google takes them back, everybody is told what to do.
func TestSignIn(t *testing.T) {
	g := startGoogle(t)
	g.deliver("ada@example.com", engineMail)
	ctx := startBrowser(t, g.proxy.URL)
	d := newDesktop(t, append(g.env(), startKeyring(t)...)...)
	if closing := d.signIn(ctx, "work", "ada@example.com"); !strings.Contains(closing, "ada@example.com") {
		t.Errorf("the closing page does not say who signed in:\n%s", closing)
	}

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
	list := d.must("profiles", "list")
	if !strings.Contains(list, "must sign in again") || !strings.Contains(list, "postern profiles refresh work") {
		t.Errorf("after the revocation the owner is not told what to do:\n%s", list)
	}
	d.must("profiles", "list", "--json")
	log := d.must("log")
	if strings.Count(log, "gmail_search") != 2 {
		t.Errorf("postern log does not have both calls:\n%s", log)
	}
	d.must("log", "--json")
}
