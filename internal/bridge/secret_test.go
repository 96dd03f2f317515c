package bridge

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// proves reports whether a client with a secret can prove itself: then a refresh token that is none is what is wrong.
func (s *serving) proves(c AddedClient) bool {
	s.t.Helper()
	resp, err := http.PostForm(strings.TrimSuffix(s.url, "/mcp")+"/token", url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {c.ID}, "client_secret": {c.Secret},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	switch text := string(b); {
	case strings.Contains(text, "invalid_grant"):
		return true
	case strings.Contains(text, "invalid_client"):
		return false
	default:
		s.t.Fatalf("%d %s", resp.StatusCode, text)
		return false
	}
}

// TestASecretOutlivesALockdown, and ends when the owner makes another.
func TestASecretOutlivesALockdown(t *testing.T) {
	s := serve(t, t.TempDir())
	added, err := s.AddClient(t.Context(), "Enterprise", []string{"http://127.0.0.1:9/cb"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if !s.proves(added) || s.proves(AddedClient{added.ID, "mcpcs_x"}) {
		t.Error("another secret is good than the one that was made")
	}
	if err := errors.Join(s.Lockdown(t.Context()), s.Lift(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !s.proves(added) {
		t.Error("after a lockdown the secret is no good any more")
	}
	again, err := s.NewSecret(t.Context(), added.ID)
	if err != nil || !s.proves(again) || s.proves(added) {
		t.Errorf("the new secret is no good, or the old one is: %v", err)
	}
	public, err := s.AddClient(t.Context(), "Notes", []string{"http://127.0.0.1:9/cb"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if made, err := s.NewSecret(t.Context(), public.ID); err == nil {
		t.Errorf("a client without a secret gets %+v", made)
	}
}

// TestAClientWithASecretNeedsNoVault to be added: its hash needs no key.
func TestAClientWithASecretNeedsNoVault(t *testing.T) {
	b := openAt(t, Config{Getenv: noVault})
	if added, err := b.AddClient(t.Context(), "Enterprise", []string{"http://127.0.0.1:9/cb"}, true); err != nil || added.Secret == "" {
		t.Errorf("%+v, %v", added, err)
	}
}
