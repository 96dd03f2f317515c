//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	mainWindow = "^Postern$"
	friday     = "Shall we meet on Friday?"
)

// TestDesktopWay is the way of a new owner: from the tray to a profile, to a client that is let in, to a mail that they
// change before it goes, and back to a client that is shown the door. Everything is real but Google.
func TestDesktopWay(t *testing.T) {
	t.Run("X", func(t *testing.T) { way(t, panel) })
	t.Run("Wayland", func(t *testing.T) { way(t, wayland) })
}

func way(t *testing.T, h host) {
	g := startGoogle(t)
	g.deliver("ada@example.com", engineMail)
	browser := startBrowser(t, g.proxy.URL)
	a := office(t, h, g.env()...)
	opener, opened := a.opener()
	a.env = append(a.env, "BROWSER="+opener)
	a.must("google-client", "import", clientFile(t))
	a.serve("--hidden")
	a.isInTray()
	a.shows("Ready")

	a.choose("Add profile…")
	a.field(mainWindow, "work", "office")
	a.tap(mainWindow, "Sign in with Google")
	closing := clickThrough(t, browser, a.desktop, a.wanted(opened), "ada@example.com")
	if !strings.Contains(closing, "ada@example.com") {
		t.Errorf("the closing page does not say who signed in:\n%s", closing)
	}
	a.record.letIn()
	a.reads(mainWindow, "office")
	a.tap(mainWindow, "Close")
	a.shows("office (ada@example.com)")

	c := startGoClient(t, a.bridge, "gmail:send")
	browse(t, browser, "opening the waiting page", chromedp.Navigate(c.address()), chromedp.WaitVisible(chromedp.CSS(`.number`)))
	number, err := chromedp.Run(browser, chromedp.Text(chromedp.CSS(`.number`)))
	if err != nil {
		t.Fatal(err)
	}
	a.screen.window(popUp + "e2e go")
	a.tap(popUp, strings.TrimSpace(number))
	a.tap(popUp, "Send mail as you") // which others see, so that it is not ticked by itself
	a.press(popUp, "Allow")
	c.comeIn()
	if text, _, err := c.does("gmail_search", map[string]any{"query": "engine"}); err != nil || !strings.Contains(text, "The engine is ready") {
		t.Errorf("gmail_search: %v\n%s", err, text)
	}

	// A mail goes as the owner has changed it.
	type answer struct {
		text    string
		isError bool
		err     error
	}
	answered := make(chan answer, 1)
	send := func(subject string) {
		go func() {
			text, isError, err := c.does("gmail_send", map[string]any{"to": []string{"charles@example.org"}, "subject": subject, "body_md": friday})
			answered <- answer{text, isError, err}
		}()
	}
	send("The plans")
	a.screen.window(popUp + "e2e go")
	a.reads(popUp, friday)
	a.tap(popUp, "Edit…")
	const better = "Shall we meet on Thursday instead?"
	a.record.mail(better)
	a.field(popUp, friday, better)
	a.tap(popUp, "Show the result")
	a.reads(popUp, better)
	if sent := g.mail.Sent("ada@example.com"); len(sent) != 0 {
		t.Fatalf("%d mails were sent before the yes", len(sent))
	}
	a.press(popUp, "Allow")
	if got := <-answered; got.err != nil || got.isError || !strings.Contains(got.text, "The owner has changed this") {
		t.Errorf("gmail_send: %v\n%s", got.err, got.text)
	}
	sent := g.mail.Sent("ada@example.com")
	if len(sent) != 1 || !strings.Contains(string(sent[0].Raw), better) || strings.Contains(string(sent[0].Raw), friday) {
		t.Errorf("Google did not get the mail as it was changed: %d mails\n%s", len(sent), sent)
	}

	// Another is denied, and the assistant reads why.
	const reason = "I tell him myself"
	send("More plans")
	a.screen.window(popUp + "e2e go")
	a.field(popUp, "If not: why? The assistant reads this. You need not write anything.", reason)
	a.press(popUp, "Deny")
	if got := <-answered; got.err != nil || !got.isError || !strings.Contains(got.text, reason) {
		t.Errorf("the denied call: %v\n%s", got.err, got.text)
	}
	if sent := g.mail.Sent("ada@example.com"); len(sent) != 1 {
		t.Errorf("after the no %d mails were sent", len(sent))
	}

	// The client is shown the door.
	token := c.token().AccessToken
	a.choose("Open Postern")
	a.tap(mainWindow, "Clients")
	a.tap(mainWindow, "Revoke…")
	a.tap(mainWindow, "Revoke")
	a.screen.wait("the token to be worth nothing", func() bool { return a.status(t, token) == http.StatusUnauthorized })
	_ = c.Close() // its session has gone with its token
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("quit: exit %d", code)
	}
}

// TestDesktopOver: a question whose time is over is a no, and a client that is blocked stays out.
func TestDesktopOver(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	c, _ := a.asks("Slow")
	a.later(5*time.Minute - 8*time.Second) // the rest is enough for the app to hear of it
	a.reads("^Postern$", "The time for this question is over.")
	a.refused(c, "silence")
	a.tap("^Postern$", "OK")
	c, _ = a.asks("Pest")
	a.press(popUp, "Block this app")
	a.refused(c, "blocked")
	a.choose("Open Postern")
	a.tap(mainWindow, "Clients")
	a.reads(mainWindow, "“Pest”")
	if _, err := c.Again(t.Context()); err == nil || !strings.Contains(err.Error(), "blocked") {
		t.Errorf("the blocked client asks again: %v", err)
	}
	a.tap(mainWindow, "Unblock")
	a.screen.wait("the client to be unblocked", func() bool { return !strings.Contains(a.must("clients", "list", "--json"), `"blocked": true`) })
}

// TestDesktopSleep: a computer that sleeps stops the app in the middle of a question. When it wakes up, the time for that
// is over, and everything else goes on.
func TestDesktopSleep(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	a.shows("Ready")
	c, _ := a.asks("Awake")
	token := a.allow(c)
	c, _ = a.asks("Asleep")
	a.signal(syscall.SIGSTOP)
	a.later(8 * time.Hour)
	a.signal(syscall.SIGCONT)
	a.gone()
	a.refused(c, "sleep")
	if status, got := a.call(token.AccessToken, "gmail_search", map[string]any{"query": "in:inbox", "max": 2}); status != http.StatusOK || !strings.Contains(got, "demo@postern.example") {
		t.Errorf("after the sleep the tool answers %d %s", status, got)
	}
	a.shows("Ready")
	a.choose("Open Postern")
	a.reads(mainWindow, "Ready · 1 client")
}

func (a *app) signal(s syscall.Signal) {
	a.t.Helper()
	if err := a.cmd.Process.Signal(s); err != nil {
		a.t.Fatal(err)
	}
}

// later lets time pass for every question that waits.
func (a *app) later(d time.Duration) {
	a.t.Helper()
	db := openDatabase(a.t, a.dir+"/"+database)
	defer db.Close()
	if _, err := db.Exec("UPDATE approvals SET created_at = created_at - ?, expires_at = expires_at - ? WHERE state = 'pending'", d.Nanoseconds(), d.Nanoseconds()); err != nil {
		a.t.Fatal(err)
	}
}
