//go:build e2e

package e2e

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/mcp"
)

// TestGoClient takes mcp-go's own client through the life of a grant.
func TestGoClient(t *testing.T) {
	ctx := startBrowser(t, "")
	d := newDesktop(t, fileVault...)
	b := startBridge(d, "--demo")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan url.Values, 1)
	callback := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/callback" {
			answered <- r.URL.Query()
		}
	})}
	go callback.Serve(l)
	defer callback.Close()
	tokens := client.NewMemoryTokenStore()
	c, err := client.NewOAuthStreamableHttpClient(b.url, client.OAuthConfig{
		RedirectURI: "http://" + l.Addr().String() + "/callback", Scopes: []string{"gmail:read"}, TokenStore: tokens, PKCEEnabled: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var hello mcp.InitializeRequest
	hello.Params.ProtocolVersion, hello.Params.ClientInfo = "2025-11-25", mcp.Implementation{Name: "e2e-go", Version: "1"}
	if err = c.Start(t.Context()); err == nil {
		_, err = c.Initialize(t.Context(), hello)
	}
	if !client.IsOAuthAuthorizationRequiredError(err) {
		t.Fatalf("without a token: %v", err)
	}
	h := client.GetOAuthHandler(err)
	if err := h.RegisterClient(t.Context(), "e2e go"); err != nil {
		t.Fatal(err)
	}
	verifier, err := client.GenerateCodeVerifier()
	if err != nil {
		t.Fatal(err)
	}
	b.record.secret("the verifier", verifier)
	address, err := h.GetAuthorizationURL(t.Context(), "the-state", client.GenerateCodeChallenge(verifier))
	if err != nil {
		t.Fatal(err)
	}
	h.SetExpectedState("the-state")
	b.letIn(ctx, address, "--scopes", "gmail:read")
	got := <-answered
	if got.Get("iss") != b.issuer() {
		t.Errorf("the answer comes from %q, want %q (RFC 9207)", got.Get("iss"), b.issuer())
	}
	if err := h.ProcessAuthorizationResponse(t.Context(), got.Get("code"), got.Get("state"), verifier); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Initialize(t.Context(), hello); err != nil {
		t.Fatal(err)
	}
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
		var call mcp.CallToolRequest
		call.Params.Name, call.Params.Arguments = "gmail_search", map[string]any{"query": "in:inbox", "max": 2}
		r, err := c.CallTool(t.Context(), call)
		if err != nil {
			return "", err
		}
		return mcp.GetTextFromContent(r.Content[0]), nil
	}
	if text, err := search(); err != nil || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search: %v\n%s", err, text)
	}
	before, err := tokens.GetToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.record.secret("a token", before.AccessToken, before.RefreshToken)
	if _, err := h.RefreshToken(t.Context(), before.RefreshToken); err != nil {
		t.Fatalf("refreshing: %v", err)
	}
	if text, err := search(); err != nil || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search with the new token: %v\n%s", err, text)
	}
	resp, err := http.PostForm(b.issuer()+"/revoke", url.Values{"token": {before.AccessToken}, "client_id": {h.GetClientID()}})
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
