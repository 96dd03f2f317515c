//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// expireAccess lets every access token end now, as if an hour had gone by.
func (b *bridge) expireAccess() {
	b.t.Helper()
	b.record.readClients()
	db := openDatabase(b.t, filepath.Join(b.dir, database))
	defer db.Close()
	res, err := db.Exec("UPDATE tokens SET expires_at = 1 WHERE use = 'access'")
	if err != nil {
		b.t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		b.t.Fatalf("no access token to end: %v", err)
	}
}

// step is what a client of clients/ says of one step.
type step struct {
	Step, Error, Scope, Version, Text, Challenge string
	Tools                                        []string
	Changed                                      bool
	Revocation, Status                           int
	Secrets                                      []string
}

// script is a running client of clients/.
type script struct {
	b      *bridge
	in     io.WriteCloser
	steps  chan step
	stderr strings.Builder
}

func (b *bridge) node(args ...string) *script {
	b.t.Helper()
	s := &script{b: b, steps: make(chan step, 16)}
	cmd := exec.CommandContext(b.t.Context(), filepath.Join("node_modules", ".bin", "node"), args...)
	cmd.Env, cmd.Stderr = b.env, &s.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if s.in, err = cmd.StdinPipe(); err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	go func() {
		defer close(s.steps)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			var one step
			if json.Unmarshal(scan.Bytes(), &one) == nil {
				s.steps <- one
			}
		}
		_ = cmd.Wait() // that it ended early is found by the missing step
	}()
	return s
}

// next returns the next step, which must be the one of that name.
func (s *script) next(name string) step {
	s.b.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	select {
	case one, ok := <-s.steps:
		if !ok {
			s.b.t.Fatalf("the client ended before the step %q\n%s\n%s", name, s.stderr.String(), s.b.log())
		}
		if one.Step != name {
			s.b.t.Fatalf("the client is at the step %q, want %q: %+v", one.Step, name, one)
		}
		s.b.record.secret("a secret of the client", one.Secrets...)
		return one
	case <-deadline.C:
		s.b.t.Fatalf("no step %q within %v\n%s", name, patience, s.b.log())
	}
	return step{}
}

func (s *script) goOn() {
	s.b.t.Helper()
	if _, err := io.WriteString(s.in, "\n"); err != nil {
		s.b.t.Fatal(err)
	}
}

// TestSDKs takes both official TypeScript SDKs through the life of a grant.
func TestSDKs(t *testing.T) {
	for _, sdk := range []string{"v1", "v2"} {
		t.Run(sdk, func(t *testing.T) {
			ctx := startBrowser(t, "")
			d := newDesktop(t, fileVault...)
			b := startBridge(d, "--demo")
			opener, opened := b.opener()
			b.env = append(b.env, "BROWSER="+opener)
			s := b.node("clients/sdk.mjs", sdk, b.url)
			b.letIn(ctx, b.wanted(opened), "--scopes", "gmail:read")
			s.next("asked")
			if c := s.next("connected"); c.Scope != "gmail:read" {
				t.Errorf("the token has the scope %q", c.Scope)
			}
			if l := s.next("listed"); !slices.Contains(l.Tools, "gmail_search") || slices.Contains(l.Tools, "gmail_send") || slices.Contains(l.Tools, "gmail_modify") {
				t.Errorf("with gmail:read the tools are %v", l.Tools)
			}
			if c := s.next("called"); !strings.Contains(c.Text, "demo@postern.example") {
				t.Errorf("the search says %q", c.Text)
			}
			b.expireAccess()
			s.goOn()
			if r := s.next("refreshed"); !r.Changed || !strings.Contains(r.Text, "demo@postern.example") {
				t.Errorf("after the token's end: %+v", r)
			}
			if r := s.next("revoked"); r.Revocation != http.StatusOK || r.Status != http.StatusUnauthorized || !strings.Contains(r.Challenge, "resource_metadata=") {
				t.Errorf("after the revocation: %+v", r)
			}
		})
	}
}

