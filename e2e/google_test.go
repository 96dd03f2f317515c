//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/fakegoogletest"
	"postern/internal/fakegoogle/gmail"
	"postern/internal/fakegoogle/proxy"
)

// The owner's OAuth client at the stand-in. The secret is recognisable, so that a search for it finds it anywhere.
const (
	clientID     = "e2e-client.apps.googleusercontent.com"
	clientSecret = "not-a-real-secret-e2e"
)

// standIn is a Google that the shipped binary reaches under Google's real names.
type standIn struct {
	*fakegoogle.Google
	mail  *gmail.Server
	proxy *proxy.Proxy

	mu      sync.Mutex // guards secrets
	secrets []string   // every token that was issued
}

func startGoogle(t *testing.T) *standIn {
	t.Helper()
	g := fakegoogletest.New(t)
	s := &standIn{Google: g, mail: gmail.New(g.Now), secrets: []string{clientSecret}}
	g.AddAccount(fakegoogle.Account{Email: "ada@example.com", Name: "Ada Example"})
	g.AddClient(fakegoogle.Client{ID: clientID, Secret: clientSecret, Kind: fakegoogle.Installed})
	g.Register(s.mail.Service())
	p, err := proxy.Start(http.HandlerFunc(s.serve))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	s.proxy = p
	return s
}

// env is the environment in which Postern finds the stand-in.
func (s *standIn) env() []string {
	return []string{"HTTPS_PROXY=" + s.proxy.URL, "SSL_CERT_FILE=" + s.proxy.CAFile}
}

// serve notes the tokens of the answers that pass.
func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		s.ServeHTTP(w, r)
		return
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(rec.Body.Bytes(), &tokens) == nil {
		s.mu.Lock()
		for _, token := range []string{tokens.Access, tokens.Refresh} {
			if token != "" {
				s.secrets = append(s.secrets, token)
			}
		}
		s.mu.Unlock()
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// issued returns the client secret and every token issued so far.
func (s *standIn) issued() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.secrets...)
}

// clientFile writes the JSON that Google Cloud gives for a desktop OAuth client.
func clientFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "client.json")
	body := encode(t, map[string]any{"installed": map[string]any{
		"client_id": clientID, "client_secret": clientSecret, "project_id": "e2e",
		"auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": "https://oauth2.googleapis.com/token",
		"redirect_uris": []string{"http://localhost"},
	}})
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkNoSecrets fails if a secret is in a file below dir or in one of the texts.
func checkNoSecrets(t *testing.T, secrets []string, dir string, texts map[string]string) {
	t.Helper()
	if len(secrets) < 3 {
		t.Fatalf("only %d secrets are known: no token was issued, so that nothing was checked", len(secrets))
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		for _, s := range secrets {
			if bytes.Contains(b, []byte(s)) {
				t.Errorf("%s holds a secret", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatalf("%s holds no file, so that nothing was checked", dir)
	}
	for name, text := range texts {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
}
