//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"postern/internal/fakeclient"
)

// quitting is how long the app may take to end; the race detector makes everything several times slower.
var quitting = map[bool]time.Duration{false: 2 * time.Second, true: 20 * time.Second}[os.Getenv("POSTERN_TEST_RACE") != ""]

// TestDesktopLife goes from the start by way of the tray's menu to the end.
func TestDesktopLife(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	a.shows("Ready")
	if w := a.screen.find("^Postern$"); w != "" {
		t.Error("started hidden, it shows a window")
	}
	if said, code := a.again(); code != 0 || said != "" {
		t.Errorf("the second start: exit %d, %q", code, said)
	}
	w := a.screen.window("^Postern$")
	a.closes(w)
	a.screen.wait("the window to go to the tray", func() bool { return a.screen.find("^Postern$") == "" })
	a.choose("Open Postern")
	a.screen.window("^Postern$")
	a.choose("Pause all access")
	a.shows("Paused")
	if got := a.status(t, "x"); got == 0 {
		t.Error("paused, it does not answer at all")
	}
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("quit: exit %d", code)
	}
	// Everything was put away: the state directory is free.
	if said, code := a.again("--no-such-flag"); code != 2 || !strings.Contains(said, "no-such-flag") {
		t.Errorf("a wrong flag: exit %d, %q", code, said)
	}
	startBridge(a.desktop, "--demo")
	if said, code := a.again(); code != 1 || !strings.Contains(said, "postern serve") || strings.Count(said, "\n") != 1 {
		t.Errorf("beside postern serve: exit %d, %q", code, said)
	}
}

// TestDesktopWithoutTray: the window opens, and says why.
func TestDesktopWithoutTray(t *testing.T) {
	a := office(t, noHost)
	a.start("--hidden")
	a.screen.window("^Postern$")
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("asked to end: exit %d", code)
	}
}

func TestDesktopWithoutDisplay(t *testing.T) {
	a := office(t, noHost)
	a.env = slices.DeleteFunc(a.env, func(v string) bool { return strings.HasPrefix(v, "DISPLAY=") })
	if said, code := a.again(); code != 1 || !strings.Contains(said, "postern serve") || strings.Count(said, "\n") != 1 {
		t.Errorf("without a display: exit %d, %q", code, said)
	}
}

// TestDesktopCrash: when the window crashes the store is closed in order, and the next start goes on.
func TestDesktopCrash(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	a.shows("Ready")
	a.signal(syscall.SIGUSR1)
	if code := a.ended(a.cmd, patience); code != 2 {
		t.Errorf("the crash: exit %d", code)
	}
	if said := a.log(); !strings.Contains(said, "the window has crashed") || !strings.Contains(said, "as the test wanted") {
		t.Errorf("the log does not tell of the crash")
	}
	a.closedInOrder()
	next := a.next()
	next.start("--hidden")
	next.shows("Ready")
}

// closedInOrder fails the test if the store was left open.
func (a *app) closedInOrder() {
	a.t.Helper()
	for _, left := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(a.dir + "/" + database + left); err == nil {
			a.t.Errorf("the store was left open: there is %s", left)
		}
	}
}

// popUp is how the title of a pop-up begins.
const popUp = "^Approve: "

// gone waits until no pop-up is there.
func (a *app) gone() {
	a.t.Helper()
	a.screen.wait("the pop-up to go", func() bool { return a.screen.find(popUp) == "" })
}

// asks lets a client ask to be let in, and waits for the pop-up.
func (a *app) asks(name string) (c *fakeclient.Client, window string) {
	a.t.Helper()
	c, err := fakeclient.Ask(a.t.Context(), a.url, name, "http://127.0.0.1:5555/callback")
	if err != nil {
		a.t.Fatal(err)
	}
	a.record.readClients()
	return c, a.screen.window(popUp + name)
}

