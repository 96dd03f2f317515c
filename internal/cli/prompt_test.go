//go:build unix

package cli_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/oauth2"
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

func serveInTerminal(t *testing.T) *owner {
	t.Helper()
	cmd := exec.Command("postern", "serve", "--addr", "127.0.0.1:0", "--demo")
	dir := t.TempDir()
	cmd.Env = append(os.Environ(), "POSTERN_HOME="+dir+"/state", "HOME="+dir, "POSTERN_VAULT=file", "POSTERN_VAULT_PASSPHRASE=of a test")
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

// app is a client with its browser.
type app struct {
	*owner
	config   oauth2.Config
	verifier string
	browser  *http.Client
	number   string
	finish   url.Values // of the waiting page's form
}

// asks registers a client and opens its page.
func (o *owner) asks(name, redirect string) *app {
	o.t.Helper()
	issuer := strings.TrimSuffix(o.url, "/mcp")
	resp, err := http.Post(issuer+"/register", "application/json", strings.NewReader(fmt.Sprintf(`{"client_name":%q,"redirect_uris":[%q]}`, name, redirect)))
	if err != nil {
		o.t.Fatal(err)
	}
	defer resp.Body.Close()
	var client struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&client); err != nil || client.ID == "" {
		o.t.Fatalf("registering: %s, %v", resp.Status, err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	a := &app{owner: o, verifier: oauth2.GenerateVerifier(), browser: &http.Client{Jar: jar}, finish: url.Values{}, config: oauth2.Config{
		ClientID: client.ID, RedirectURL: redirect, Endpoint: oauth2.Endpoint{AuthURL: issuer + "/authorize", TokenURL: issuer + "/token", AuthStyle: oauth2.AuthStyleInParams}}}
	page := a.read(a.browser.Get(a.config.AuthCodeURL("s", oauth2.S256ChallengeOption(a.verifier), oauth2.SetAuthURLParam("resource", o.url))))
	number := regexp.MustCompile(`class="number">(\d\d)<`).FindStringSubmatch(page)
	if number == nil {
		o.t.Fatalf("the page shows no number:\n%s", page)
	}
	a.number = number[1]
	for _, f := range regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`).FindAllStringSubmatch(page, -1) {
		a.finish.Set(f[1], html.UnescapeString(f[2]))
	}
	return a
}

func (a *app) read(resp *http.Response, err error) string {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return string(b)
}

// token goes on in the browser, and returns the access token.
func (a *app) token() string {
	a.t.Helper()
	page := a.read(a.browser.PostForm(strings.TrimSuffix(a.url, "/mcp")+"/authorize/finish", a.finish))
	to := regexp.MustCompile(`href="([^"]*[?&;]code=[^"]*)"`).FindStringSubmatch(page)
	if to == nil {
		a.t.Fatalf("the page leads nowhere:\n%s", page)
	}
	u, err := url.Parse(html.UnescapeString(to[1]))
	if err != nil {
		a.t.Fatal(err)
	}
	token, err := a.config.Exchange(a.t.Context(), u.Query().Get("code"), oauth2.VerifierOption(a.verifier), oauth2.SetAuthURLParam("resource", a.url))
	if err != nil {
		a.t.Fatal(err)
	}
	return token.AccessToken
}

// cancels takes the request back in the browser.
func (a *app) cancels() {
	a.t.Helper()
	a.read(a.browser.PostForm(strings.TrimSuffix(a.url, "/mcp")+"/authorize/cancel", a.finish))
}

// modify tries a call of class write, and returns the status.
func (a *app) modify(token string) int {
	a.t.Helper()
	req, err := http.NewRequest(http.MethodPost, a.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"gmail_modify","arguments":{"message_ids":["x"],"action":"read"},`+
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		a.t.Fatal(err)
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "gmail_modify"} {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	a.read(resp, err)
	return resp.StatusCode
}

// TestTheTerminalAsks: the owner answers where "postern serve" runs.
func TestTheTerminalAsks(t *testing.T) {
	o := serveInTerminal(t)

	a := o.asks("Inspector", "http://127.0.0.1:9/cb")
	o.sees(`Let "Inspector" in\?[\s\S]*Which number does the browser show: .*` + a.number)
	o.types("perhaps")
	o.sees("Please type one of the answers above")
	o.types(a.number + " scopes=gmail:read colour=red")
	o.sees("There is no colour to set")
	o.types(a.number + " scopes=gmail:read")
	o.sees("Allowed")
	token := a.token()

	if status := a.modify(token); status != http.StatusForbidden {
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
	o.within("the call that is allowed once", func() bool { return a.modify(token) == http.StatusOK })
	if status := a.modify(token); status != http.StatusForbidden {
		t.Errorf("the second call gets %d", status)
	}
	o.sees("wants more")
	o.types("no")
	o.sees("Refused")

	// Another question takes the place of one that is being answered: what was typed is not its answer.
	again := o.asks("Second", "http://127.0.0.1:9/cb")
	o.sees(`Let "Second" in\?`)
	again.cancels()
	o.sees("settled. Press Enter")
	third := o.asks("Third", "http://127.0.0.1:9/cb")
	o.types("no")
	o.sees(`Let "Third" in\?[\s\S]*` + third.number)
	o.types(third.number + " scopes=gmail:read")
	o.sees("Allowed")
	third.token()

	a = o.asks("Claude", "https://claude.ai.evil.example/cb")
	o.sees(`looks like claude\.ai[\s\S]*host=`)
	o.types(a.number)
	o.sees("its name must be typed")
	o.types(a.number + " host=claude.ai")
	o.sees("its name must be typed")
	o.types(a.number + " host=claude.ai.evil.example")
	o.sees("Allowed")
	a.token()

	a = o.asks("Other", "http://127.0.0.1:9/cb")
	o.sees(`Let "Other" in\?`)
	o.types("no")
	o.sees("Refused")
	if page := a.read(a.browser.PostForm(strings.TrimSuffix(a.url, "/mcp")+"/authorize/finish", a.finish)); !strings.Contains(page, "access_denied") {
		t.Errorf("after a no:\n%s", page)
	}
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
