//go:build e2e

package e2e

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
)

// goClient is mcp-go's own client.
type goClient struct {
	t *testing.T
	*client.Client
	b        *bridge
	oauth    *transport.OAuthHandler
	tokens   *client.MemoryTokenStore
	answered chan url.Values // what the browser brings back
	verifier string
	hello    mcp.InitializeRequest
}

// startGoClient starts a client that finds out that it needs a token, and registers.
func startGoClient(t *testing.T, b *bridge, scopes ...string) *goClient {
	t.Helper()
	return startGoClientBy(t, &http.Client{Timeout: patience}, b, scopes...)
}

// startGoClientBy is startGoClient for one that reaches the bridge by web.
func startGoClientBy(t *testing.T, web *http.Client, b *bridge, scopes ...string) *goClient {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &goClient{t: t, b: b, tokens: client.NewMemoryTokenStore(), answered: make(chan url.Values, 1)}
	callback := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			c.answered <- r.URL.Query()
		}
	})}
	go callback.Serve(l)
	t.Cleanup(func() { callback.Close() })
	c.Client, err = client.NewOAuthStreamableHttpClient(b.url, client.OAuthConfig{
		RedirectURI: "http://" + l.Addr().String() + "/callback", Scopes: scopes, TokenStore: c.tokens, PKCEEnabled: true, HTTPClient: web,
	}, transport.WithHTTPBasicClient(web))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.hello.Params.ProtocolVersion, c.hello.Params.ClientInfo = "2025-11-25", mcp.Implementation{Name: "e2e-go", Version: "1"}
	if err = c.Start(t.Context()); err == nil {
		_, err = c.Initialize(t.Context(), c.hello)
	}
	if !client.IsOAuthAuthorizationRequiredError(err) {
		t.Fatalf("without a token: %v", err)
	}
	c.oauth = client.GetOAuthHandler(err)
	if err := c.oauth.RegisterClient(t.Context(), "e2e go"); err != nil {
		t.Fatal(err)
	}
	b.record.readClients()
	return c
}

// address is the page that the client opens in the browser.
func (c *goClient) address() string {
	c.t.Helper()
	var err error
	if c.verifier, err = client.GenerateCodeVerifier(); err != nil {
		c.t.Fatal(err)
	}
	c.b.record.secret("the verifier", c.verifier)
	address, err := c.oauth.GetAuthorizationURL(c.t.Context(), "the-state", client.GenerateCodeChallenge(c.verifier))
	if err != nil {
		c.t.Fatal(err)
	}
	c.oauth.SetExpectedState("the-state")
	return address
}

// comeIn takes what the browser brings back, and opens a session.
func (c *goClient) comeIn() {
	c.t.Helper()
	got := <-c.answered
	if got.Get("iss") != c.b.issuer() {
		c.t.Errorf("the answer comes from %q, want %q (RFC 9207)", got.Get("iss"), c.b.issuer())
	}
	if err := c.oauth.ProcessAuthorizationResponse(c.t.Context(), got.Get("code"), got.Get("state"), c.verifier); err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Initialize(c.t.Context(), c.hello); err != nil {
		c.t.Fatal(err)
	}
	c.token()
}

// token is what the client has.
func (c *goClient) token() *client.Token {
	c.t.Helper()
	token, err := c.tokens.GetToken(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	c.b.record.secret("a token", token.AccessToken, token.RefreshToken)
	return token
}

// does calls a tool. It may be used on another goroutine.
func (c *goClient) does(tool string, args map[string]any) (text string, isError bool, err error) {
	c.b.record.written(args)
	var call mcp.CallToolRequest
	call.Params.Name, call.Params.Arguments = tool, args
	r, err := c.CallTool(c.t.Context(), call)
	if err != nil {
		return "", false, err
	}
	return mcp.GetTextFromContent(r.Content[0]), r.IsError, nil
}

// TestGoClient takes mcp-go's own client through the life of a grant.
func TestGoClient(t *testing.T) {
	ctx := startBrowser(t, "")
	b := startBridge(newDesktop(t, fileVault...), "--demo")
	c := startGoClient(t, b, "gmail:read")
	b.letIn(ctx, c.address(), "--scopes", "gmail:read")
	c.comeIn()
	list, err := c.ListTools(t.Context(), mcp.ListToolsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, tool := range list.Tools {
		names += tool.Name + " "
	}
	if !strings.Contains(names, "gmail_search") || strings.Contains(names, "gmail_send") {
		t.Errorf("with gmail:read the tools are %s", names)
	}
	search := func() (string, error) {
		text, _, err := c.does("gmail_search", map[string]any{"query": "in:inbox", "max": 2})
		return text, err
	}
	if text, err := search(); err != nil || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search: %v\n%s", err, text)
	}
	before := c.token()
	if _, err := c.oauth.RefreshToken(t.Context(), before.RefreshToken); err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	if text, err := search(); err != nil || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search with the new token: %v\n%s", err, text)
	}
	resp, err := http.PostForm(b.issuer()+"/revoke", url.Values{"token": {before.AccessToken}, "client_id": {c.oauth.GetClientID()}})
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("revoking: %v, %v", resp, err)
	}
	resp.Body.Close()
	if got := b.status(t, before.AccessToken); got != http.StatusUnauthorized {
		t.Errorf("the revoked token gets %d", got)
	}
	if _, err := search(); !client.IsOAuthAuthorizationRequiredError(err) {
		t.Errorf("after the revocation: %v", err)
	}
}
