//go:build e2e && conformance

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// buildFlags add what the suite calls, see server/conformance.go.
var buildFlags = []string{"-tags=conformance,grpcnotrace"}

// runs is how often each set must pass, one time after the other.
const runs = 3

// suite runs the conformance suite, and returns what it printed. Its exit status says no more than its checks.
func suite(t *testing.T, args ...string) string {
	t.Helper()
	out, err := suiteCommand(t.Context(), args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("the suite: %v\n%s", err, out)
	}
	return string(out)
}

func suiteCommand(ctx context.Context, args ...string) *exec.Cmd {
	modules := filepath.Join("conformance", "node_modules")
	return exec.CommandContext(ctx, filepath.Join(modules, ".bin", "node"), append([]string{filepath.Join(modules, "@modelcontextprotocol", "conformance", "dist", "index.js")}, args...)...)
}

// check is one of a scenario's, as the suite writes it down.
type check struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Message string `json:"errorMessage"`
}

// scenarios are the server scenarios of a set that count.
func scenarios(t *testing.T, requirements string) (names []string) {
	t.Helper()
	list, _, _ := strings.Cut(suite(t, "list", "--requirements", requirements), "Client scenarios")
	for _, m := range regexp.MustCompile(`(?m)^  - (\S+)$`).FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	return names
}

// failed returns what was wrong in a scenario: "" if it passed.
func failed(t *testing.T, results, scenario string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(results, "server-"+scenario+"-2*", "checks.json"))
	if err != nil || len(found) != 1 {
		return fmt.Sprintf("%d results: %v", len(found), err)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var checks []check
	if err := json.Unmarshal(b, &checks); err != nil || len(checks) == 0 {
		return fmt.Sprintf("%d checks: %v", len(checks), err)
	}
	var wrong []string
	for _, c := range checks {
		if c.Status == "FAILURE" {
			wrong = append(wrong, c.ID+": "+c.Message)
		}
	}
	return strings.Join(wrong, "; ")
}

// TestConformance runs the scenarios for servers against the product's own way from the guard to the answer.
func TestConformance(t *testing.T) {
	browser := startBrowser(t, "")
	b := startBridge(newDesktop(t, fileVault...), "--demo")
	proxy := b.withToken(b.token(browser, "gmail:read").AccessToken)
	for _, set := range []struct {
		requirements string
		scenarios    int
	}{{"2026-07-28", 37}, {"2025-11-25", 30}} {
		names := scenarios(t, set.requirements)
		if len(names) != set.scenarios {
			t.Fatalf("the set %s has %d server scenarios, want %d", set.requirements, len(names), set.scenarios)
		}
		for run := range runs {
			results := t.TempDir()
			out := suite(t, "server", "--url", proxy, "--requirements", set.requirements, "-o", results)
			passed := 0
			for _, name := range names {
				if wrong := failed(t, results, name); wrong != "" {
					t.Errorf("%s, run %d: %s: %s", set.requirements, run+1, name, wrong)
				} else {
					passed++
				}
			}
			t.Logf("%s, run %d: %d of %d scenarios", set.requirements, run+1, passed, len(names))
			if t.Failed() {
				t.Log(out, b.log())
			}
		}
	}
}

// TestConformanceOfAuthorization runs the two scenarios for authorization servers.
func TestConformanceOfAuthorization(t *testing.T) {
	browser := startBrowser(t, "")
	b := startBridge(newDesktop(t, fileVault...), "--demo")
	for run := range runs {
		l, err := net.Listen("tcp", "127.0.0.1:0") // for a port that is free
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		l.Close()
		client := b.register("http://127.0.0.1:" + port + "/callback")
		results := t.TempDir()
		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		defer cancel()
		said := &printed{}
		cmd := suiteCommand(ctx, "authorization", "--url", b.issuer(), "--client-id", client, "--resource", b.url, "-p", port, "-o", results)
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		address := regexp.MustCompile(regexp.QuoteMeta(b.issuer()) + `/authorize\?\S+`)
		b.wait("the suite to print the address to open", func() bool { return address.MatchString(said.String()) })
		b.letIn(browser, address.FindString(said.String()), "--scopes", "gmail:read")
		_ = cmd.Wait()
		found, err := filepath.Glob(filepath.Join(results, "*", "checks.json"))
		if err != nil || len(found) != 2 {
			t.Fatalf("run %d: %d scenarios: %v\n%s", run+1, len(found), err, said)
		}
		n := 0
		for _, file := range found {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var checks []check
			if err := json.Unmarshal(raw, &checks); err != nil || len(checks) == 0 {
				t.Fatalf("%s: %v", file, err)
			}
			for _, c := range checks {
				if n++; !slices.Contains([]string{"SUCCESS", "INFO"}, c.Status) {
					t.Errorf("run %d: %s: %s %s", run+1, c.ID, c.Status, c.Message)
				}
			}
		}
		t.Logf("authorization, run %d: %d checks", run+1, n)
	}
}

// withToken is the address of a proxy that adds a token, which the suite cannot. Host and Origin stay what they are, but for
// the proxy's own.
func (b *bridge) withToken(token string) string {
	b.t.Helper()
	target, err := url.Parse(b.issuer())
	if err != nil {
		b.t.Fatal(err)
	}
	var web *httptest.Server
	// The body is read first: a proxy that answers while it still reads closes the body, and with it the connection on which
	// the answer comes (httputil.ReverseProxy, about one answer in a thousand).
	proxy := &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		own := strings.TrimPrefix(web.URL, "http://")
		r.SetURL(target)
		r.Out.Host = r.In.Host
		if r.In.Host == own {
			r.Out.Host = target.Host
		}
		if r.In.Header.Get("Origin") == web.URL {
			r.Out.Header.Set("Origin", b.issuer())
		}
		r.Out.Header.Set("Authorization", "Bearer "+token)
		if body, err := io.ReadAll(r.In.Body); err == nil {
			r.Out.Body, r.Out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
	}}
	web = httptest.NewServer(proxy)
	web.Config.ReadHeaderTimeout = time.Minute
	b.t.Cleanup(web.Close)
	return web.URL + "/mcp"
}
