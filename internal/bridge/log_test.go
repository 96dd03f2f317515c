package bridge

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"postern/server/oauth/opaque"
)

// TestTheLogHidesTokens that clients put where names belong.
func TestTheLogHidesTokens(t *testing.T) {
	var log printed
	s := serveWith(t, Config{Dir: t.TempDir(), Log: &log, Getenv: noVault})
	token := opaque.New(opaque.Refresh)
	resp, err := http.PostForm(strings.TrimSuffix(s.url, "/mcp")+"/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {token}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	within(t, "the line of the log", func() bool { return strings.Contains(log.String(), "token request refused") })
	if text := log.String(); strings.Contains(text, token[:20]) || !strings.Contains(text, "mcprt_[redacted]") {
		t.Errorf("the log says %s", text)
	}
}

// printed is what several goroutines wrote.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}
func (p *printed) String() string { p.mu.Lock(); defer p.mu.Unlock(); return p.text.String() }
