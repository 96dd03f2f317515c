package bridge

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/server/oauth"
	"postern/tunnel"
)

func TestLoginThatIsNone(t *testing.T) {
	s := newShared(t)
	for _, token := range []string{"", "  ", "two words", "ak_2abcdef", "cr_2abcdef", "ngrok config add-authtoken", "line\nbreak", strings.Repeat("x", 300), "tök"} {
		if err := s.TunnelLogin(t.Context(), token, s.edge.Domain); err == nil || token != "" && len(strings.TrimSpace(token)) > 3 && strings.Contains(err.Error(), strings.TrimSpace(token)) {
			t.Errorf("%q: %v", token, err)
		}
	}
	for _, domain := range []string{"", "localhost", "http://x.dev", "x.dev/path", "1.2.3.4"} {
		if err := s.TunnelLogin(t.Context(), authtoken, domain); err == nil || strings.Contains(err.Error(), authtoken) {
			t.Errorf("%q: %v", domain, err)
		}
	}
	if err := s.TunnelLogin(t.Context(), "ngrok config add-authtoken "+authtoken, s.edge.Domain); err != nil { // as ngrok shows it
		t.Fatal(err)
	}
	if kept, err := s.authtoken(t.Context()); err != nil || kept != authtoken {
		t.Errorf("%v, %v", kept == authtoken, err)
	}
	if err := s.TunnelLogout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if now := s.tunnel(); !strings.Contains(now.Needs, "postern tunnel login") {
		t.Errorf("%+v", now)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern tunnel login") {
		t.Errorf("%v", err)
	}
	if err := s.TunnelLogin(t.Context(), authtoken, s.edge.Domain); err != nil {
		t.Fatal(err)
	}
	if now := s.tunnel(); now.Needs != "" {
		t.Errorf("%+v", now)
	}
}

func TestNotSetUp(t *testing.T) {
	s := serve(t, t.TempDir())
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern tunnel login") {
		t.Errorf("%v", err)
	}
	if err := s.SetSetting(t.Context(), "tunnel.provider", "own-url"); err != nil {
		t.Fatal(err)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "tunnel.url") {
		t.Errorf("%v", err)
	}
	alone := openAt(t, Config{Getenv: fileVault})
	if err := alone.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "postern serve") {
		t.Errorf("%v", err)
	}
	if err := alone.ShareOff(t.Context()); err != nil {
		t.Errorf("%v", err)
	}
}

// TestOwnURLByTheSwitch: the other provider, without its callers knowing.
func TestOwnURLByTheSwitch(t *testing.T) {
	s := serve(t, t.TempDir())
	for name, value := range map[string]string{"tunnel.provider": "own-url", "tunnel.url": "https://" + publicHost} {
		if err := s.SetSetting(t.Context(), name, value); err != nil {
			t.Fatal(err)
		}
	}
	l, err := listenLocal("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind := l.Addr().String()
	if err := s.SetSetting(t.Context(), "tunnel.behind", behind); err != nil {
		t.Fatal(err)
	}
	if err := s.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "listening") {
		t.Errorf("with the port taken: %v", err)
	}
	l.Close()
	if err := s.ShareOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	ask := func(host string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+behind+oauth.ResourcePath, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := ask(publicHost); got != http.StatusOK {
		t.Errorf("%d", got)
	}
	if got := ask(behind); got != http.StatusMisdirectedRequest {
		t.Errorf("another host gets %d", got)
	}
	now, err := s.Tunnel(t.Context())
	if err != nil || now.Provider != "own-url" || now.URL != "https://"+publicHost+"/mcp" || now.Behind != behind || now.Until.IsZero() || now.Limit != 0 {
		t.Errorf("%+v, %v", now, err)
	}
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := ask(publicHost); got != 0 {
		t.Errorf("off: %d", got)
	}
}

// stray is a provider whose service gives another address than it was asked for.
type stray struct {
	tunnel.Provider
	closed bool
}

func (s *stray) Start(context.Context, *http.Server, func(tunnel.Status)) (tunnel.Session, error) {
	return s, nil
}
func (s *stray) URL() *url.URL         { return &url.URL{Scheme: "https", Host: "stray.example"} }
func (s *stray) Done() <-chan struct{} { return nil }
func (s *stray) Err() error            { return nil }
func (s *stray) Close() error          { s.closed = true; return nil }

// TestAnotherAddressIsNone: whatever the provider, Postern is not shared at an address that clients do not know.
func TestAnotherAddressIsNone(t *testing.T) {
	s := serve(t, t.TempDir())
	w, err := ownWay("https://"+publicHost, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &stray{Provider: w.provider}
	w.provider = p
	h := &s.service().share
	r, err := h.on(w, span{})
	if err != nil {
		t.Fatal(err)
	}
	var why *tunnel.Error
	if err := r.settle(t.Context()); !errors.As(err, &why) || why.Reason != tunnel.OtherAddress || !strings.Contains(why.Detail, `"https://stray.example" instead of https://`+publicHost) {
		t.Errorf("%v", err)
	}
	if now, err := s.Tunnel(t.Context()); err != nil || now.State != tunnel.Failed || now.Reason != tunnel.OtherAddress || !p.closed {
		t.Errorf("%+v, %v", now, err)
	}
}
