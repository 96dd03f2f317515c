//go:build unix

package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"postern/internal/fakeclient"
)

// owner is a person at the terminal in which "postern serve" runs.
type owner struct {
	t   *testing.T
	tty *os.File
	env []string
	url string // of /mcp

	mu   sync.Mutex // guards the field below
	text string     // that was shown and not yet read
}

// serveInTerminal starts it. The clients of these tests are the process that starts the terminal, too: what a client has
// started decides nothing, unless trusted says that the owner has allowed that.
func serveInTerminal(t *testing.T, trusted bool) *owner {
	t.Helper()
	cmd := exec.Command("postern", "serve", "--addr", "127.0.0.1:0", "--demo")
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "POSTERN_HOME="+dir+"/state", "HOME="+dir, "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of a test")
	if trusted {
		trust := exec.Command("postern", "settings", "set", "approvals.cli", "true")
		trust.Env = cmd.Env
		tty, err := pty.Start(trust)
		if err != nil {
			t.Fatal(err)
		}
		out, _ := io.ReadAll(tty) // ends with EIO when the process has gone
		tty.Close()
		if err := trust.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{t: t, tty: tty, env: cmd.Env}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 4096); ; {
			n, err := tty.Read(buf)
			o.mu.Lock()
			o.text += string(buf[:n])
			o.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); <-done; _ = cmd.Wait(); tty.Close() })
	o.url = o.sees(`http://127\.0\.0\.1:\d+/mcp`)[0]
	return o
}

// sees waits until the terminal shows what the expression wants, and reads to its end.
func (o *owner) sees(expression string) []string {
	o.t.Helper()
	re := regexp.MustCompile(expression)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		o.mu.Lock()
		at := re.FindStringSubmatchIndex(o.text)
		var found []string
		if at != nil {
			found = re.FindStringSubmatch(o.text)
			o.text = o.text[at[1]:]
		}
		shown := o.text
		o.mu.Unlock()
		if found != nil {
			return found
		}
		select {
		case <-tick.C:
		case <-deadline:
			o.t.Fatalf("the terminal never shows %s:\n%s", expression, shown)
		}
	}
}

func (o *owner) types(line string) {
	o.t.Helper()
	if _, err := io.WriteString(o.tty, line+"\n"); err != nil {
		o.t.Fatal(err)
	}
}

// asks registers a client and opens its page.
func (o *owner) asks(name, redirect string) *fakeclient.Client {
	o.t.Helper()
	c, err := fakeclient.Ask(o.t.Context(), o.url, name, redirect)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// token goes on in the client's browser, and returns the access token.
func (o *owner) token(c *fakeclient.Client) string {
	o.t.Helper()
	token, err := c.Token(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return token.AccessToken
}

// modify tries a call of class write, and returns the status.
func (o *owner) modify(token string) int {
	o.t.Helper()
	req, err := http.NewRequest(http.MethodPost, o.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gmail_modify","arguments":{"message_ids":["x"],"action":"read"},`+
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		o.t.Fatal(err)
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "gmail_modify"} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestTheTerminalAsks: the owner answers where "postern serve" runs.
func TestTheTerminalAsks(t *testing.T) {
	o := serveInTerminal(t, true)

	a := o.asks("Inspector", "http://127.0.0.1:9/cb")
	o.sees(`Let "Inspector" in\?[\s\S]*Which number does the browser show: .*` + a.Number)
	o.types("perhaps")
	o.sees("Please type one of the answers above")
	o.types(a.Number + " scopes=gmail:read colour=red")
	o.sees("There is no colour to set")
	o.types(a.Number + " scopes=gmail:read")
	o.sees("Allowed")
	token := o.token(a)

	if status := o.modify(token); status != http.StatusForbidden {
		t.Fatalf("a call beyond the grant gets %d", status)
	}
	o.sees(`"Inspector" wants more[\s\S]*Tried: +gmail_modify[\s\S]*With: .*"read"[\s\S]*once`)
	list := exec.Command("postern", "approvals", "list", "--json")
	list.Env = o.env
	open, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var questions []struct{ ID string }
	if err := json.Unmarshal(open, &questions); err != nil || len(questions) != 1 {
		t.Fatalf("%s, %v", open, err)
	}
	approve := exec.Command("postern", "approvals", "approve", questions[0].ID, "--expires", "1h")
	approve.Env = o.env
	if out, err := approve.CombinedOutput(); err == nil || !strings.Contains(string(out), "lasts as long as what it has") {
		t.Errorf("more for an hour: %v %s", err, out)
	}
	o.types("once")
	o.sees("Allowed")
	o.within("the call that is allowed once", func() bool { return o.modify(token) == http.StatusOK })
	if status := o.modify(token); status != http.StatusForbidden {
		t.Errorf("the second call gets %d", status)
	}
	o.sees("wants more")
	o.types("no")
	o.sees("Refused")

	// Another question takes the place of one that is being answered: what was typed is not its answer.
	again := o.asks("Second", "http://127.0.0.1:9/cb")
	o.sees(`Let "Second" in\?`)
	if err := again.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.sees("settled. Press Enter")
	third := o.asks("Third", "http://127.0.0.1:9/cb")
	o.types("no")
	o.sees(`Let "Third" in\?[\s\S]*` + third.Number)
	o.types(third.Number + " scopes=gmail:read")
	o.sees("Allowed")
	o.token(third)

	a = o.asks("Claude", "https://claude.ai.evil.example/cb")
	o.sees(`looks like claude\.ai[\s\S]*host=`)
	o.types(a.Number)
	o.sees("its name must be typed")
	o.types(a.Number + " host=claude.ai")
	o.sees("its name must be typed")
	o.types(a.Number + " host=claude.ai.evil.example")
	o.sees("Allowed")
	o.token(a)

	a = o.asks("Other", "http://127.0.0.1:9/cb")
	o.sees(`Let "Other" in\?`)
	o.types("no")
	o.sees("Refused")
	if page, err := a.Finish(t.Context()); err != nil || !strings.Contains(page, "access_denied") {
		t.Errorf("after a no: %v\n%s", err, page)
	}
}

// TestTheTerminalOfAClient takes no yes, where it is known who started it.
func TestTheTerminalOfAClient(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere nothing is known of who connects")
	}
	o := serveInTerminal(t, false)
	a := o.asks("Inspector", "http://127.0.0.1:9/cb")
	o.sees(`Let "Inspector" in\?`)
	o.types(a.Number + " scopes=gmail:read")
	o.sees(notYours)
	o.types("no")
	o.sees("Refused")
}

// within waits until ok.
func (o *owner) within(what string, ok func() bool) {
	o.t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			o.t.Fatalf("%s: never", what)
		}
	}
}
