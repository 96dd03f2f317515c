//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/mark3labs/mcp-go/client/transport"
	"golang.org/x/oauth2"
)

// sharing is a bridge that is shared through the stand-in edge, as a client far away sees it.
type sharing struct {
	*bridge  // its url is the public one
	local    *bridge
	internet *internet
}

// startSharing signs in to ngrok, serves, and switches the tunnel on, as the owner does.
func startSharing(t *testing.T, n *internet) *sharing {
	t.Helper()
	d := newDesktop(t, n.env()...)
	d.record.secret("the authtoken", authtoken)
	for name, value := range map[string]string{"tunnel.connect_url": n.edge.Addr(), "tunnel.ca_file": n.caFile} {
		if o := d.terminal("", "settings", "set", name, value); o.code != 0 {
			t.Fatalf("settings set %s: exit %d\n%s", name, o.code, o.stdout)
		}
	}
	var login printed
	_, typed := d.console(&login, "tunnel", "login")
	for _, one := range []struct{ prompt, answer string }{{"Its authtoken", authtoken}, {"Its domain", "https://" + n.edge.Domain + "/"}} {
		d.wait("the prompt "+one.prompt, func() bool { return strings.Contains(login.String(), one.prompt) }) // before, it would be shown
		if _, err := io.WriteString(typed, one.answer+"\r"); err != nil {
			t.Fatal(err)
		}
	}
	d.wait("the address from outside", func() bool { return strings.Contains(login.String(), "https://"+n.edge.Domain+"/mcp") })
	local := startBridge(d, "--demo")
	s := &sharing{bridge: &bridge{desktop: d, url: n.edge.URL() + "/mcp", cmd: local.cmd}, local: local, internet: n}
	d.record.issuer(s.issuer())
	s.on()
	return s
}

// on switches the tunnel on.
func (s *sharing) on() {
	s.t.Helper()
	o := s.terminal("", "tunnel", "on")
	if o.code != 0 || !strings.Contains(o.stdout, s.url) || !strings.Contains(o.stdout, "▀") {
		s.t.Fatalf("tunnel on: exit %d\n%s", o.code, o.stdout)
	}
}

// state is what "postern tunnel status" says.
func (s *sharing) state() (now struct {
	State, URL string
	Check      struct{ Found, Says string }
}) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.must("tunnel", "status", "--json")), &now); err != nil {
		s.t.Fatal(err)
	}
	return now
}

// through opens an address in the browser, behind ngrok's warning page.
func (s *sharing) through(ctx context.Context, address string) {
	s.t.Helper()
	browse(s.t, ctx, "ngrok's warning page", chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS(`#visit`)),
		chromedp.Click(chromedp.CSS(`#visit`)), chromedp.WaitVisible(chromedp.CSS(`.number`)))
}

// pair opens the door to new clients from outside.
func (s *sharing) pair() {
	s.t.Helper()
	if o := s.terminal("", "pair"); o.code != 0 {
		s.t.Fatalf("pair: exit %d\n%s", o.code, o.stdout)
	}
}

