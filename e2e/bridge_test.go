//go:build e2e

package e2e

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// bridge is a running "postern serve".
type bridge struct {
	*desktop
	url    string // of /mcp
	cmd    *exec.Cmd
	stderr printed   // or what the terminal shows
	typed  io.Writer // the terminal in which it serves; nil for none
}

func (b *bridge) log() string { return b.stderr.String() }

// printed is what a running process has printed.
type printed struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

var served = regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`)

// startBridge serves over HTTP on a free port until the test ends.
func startBridge(d *desktop, flags ...string) *bridge {
	d.t.Helper()
	d.trust()
	b := &bridge{desktop: d}
	b.cmd = d.background(&b.stderr, serve(flags)...)
	return b.ready()
}

// startConsole is startBridge in a terminal, where the owner answers the questions.
func startConsole(d *desktop, flags ...string) *bridge {
	d.t.Helper()
	d.trust()
	b := &bridge{desktop: d}
	b.cmd, b.typed = d.console(&b.stderr, serve(flags)...)
	return b.ready()
}

func serve(flags []string) []string {
	return append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)
}

// ready waits until the bridge serves.
func (b *bridge) ready() *bridge {
	b.t.Helper()
	b.wait("the bridge to serve", func() bool {
		b.url = served.FindString(b.log())
		return b.url != ""
	})
	b.record.issuer(b.issuer())
	return b
}

// stop kills the bridge, as a crash would.
func (b *bridge) stop() {
	b.t.Helper()
	if err := b.cmd.Process.Kill(); err != nil {
		b.t.Fatal(err)
	}
	_ = b.cmd.Wait() // that it was killed is known
	http.DefaultClient.CloseIdleConnections()
}

// issuer is the address of the authorization server.
func (b *bridge) issuer() string { return strings.TrimSuffix(b.url, "/mcp") }

// trust has Postern take the owner's answers from this process, which is also the client of some tests and starts the
// owner's terminals: from what a client has started no yes is taken otherwise. internal/cli tries that.
func (d *desktop) trust() {
	d.t.Helper()
	if o := d.terminal("", "settings", "set", "approvals.cli", "true"); o.code != 0 {
		d.t.Fatalf("settings set approvals.cli: exit %d\n%s", o.code, o.stdout)
	}
}

// letIn is the owner: in the browser ctx the page of an authorization request is opened, and the question is answered in
// a terminal with the number that the page shows. It returns when the browser has left for the client.
func (b *bridge) letIn(ctx context.Context, address string, terms ...string) {
	b.t.Helper()
	b.record.readClients()
	browse(b.t, ctx, "opening the waiting page", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(`.number`)))
	number, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(`.number`)))
	if err != nil {
		b.t.Fatal(err)
	}
	b.approve(strings.TrimSpace(number), terms)
	b.wait("the browser to go back to the client", func() bool {
		at, err := chromedp.Run(ctx, chromedp.Location())
		return err == nil && !strings.HasPrefix(at, b.issuer())
	})
	b.record.letIn()
}

// approve answers the question whether a client may come in, where the owner is.
func (b *bridge) approve(number string, terms []string) {
	b.t.Helper()
	if b.typed != nil {
		b.asked("Which number does the browser show")
		b.answer(number + " " + strings.NewReplacer("--scopes ", "scopes=").Replace(strings.Join(terms, " ")))
		return
	}
	if o := b.terminal("", append([]string{"approvals", "approve", b.pending(), "--number", number}, terms...)...); o.code != 0 {
		b.t.Fatalf("letting the client in: exit %d\n%s", o.code, o.stdout)
	}
}

// asked waits until the terminal shows a question.
func (b *bridge) asked(question string) {
	b.t.Helper()
	b.wait("the terminal to ask: "+question, func() bool { return strings.Contains(b.log(), question) })
}

// answer types a line in the terminal.
func (b *bridge) answer(line string) {
	b.t.Helper()
	if _, err := io.WriteString(b.typed, line+"\r"); err != nil {
		b.t.Fatalf("typing: %v", err)
	}
}

// opener is a program that keeps the address which a client would open a browser with.
func (b *bridge) opener() (script, opened string) {
	b.t.Helper()
	opened = filepath.Join(b.t.TempDir(), "opened")
	return b.script("browser", `printf '%s' "$1" > "`+opened+`.part" && mv "`+opened+`.part" "`+opened+`"`), opened
}

// wanted waits until a client has opened the browser, and returns the address.
func (b *bridge) wanted(opened string) string {
	b.t.Helper()
	b.wait("the client to open a browser", func() bool { return b.file(opened) != "" })
	return b.file(opened)
}

// status sends a token to /mcp and returns the status of the answer.
func (b *bridge) status(t *testing.T, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
