package ngrok

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/ngroktest"
	"postern/tunnel"
)

const (
	good   = "2abc_good"
	domain = "postern-test.ngrok-free.dev"
)

// stage is an edge with a provider that uses it.
type stage struct {
	t    *testing.T
	edge *ngroktest.Edge
	Provider
	token string // that the provider gives; good if it is ""
	log   buffer

	mu      sync.Mutex // guards the fields below
	said    []tunnel.Status
	changed chan struct{}
}

func newStage(t *testing.T) *stage { return newStageAt(t, &ngroktest.Edge{}) }

func newStageAt(t *testing.T, e *ngroktest.Edge) *stage {
	t.Helper()
	e.Token = good
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() }) // it has failed the test by then, or not
	s := &stage{t: t, edge: e, token: good, changed: make(chan struct{})}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, e.CAPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Provider = Provider{
		Authtoken: func(context.Context) (string, error) { return s.token, nil },
		Domain:    domain, ConnectURL: e.Addr(), CAFile: ca, Version: "1.2.3", Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	return s
}

func (s *stage) notify(now tunnel.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said = append(s.said, now)
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits until it was said that it stands so, after what was waited for before.
func (s *stage) until(want func(tunnel.Status) bool) tunnel.Status {
	s.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		for i, one := range s.said {
			if want(one) {
				s.said = s.said[i+1:]
				s.mu.Unlock()
				return one
			}
		}
		changed, said := s.changed, fmt.Sprint(s.said)
		s.mu.Unlock()
		select {
		case <-changed:
		case <-limit:
			s.t.Fatalf("it was only said: %s", said)
		}
	}
}

func is(state tunnel.State) func(tunnel.Status) bool {
	return func(one tunnel.Status) bool { return one.State == state }
}

func server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
}

// start starts a tunnel to h, which must come online.
func (s *stage) start(h http.Handler) tunnel.Session {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	session, err := s.Start(ctx, server(h), s.notify)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = session.Close() })
	s.until(is(tunnel.Online))
	return session
}

// get asks the public address.
func (s *stage) get(path string) (int, string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.edge.URL()+path, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := s.edge.Client().Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b) + resp.Header.Get("Ngrok-Error-Code"), err
}

// hello answers with the path.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello from "+r.URL.Path) })

func (s *stage) answers(path string) {
	s.t.Helper()
	if status, body, err := s.get(path); err != nil || status != http.StatusOK || body != "hello from "+path {
		s.t.Errorf("%s: %d %q, %v", path, status, body, err)
	}
}

// answersSoon waits until it answers: a busy machine may make the connection anew once more.
func (s *stage) answersSoon(path string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		status, body, err := s.get(path)
		if err == nil && status == http.StatusOK && body == "hello from "+path {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %d %q, %v", path, status, body, err)
		}
	}
}

// fails starts a tunnel that must not come up, and returns why.
func (s *stage) fails() *tunnel.Error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	session, err := s.Start(ctx, server(hello), s.notify)
	if err == nil {
		_ = session.Close()
		s.t.Fatal("it is online")
	}
	var why *tunnel.Error
	if !errors.As(err, &why) {
		s.t.Fatalf("it does not end by itself: %v", err)
	}
	return why
}

// secretless fails if the authtoken stands anywhere.
func (s *stage) secretless(token string, more ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range append(more, fmt.Sprintf("%+v", s.said), s.log.String()) {
		if strings.Contains(text, token) {
			s.t.Errorf("the authtoken stands in %q", text)
		}
	}
}

// buffer is a log.
type buffer struct {
	mu sync.Mutex // guards the field below
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