// TestTunnel takes an MCP client that only knows the public address through everything, and the owner back out of it.
func TestTunnel(t *testing.T) {
	s := startSharing(t, startInternet(t))
	ctx := startBrowser(t, s.internet.proxy)
	s.wait("a look from outside", func() bool { return s.state().Check.Found != "" })
	if now := s.state(); now.State != "online" || now.URL != s.url || now.Check.Found != "answers" {
		t.Fatalf("tunnel status: %+v", now)
	}
	found := s.postern("doctor").stdout
	for _, what := range []string{"ngrok's service", "ngrok account", "public address", "issuer", "clock"} {
		if !regexp.MustCompile(`(?m)^ok +` + what).MatchString(found) {
			t.Errorf("doctor does not find the %s in order:\n%s", what, found)
		}
	}

	web := s.internet.edge.Client()
	c := startGoClientBy(t, web, s.bridge, "gmail:read", "gmail:send")
	s.pair()
	address := c.address()
	s.through(ctx, address)
	s.letIn(ctx, address, "--scopes", "gmail:read,gmail:send")
	c.comeIn()
	search := func() error {
		text, _, err := c.does("gmail_search", map[string]any{"query": "in:inbox", "max": 2})
		if err == nil && !strings.Contains(text, "demo@postern.example") {
			err = fmt.Errorf("gmail_search: %s", text)
		}
		return err
	}
	if err := search(); err != nil {
		t.Fatal(err)
	}
	before := c.token()
	if _, err := c.oauth.RefreshToken(t.Context(), before.RefreshToken); err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	if err := search(); err != nil {
		t.Errorf("with the new token: %v", err)
	}
	token := c.token()
	if got := s.local.status(t, token.AccessToken); got != http.StatusUnauthorized {
		t.Errorf("on this computer the token gets %d", got)
	}

	// A session that is cut in the middle of a call comes back by itself: same address, same token.
	waiting := make(chan error, 1)
	go func() { _, _, err := c.does("gmail_send", letter); waiting <- err }()
	s.pending()
	cut := time.Now()
	s.internet.edge.Cut()
	if err := <-waiting; err == nil {
		t.Error("the call that was cut has an answer")
	}
	for err := search(); err != nil; err = search() {
		if time.Since(cut) > patience {
			t.Fatalf("it does not come back: %v", err)
		}
		time.Sleep(50 * time.Millisecond) // the client tries again, as they do
		if errors.Is(err, transport.ErrSessionTerminated) {
			// ngrok answers 404 for an address that is offline, which is also how a session ends: then a client begins a new
			// one (MCP 2025-11-25, session management).
			_, _ = c.Initialize(t.Context(), c.hello)
		}
	}
	if took := time.Since(cut); took > 2*time.Second {
		t.Errorf("it was back after %v", took)
	}
	if got := c.token(); got.AccessToken != token.AccessToken {
		t.Error("the client needed another token")
	}

	// Lockdown with ten busy streams and a reader who stands still.
	var ended []chan struct{}
	for range 10 {
		done := make(chan struct{})
		ended = append(ended, done)
		body := s.stream(web, token.AccessToken)
		go func() { defer close(done); defer body.Close(); _, _ = io.Copy(io.Discard, body) }()
	}
	s.stall(token.AccessToken)
	began := time.Now()
	s.must("lockdown")
	for _, done := range ended {
		<-done
	}
	s.wait("the address to be offline at the edge", func() bool {
		resp, err := web.Get(s.url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode < http.StatusBadRequest || resp.Header.Get("Ngrok-Error-Code") == "" {
			t.Fatalf("Postern answers %d", resp.StatusCode)
		}
		return resp.Header.Get("Ngrok-Error-Code") == "ERR_NGROK_3200"
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the lockdown took %v", took)
	}
	s.wait("a look whether it is dead", func() bool { return s.state().Check.Found == "dead" })
	if now := s.state(); now.State != "off" || now.Check.Found != "dead" {
		t.Errorf("tunnel status: %+v", now)
	}
	if got := s.local.status(t, "mcpat_none"); got == 0 || got == http.StatusOK {
		t.Errorf("on this computer it answers %d", got)
	}
	if o := s.terminal("", "lockdown", "--lift"); o.code != 0 {
		t.Fatalf("lifting: exit %d\n%s", o.code, o.stdout)
	}
	s.on() // it was the owner's own switch, and stays off until they turn it
	if err := search(); err == nil {
		t.Error("the old token is good")
	}
	s.must("tunnel", "off")
	if o := s.postern("tunnel", "share"); o.code != 3 {
		t.Errorf("tunnel share when nothing is: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// stream opens a stream of notifications.
func (s *sharing) stream(web *http.Client, token string) io.ReadCloser {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, strings.NewReader(
		`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`))
	if err != nil {
		s.t.Fatal(err)
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "subscriptions/listen"} {
		req.Header.Set(header, value)
	}
	resp, err := web.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("opening a stream: %d", resp.StatusCode)
	}
	return resp.Body
}

// stall is a client that asks and asks and never reads.
func (s *sharing) stall(token string) {
	s.t.Helper()
	c, err := s.internet.edge.Dial(s.t.Context(), s.internet.edge.Domain, "127.0.0.9")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}`
	for range 100 {
		if _, err := fmt.Fprintf(c, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\nContent-Length: %d\r\n\r\n%s",
			s.internet.edge.Domain, token, len(body), body); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestTunnelDocument lets in, from outside, a client that is named by the address of a document (CIMD).
func TestTunnelDocument(t *testing.T) {
	const id = "https://assistant.example.com/client.json"
	answered := make(chan url.Values, 1)
	n := startInternet(t)
	n.host("assistant.example.com", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/client.json":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"client_id":"`+id+`","client_name":"Far Assistant","redirect_uris":["https://assistant.example.com/callback"],"token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"response_types":["code"]}`)
		case "/callback":
			select {
			case answered <- r.URL.Query():
			default:
			}
			fmt.Fprint(w, "done")
		default:
			http.NotFound(w, r)
		}
	}))
	s := startSharing(t, n)
	ctx := startBrowser(t, n.proxy)
	web := n.edge.Client()
	verifier := oauth2.GenerateVerifier()
	s.record.secret("the verifier", verifier)
	config := oauth2.Config{ClientID: id, RedirectURL: "https://assistant.example.com/callback", Scopes: []string{"gmail:read"},
		Endpoint: oauth2.Endpoint{AuthURL: s.issuer() + "/authorize", TokenURL: s.issuer() + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	resource := oauth2.SetAuthURLParam("resource", s.url)
	address := config.AuthCodeURL("the-far-state", oauth2.S256ChallengeOption(verifier), resource)
	s.pair()
	s.through(ctx, address)
	s.letIn(ctx, address, "--scopes", "gmail:read", "--host", "assistant.example.com")
	got := <-answered
	if got.Get("iss") != s.issuer() {
		t.Errorf("the answer comes from %q", got.Get("iss"))
	}
	token, err := config.Exchange(context.WithValue(t.Context(), oauth2.HTTPClient, web), got.Get("code"), oauth2.VerifierOption(verifier), resource)
	if err != nil {
		t.Fatal(err)
	}
	s.record.secret("a token", token.AccessToken, token.RefreshToken)
	body := s.stream(web, token.AccessToken)
	body.Close()
	if list := s.must("clients", "list"); !strings.Contains(list, "assistant.example.com") {
		t.Errorf("clients list:\n%s", list)
	}
}
