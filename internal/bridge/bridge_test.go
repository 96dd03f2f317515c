package bridge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/auth"
	"postern/auth/vault"
	"postern/internal/settings"
	"postern/internal/tool"
)

// env is an environment with nothing but these.
func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

// fileVault is an environment with an encrypted vault in the state directory, for which openAt takes little time.
var fileVault = env(map[string]string{"POSTERN_VAULT": "file", "POSTERN_VAULT_PASSPHRASE": "not a secret"})

func openAt(t *testing.T, c Config) *Bridge {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Getenv == nil {
		c.Getenv = env(nil)
	}
	b, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	if pass := c.Getenv("POSTERN_VAULT_PASSPHRASE"); pass != "" {
		// The vault that Open would open, without the second that guessing its passphrase is to cost.
		b.vault = &vault.File{Path: filepath.Join(b.Dir, vault.FileName), Passphrase: func(bool) (string, error) { return pass, nil }, WorkFactor: 4}
	}
	return b
}

func TestStateDir(t *testing.T) {
	home := t.TempDir()
	for name, c := range map[string]struct {
		dir    string
		getenv func(string) string
		want   string
	}{
		"given":        {home, env(map[string]string{"POSTERN_HOME": "/elsewhere"}), home},
		"POSTERN_HOME": {"", env(map[string]string{"POSTERN_HOME": home}), home},
	} {
		if got, err := StateDir(c.dir, c.getenv); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
	got, err := StateDir("", env(nil))
	if err != nil || filepath.Base(got) != "postern" || !filepath.IsAbs(got) {
		t.Errorf("without anything: %q, %v", got, err)
	}
}

func TestAnotherStateHasOtherItemsInTheKeychain(t *testing.T) {
	one, two := openAt(t, Config{}), openAt(t, Config{})
	if one.vaultService() == two.vaultService() || one.vaultService() == "postern" {
		t.Errorf("services %q and %q", one.vaultService(), two.vaultService())
	}
}

// TestDemoAloneOpensNoVault would fail if the sample account asked for a keychain or passphrase: here is neither.
func TestDemoAloneOpensNoVault(t *testing.T) {
	b := openAt(t, Config{Demo: true, Getenv: env(map[string]string{"POSTERN_VAULT": "file"})})
	out := callTool(t, b, "gmail_search", `{"query":"in:inbox","max":1}`)
	if out.Err != nil || !strings.Contains(out.Text, "demo@postern.example") {
		t.Errorf("the search gave %v\n%s", out.Err, out.Text)
	}
	if b.vault != nil {
		t.Error("the vault was opened")
	}
	if _, err := os.Stat(filepath.Join(b.Dir, "vault.age")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a vault was made: %v", err)
	}
}

func TestWithoutDemoThereIsNoSample(t *testing.T) {
	p := profiles{openAt(t, Config{})}
	all, err := p.List(t.Context())
	if err != nil || len(all) != 0 {
		t.Errorf("profiles %v, %v", all, err)
	}
	if id, err := p.Default(t.Context()); err != nil || id != "" {
		t.Errorf("default %q, %v", id, err)
	}
	if _, err := p.HTTPClient(t.Context(), demoID); err == nil {
		t.Error("the sample account can be used without --demo")
	}
}

func callTool(t *testing.T, b *Bridge, name, args string) *tool.Outcome {
	t.Helper()
	client, err := b.Terminal(t.Context(), Shown{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Runner(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := r.Call(t.Context(), tool.Invocation{Client: client, Tool: name, Args: json.RawMessage(args)})
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSignInAsksForWhatTheToolsetsNeed(t *testing.T) {
	read, err := SignIn("work", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	write, err := SignIn("work", []string{"gmail"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"https://www.googleapis.com/auth/gmail.readonly"}; !slices.Equal(read.Scopes, want) {
		t.Errorf("read-only asks for %v, want %v", read.Scopes, want)
	}
	if len(write.Scopes) < 2 || slices.Contains(write.Scopes, "https://mail.google.com/") {
		t.Errorf("a sign-in asks for %v", write.Scopes)
	}
	for _, s := range Sets() {
		if scopesOf[s.Name] == nil {
			t.Errorf("toolset %s says not what it asks Google for", s.Name)
		}
	}
	if _, err := SignIn("work", []string{"gmial"}, false); err == nil || !strings.Contains(err.Error(), "there are gmail") {
		t.Errorf("an unknown toolset: %v", err)
	}
}

func TestHealthSaysWhatToDo(t *testing.T) {
	for state, want := range map[auth.State]string{
		auth.Valid:       "valid",
		auth.SignInAgain: "must sign in again: postern profiles refresh work",
		auth.NoScopes:    "missing scopes (gmail.modify): postern profiles refresh work",
		auth.Unreachable: "unreachable",
	} {
		if got := Health(auth.Profile{Name: "work", State: state, Reason: "gmail.modify"}); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

func TestPolicyFollowsTheSettings(t *testing.T) {
	b := openAt(t, Config{})
	if diff := cmp.Diff(tool.Policy{Write: tool.Allow, Outward: tool.Ask, Destructive: tool.Ask}, b.policy(t.Context())); diff != "" {
		t.Errorf("as it comes (-want +got):\n%s", diff)
	}
	for key, value := range map[string]string{"approvals.outward": "deny", "approvals.write": "deny", "approvals.elicitation": "true"} {
		if err := settings.Set(t.Context(), b.Store, key, value); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(tool.Policy{Write: tool.Deny, Outward: tool.Deny, Destructive: tool.Ask, Elicitation: true}, b.policy(t.Context())); diff != "" {
		t.Errorf("as set (-want +got):\n%s", diff)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if p := b.policy(t.Context()); p.Outward == tool.Allow || p.Destructive == tool.Allow || p.Write == tool.Allow || p.Elicitation {
		t.Errorf("when the settings cannot be read: %+v", p)
	}
}

func TestFlagsOnlyNarrow(t *testing.T) {
	b := openAt(t, Config{})
	if err := settings.Set(t.Context(), b.Store, "read_only", "true"); err != nil {
		t.Fatal(err)
	}
	c, err := b.LocalClient(t.Context(), Shown{Toolsets: []string{"gmail"}, Tier: "complete"})
	if err != nil {
		t.Fatal(err)
	}
	if !c.ReadOnly || !c.Local || c.Tier != tool.CompleteTier || !slices.Equal(c.Toolsets, []string{"gmail"}) {
		t.Errorf("client %+v", c)
	}
	again, err := b.LocalClient(t.Context(), Shown{})
	if err != nil || again.Key != c.Key || !strings.HasPrefix(c.Key, "local:") {
		t.Errorf("the same program is %q and %q, %v", c.Key, again.Key, err)
	}
	for _, s := range []Shown{{Toolsets: []string{"gmial"}}, {Tier: "huge"}} {
		if _, err := b.LocalClient(t.Context(), s); err == nil {
			t.Errorf("%+v is taken", s)
		}
	}
}

func TestStdioRefusesAnUnknownProfile(t *testing.T) {
	b := openAt(t, Config{Demo: true})
	var out bytes.Buffer
	if err := b.Stdio(t.Context(), Shown{Profile: "nobody"}, "1", strings.NewReader(""), &out); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("profile nobody: %v", err)
	}
	if err := b.Stdio(t.Context(), Shown{Profile: "demo"}, "1", strings.NewReader(""), &out); err != nil {
		t.Errorf("profile demo: %v", err)
	}
	if out.Len() != 0 {
		t.Errorf("without a request it wrote %q", out.String())
	}
}

type answer func(*http.Request) (*http.Response, error)

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// TestGoogleInTheLog holds the log to what it may say: a search or a token in the query is the owner's.
func TestGoogleInTheLog(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	first := openAt(t, Config{Dir: dir})
	if err := settings.Set(t.Context(), first.Store, "log.level", "debug"); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, Config{Dir: dir, Log: &log})
	hc := b.google(answer(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/broken" {
			return nil, errors.New("no route")
		}
		return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://gmail.googleapis.com/gmail/v1/users/me/messages?q=divorce&access_token=t0p", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer s3cret")
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	got := log.String()
	for _, want := range []string{"method=GET", "host=gmail.googleapis.com", "path=/gmail/v1/users/me/messages", "status=404", "ms="} {
		if !strings.Contains(got, want) {
			t.Errorf("the log has no %s: %s", want, got)
		}
	}
	for _, never := range []string{"divorce", "t0p", "s3cret"} {
		if strings.Contains(got, never) {
			t.Errorf("the log has %s: %s", never, got)
		}
	}
}

func TestNetworkSpeaksHTTP2AndHonoursProxies(t *testing.T) {
	n := network().(*http.Transport)
	if !n.ForceAttemptHTTP2 || n.Proxy == nil || n.MaxIdleConnsPerHost < 8 || n.ResponseHeaderTimeout <= 0 {
		t.Errorf("HTTP/2 %v, proxy set %v, idle %d, header time-out %v", n.ForceAttemptHTTP2, n.Proxy != nil, n.MaxIdleConnsPerHost, n.ResponseHeaderTimeout)
	}
}

func TestLifetimesFollowTheSettings(t *testing.T) {
	b := openAt(t, Config{})
	for name, value := range map[string]string{"oauth.access": "15m", "oauth.refresh": "2d", "oauth.grant": "never"} {
		if err := settings.Set(t.Context(), b.Store, name, value); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := b.lifetimes(t.Context()); err != nil || l.Access != 15*time.Minute || l.Refresh != 48*time.Hour || l.Grant >= 0 || l.Code != 0 {
		t.Errorf("%+v, %v", l, err)
	}
}
