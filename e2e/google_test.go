//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
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
	mail   *gmail.Server
	proxy  *proxy.Proxy
	record *record
	issued atomic.Int32 // tokens
}

func startGoogle(t *testing.T) *standIn {
	t.Helper()
	g := fakegoogletest.New(t)
	s := &standIn{Google: g, mail: gmail.New(g.Now), record: recordOf(t)}
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

// deliver puts a mail into a mailbox.
func (s *standIn) deliver(email, mail string) {
	s.record.mail(mail)
	s.mail.AddMessage(email, []byte(strings.ReplaceAll(mail, "\n", "\r\n")))
}

// serve notes the address of a request, and the secrets of those for tokens.
func (s *standIn) serve(w http.ResponseWriter, r *http.Request) {
	s.record.address(address{"https://" + r.Host + r.URL.RequestURI(), r.Referer()})
	if !strings.HasSuffix(r.URL.Path, "/token") {
		s.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body) // what is missing of it, Google says
	r.Body = io.NopCloser(bytes.NewReader(body))
	if asked, err := url.ParseQuery(string(body)); err == nil && asked.Has("code_verifier") {
		s.record.secret("a verifier", asked.Get("code_verifier"))
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if json.Unmarshal(rec.Body.Bytes(), &tokens) == nil && tokens.Access != "" {
		s.issued.Add(1)
		s.record.secret("an access token of Google's", tokens.Access)
		if tokens.Refresh != "" {
			s.record.secret("a refresh token of Google's", tokens.Refresh)
		}
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
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