// numbers are what the pop-up offers.
func (a *app) numbers() (all []string) {
	a.t.Helper()
	number := regexp.MustCompile(`^\d\d$`)
	a.screen.wait("three numbers", func() bool {
		all = nil
		for _, c := range a.seen() {
			if strings.HasPrefix(c.Window, "Approve: ") && number.MatchString(c.Text) && !slices.Contains(all, c.Text) {
				all = append(all, c.Text)
			}
		}
		return len(all) == 3
	})
	return all
}

// allow picks the number of the browser and allows what is ticked.
func (a *app) allow(c *fakeclient.Client) *oauth2.Token {
	a.t.Helper()
	if !slices.Contains(a.numbers(), c.Number) {
		a.t.Fatalf("the pop-up does not offer %s", c.Number)
	}
	a.tap(popUp, c.Number)
	a.press(popUp, "Allow")
	token, err := c.Token(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	a.record.secret("a token", token.AccessToken, token.RefreshToken)
	return token
}

// refused fails the test unless the client is refused in the browser.
func (a *app) refused(c *fakeclient.Client, how string) {
	a.t.Helper()
	page, err := c.Finish(a.t.Context())
	if token, terr := c.Token(a.t.Context()); terr == nil {
		a.record.secret("a token", token.AccessToken, token.RefreshToken)
		a.t.Errorf("%s: the client was let in", how)
	}
	if err != nil || !strings.Contains(page, "access_denied") {
		a.t.Errorf("%s: the browser gets %v\n%s", how, err, page)
	}
}

// TestDesktopPopUp lets a client in with the mouse, and refuses others in every way there is.
func TestDesktopPopUp(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	a.shows("Ready")
	c, _ := a.asks("Allowed")
	a.shows("Review 1 request")
	token := a.allow(c)
	if status, got := a.call(token.AccessToken, "gmail_search", map[string]any{"query": "in:inbox", "max": 2}); status != http.StatusOK || !strings.Contains(got, "demo@postern.example") {
		t.Errorf("the tool answers %d %s", status, got)
	}
	c, _ = a.asks("Denied")
	a.press(popUp, "Deny")
	a.refused(c, "Deny")
	c, w := a.asks("Closed")
	a.closes(w)
	a.gone()
	a.refused(c, "the cross")
	a.hides("Review")
	// After two noes the next is not shown by itself.
	c, err := fakeclient.Ask(t.Context(), a.url, "Quiet", "http://127.0.0.1:5555/callback")
	if err != nil {
		t.Fatal(err)
	}
	a.shows("Review 1 request")
	if a.screen.find(popUp) != "" {
		t.Error("a third pop-up comes after two noes")
	}
	a.choose("Review 1 request…")
	w = a.screen.window(popUp + "Quiet")
	a.screen.wait("Esc to close the pop-up", func() bool {
		_ = a.screen.key(w, "Escape") // it may have gone just then
		return within(2*time.Second, func() bool { return a.screen.find(popUp) == "" })
	})
	a.refused(c, "Esc")
}

// TestDesktopNo: a wrong number and quitting are noes, and quitting is quick all the same.
func TestDesktopNo(t *testing.T) {
	a := office(t, testHost)
	a.start("--hidden")
	c, _ := a.asks("Mistaken")
	numbers := a.numbers()
	a.tap(popUp, numbers[(slices.Index(numbers, c.Number)+1)%len(numbers)])
	a.press(popUp, "Allow")
	a.refused(c, "the wrong number")
	if notice := a.screen.find("^Postern"); notice != "" { // which says so
		a.closes(notice)
	}
	a.asks("Left")
	a.choose("Quit Postern")
	if code := a.ended(a.cmd, quitting); code != 0 {
		t.Errorf("quit: exit %d", code)
	}
	var all []struct{ State string }
	if err := json.Unmarshal([]byte(a.must("approvals", "list", "--all", "--json")), &all); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(all, func(r struct{ State string }) bool { return r.State == "pending" }) {
		t.Errorf("quitting leaves a question: %+v", all)
	}
}
