//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"golang.org/x/oauth2"
)

// register registers a client for one redirect URI (RFC 7591).
func (b *bridge) register(redirect string) (clientID string) {
	b.t.Helper()
	resp, err := http.Post(b.issuer()+"/register", "application/json", strings.NewReader(fmt.Sprintf(`{"client_name":"e2e","redirect_uris":[%q],"token_endpoint_auth_method":"none"}`, redirect)))
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	var c struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil || c.ID == "" {
		b.t.Fatalf("registering: %s, %v", resp.Status, err)
	}
	return c.ID
}

// access is what a client holds when it was let in.
type access struct {
	clientID string
	*oauth2.Token
}

// token takes a client to an access token.
func (b *bridge) token(browser context.Context, scopes ...string) access {
	b.t.Helper()
	codes := make(chan string, 1)
	callback := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if code := r.URL.Query().Get("code"); code != "" {
			codes <- code
		}
	}))
	defer callback.Close()
	redirect := callback.URL + "/callback"
	config := oauth2.Config{ClientID: b.register(redirect), RedirectURL: redirect, Scopes: scopes, Endpoint: oauth2.Endpoint{
		AuthURL: b.issuer() + "/authorize", TokenURL: b.issuer() + "/token", AuthStyle: oauth2.AuthStyleInParams}}
	verifier, resource := oauth2.GenerateVerifier(), oauth2.SetAuthURLParam("resource", b.url)
	b.letIn(browser, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), resource), "--scopes", strings.Join(scopes, ","))
	b.record.secret("the verifier", verifier)
	token, err := config.Exchange(b.t.Context(), <-codes, oauth2.VerifierOption(verifier), resource)
	if err != nil {
		b.t.Fatal(err)
	}
	b.record.secret("a token", token.AccessToken, token.RefreshToken)
	return access{config.ClientID, token}
}

// call calls a tool with a token, and returns the status and the body of the answer.
func (b *bridge) call(token, tool string, args map[string]any) (int, string) {
	b.t.Helper()
	b.record.written(args)
	body := encode(b.t, map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{
		"name": tool, "arguments": args, "_meta": map[string]any{"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": map[string]any{}},
	}})
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for header, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool} {
		req.Header.Set(header, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err.Error()
	}
	_, _ = b.record.result("the answer of " + tool).Write(text)
	return resp.StatusCode, string(text)
}