// TestMCPRemote takes mcp-remote through the life of a grant: as the client that many people put between an assistant
// that speaks stdio alone and a server that does not.
func TestMCPRemote(t *testing.T) {
	ctx := startBrowser(t, "")
	d := newDesktop(t, fileVault...)
	b := startBridge(d, "--demo")
	opener, opened := b.opener()
	kept := t.TempDir()
	b.env = append(b.env, "BROWSER="+opener, "MCP_REMOTE_CONFIG_DIR="+kept)
	b.record.clientDir(kept)
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	s := openSession(t, b.desktop, exec.CommandContext(t.Context(), filepath.Join(bin, "node"), filepath.Join(bin, "mcp-remote"), b.url, "--transport", "http-only"))
	b.letIn(ctx, b.wanted(opened), "--scopes", "gmail:read")
	closeBrowser(ctx) // it keeps connections to the callback open, and mcp-remote waits until they are closed
	s.initialize("2025-11-25")
	list := s.request("tools/list", map[string]any{})
	if text := string(list.Result); !strings.Contains(text, `"gmail_search"`) || strings.Contains(text, `"gmail_send"`) {
		t.Errorf("tools/list: %s", text)
	}
	if text, isError := s.call("gmail_search", map[string]any{"query": "in:inbox", "max": 2}); isError || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search: %s", text)
	}
	b.expireAccess()
	if text, isError := s.call("gmail_search", map[string]any{"query": "in:inbox", "max": 2}); isError || !strings.Contains(text, "demo@postern.example") {
		t.Errorf("gmail_search after the token's end: %s\n%s", text, s.log())
	}
	b.must("clients", "revoke", "MCP CLI Proxy")
	_ = os.Remove(opened)
	s.send(string(encode(t, map[string]any{"jsonrpc": "2.0", "id": 99, "method": "tools/list"})))
	b.wanted(opened) // cut off, it asks to be let in again
}

// TestInspectorOverHTTP takes the Inspector's command line through the life of a grant.
func TestInspectorOverHTTP(t *testing.T) {
	ctx := startBrowser(t, "")
	d := newDesktop(t, fileVault...)
	b := startBridge(d, "--demo")
	opener, opened := b.opener()
	home := t.TempDir()
	b.record.clientDir(home)
	b.env = append(b.env, "HOME="+home, "BROWSER="+opener, "MCP_AUTO_OPEN_ENABLED=true", "MCP_INSPECTOR_SECRET_STORE=file")
	bin, err := filepath.Abs("node_modules/.bin")
	if err != nil {
		t.Fatal(err)
	}
	inspect := func(args ...string) outcome {
		return b.command(filepath.Join(bin, "node"), append([]string{filepath.Join(bin, "mcp-inspector"), "--cli", b.url, "--format", "json", "-q"}, args...)...)
	}
	done := make(chan outcome, 1)
	go func() { done <- inspect("--method", "tools/list", "--strict") }()
	b.letIn(ctx, b.wanted(opened), "--scopes", "gmail:read")
	if o := <-done; o.code != 0 || !strings.Contains(o.stdout, `"gmail_search"`) || strings.Contains(o.stdout, `"gmail_send"`) {
		t.Fatalf("tools/list: exit %d\n%s%s\n%s", o.code, o.stdout, o.stderr, b.log())
	}
	call := []string{"--stored-auth-only", "--method", "tools/call", "--tool-name", "gmail_search", "--tool-args-json", `{"query":"in:inbox","max":2}`}
	for _, era := range []string{"legacy", "modern"} {
		if o := inspect(append(call, "--protocol-era", era)...); o.code != 0 || !strings.Contains(o.stdout, "demo@postern.example") {
			t.Fatalf("tools/call, %s: exit %d\n%s%s", era, o.code, o.stdout, o.stderr)
		}
	}
	b.expireAccess()
	if o := inspect(call...); o.code != 0 || !strings.Contains(o.stdout, "demo@postern.example") {
		t.Fatalf("tools/call after the token's end: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	var clients []struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal([]byte(b.must("clients", "list", "--json")), &clients); err != nil || len(clients) != 1 {
		t.Fatalf("clients: %v, %v", clients, err)
	}
	b.must("clients", "revoke", clients[0].ID)
	if o := inspect(call...); o.code != 3 {
		t.Fatalf("tools/call after the revocation: exit %d, want 3\n%s%s", o.code, o.stdout, o.stderr)
	}
}
