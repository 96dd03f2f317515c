package ngrok

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/ngroktest"
	"postern/tunnel"
)

func TestThereAndBack(t *testing.T) {
	s := newStage(t)
	before := runtime.NumGoroutine()
	session := s.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.URL.RequestURI(), " ", r.Host, " ", strings.Split(r.RemoteAddr, ":")[0])
	}))
	if got := session.URL().String(); got != "https://"+domain {
		t.Errorf("it is at %s", got)
	}
	if status, body, err := s.get("/mcp?x=1"); err != nil || status != http.StatusOK || body != "GET /mcp?x=1 "+domain+" 198.18.0.1" {
		t.Errorf("%d %q, %v", status, body, err)
	}
	if a := s.edge.LastAuth(); a.Extra.Authtoken != good {
		t.Errorf("it signed in with %+v", a)
	}
	if err := session.Close(); err != nil || session.Err() != nil {
		t.Errorf("closing: %v, %v", err, session.Err())
	}
	s.until(is(tunnel.Off))
	if status, body, err := s.get("/mcp"); err != nil || status != http.StatusNotFound || !strings.HasSuffix(body, "ERR_NGROK_3200") {
		t.Errorf("afterwards: %d %q, %v", status, body, err)
	}
	if err := session.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	s.secretless(good)
	// The SDK's heartbeat ends within ten seconds.
	for deadline := time.Now().Add(15 * time.Second); runtime.NumGoroutine() > before+8; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d after", before, runtime.NumGoroutine())
		}
	}
}

func TestAccountIsTold(t *testing.T) {
	s := newStageAt(t, &ngroktest.Edge{Account: "Ann's account", Plan: "Hobbyist"})
	session, err := s.Start(t.Context(), server(hello), s.notify)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	now := s.until(is(tunnel.Online))
	if now.Account != "Ann's account" || now.Plan != "Hobbyist" || now.URL != "https://"+domain || now.At.IsZero() {
		t.Errorf("%+v", now)
	}
	s.edge.Cut()
	s.until(is(tunnel.Reconnecting))
	if now = s.until(is(tunnel.Online)); now.Account != "Ann's account" {
		t.Errorf("after a cut: %+v", now)
	}
}

// TestCut: a session that is cut comes back by itself within two seconds, at the same address; what ran is told.
func TestCut(t *testing.T) {
	s := newStage(t)
	began, ended := make(chan struct{}), make(chan error, 1)
	s.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/long" {
			hello(w, r)
			return
		}
		close(began)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}))
	answer := make(chan int, 1)
	go func() {
		status, _, _ := s.get("/long")
		answer <- status
	}()
	<-began
	cut := time.Now()
	s.edge.HoldFor(1) // the service needs a moment to see that the old session is gone
	s.edge.Cut()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler was told %v", err)
	}
	if got := <-answer; got != http.StatusBadGateway {
		t.Errorf("the client was told %d", got)
	}
	s.until(is(tunnel.Reconnecting))
	s.until(is(tunnel.Online))
	if took := time.Since(cut); took > 2*time.Second {
		t.Errorf("it was back after %v", took)
	}
	s.answers("/again")
}

func TestFrozenService(t *testing.T) {
	s := newStage(t)
	s.heartbeat, s.Silence = 50*time.Millisecond, 500*time.Millisecond
	s.start(hello)
	s.edge.Freeze(true)
	s.until(is(tunnel.Reconnecting))
	s.edge.Freeze(false)
	s.until(is(tunnel.Online))
	s.answersSoon("/thawed")
}

// TestStalledReaders: clients that stand still keep nothing up: not the others, not the end.
func TestStalledReaders(t *testing.T) {
	s := newStage(t)
	session := s.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/big" {
			hello(w, r)
			return
		}
		chunk := make([]byte, 64<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	for range 5 {
		c, err := s.edge.Dial(t.Context(), domain, "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := fmt.Fprintf(c, "GET /big HTTP/1.1\r\nHost: %s\r\n\r\n", domain); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil { // it streams; then nobody reads any more
			t.Fatal(err)
		}
	}
	s.answers("/others")
	began := time.Now()
	if err := session.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// TestWatchdog: a reader who stands still for too long costs everybody a moment, and then is gone.
func TestWatchdog(t *testing.T) {
	s := newStage(t)
	s.Patience = time.Second
	freed := make(chan struct{})
	s.start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/big" {
			hello(w, r)
			return
		}
		defer close(freed)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	c, err := s.edge.Dial(t.Context(), domain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET /big HTTP/1.1\r\nHost: %s\r\n\r\n", domain); err != nil {
		t.Fatal(err)
	}
	s.until(is(tunnel.Reconnecting))
	<-freed
	s.until(is(tunnel.Online))
	s.answersSoon("/others")
}

// TestEndUnderLoad: the end comes also while requests come, every time.
func TestEndUnderLoad(t *testing.T) {
	s := newStage(t)
	for range 5 {
		session := s.start(hello)
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		client := s.edge.Client()
		answered := make(chan struct{}, 1)
		for range 8 {
			g.Go(func() {
				for ctx.Err() == nil {
					r, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.edge.URL()+"/load", nil)
					resp, err := client.Do(r)
					if err != nil {
						continue
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode == http.StatusOK {
						select {
						case answered <- struct{}{}:
						default:
						}
					}
				}
			})
		}
		<-answered
		began := time.Now()
		if err := session.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the end took %v", took)
		}
		cancel()
		g.Wait()
	}
}

func TestStoppedAtTheDashboard(t *testing.T) {
	s := newStage(t)
	session := s.start(hello)
	for name, command := range map[string]func() (string, error){"restart": s.edge.RestartAgent, "update": s.edge.UpdateAgent} {
		if objection, err := command(); err != nil || !strings.Contains(objection, "on its own computer alone") {
			t.Errorf("%s: %q, %v", name, objection, err)
		}
	}
	s.answers("/still")
	if objection, err := s.edge.StopAgent(); err != nil || objection != "" {
		t.Errorf("stop: %q, %v", objection, err)
	}
	<-session.Done()
	if now := s.until(is(tunnel.Failed)); !strings.Contains(now.Detail, "stopped at dashboard.ngrok.com") {
		t.Errorf("%+v", now)
	}
	if session.Err() == nil {
		t.Error("it ended without a reason")
	}
}

// TestRevokedWhileOnline: an authtoken that is revoked ends the tunnel at the next connection, instead of being tried for ever.
func TestRevokedWhileOnline(t *testing.T) {
	s := newStage(t)
	session := s.start(hello)
	s.edge.FailAuth("ERR_NGROK_106", "The authtoken was revoked: "+good)
	s.edge.Cut()
	<-session.Done()
	if now := s.until(is(tunnel.Failed)); now.Code != "ERR_NGROK_106" {
		t.Errorf("%+v", now)
	}
	s.secretless(good, session.Err().Error())
}

func TestWrongAddress(t *testing.T) {
	s := newStage(t)
	s.edge.GiveURL("https://other.ngrok-free.dev")
	why := s.fails()
	if !strings.Contains(why.Detail, `"https://other.ngrok-free.dev" instead of "https://`+domain+`"`) {
		t.Errorf("%q", why)
	}
	if got := s.edge.Requests(); got != 0 {
		t.Errorf("%d requests came through", got)
	}
}

// TestTheServiceIsAway: it is tried until the owner has enough, who is told what the matter is.
func TestTheServiceIsAway(t *testing.T) {
	s := newStage(t)
	s.edge.Refuse(true)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.Start(ctx, server(hello), s.notify)
		ended <- err
	}()
	now := s.until(func(now tunnel.Status) bool { return now.State == tunnel.Connecting && now.Detail != "" })
	if !strings.HasPrefix(now.Detail, "ngrok cannot be reached; ") {
		t.Errorf("%+v", now)
	}
	began := time.Now()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("giving up took %v", took)
	}
}

func TestBackWhenTheServiceIs(t *testing.T) {
	s := newStage(t)
	s.edge.Refuse(true)
	ended := make(chan tunnel.Session, 1)
	go func() {
		session, err := s.Start(t.Context(), server(hello), s.notify)
		if err != nil {
			t.Error(err)
		}
		ended <- session
	}()
	s.until(func(now tunnel.Status) bool { return now.State == tunnel.Connecting && now.Detail != "" })
	s.edge.Refuse(false)
	session := <-ended
	defer session.Close()
	s.answers("/at-last")
}

func TestNothingToStartWith(t *testing.T) {
	s := newStage(t)
	s.Domain = ""
	if why := s.fails(); !strings.Contains(why.Detail, "postern tunnel login") {
		t.Errorf("%q", why)
	}
	s = newStage(t)
	s.Authtoken = func(context.Context) (string, error) { return "", errors.New("the vault is locked") }
	if why := s.fails(); why.Detail != "the vault is locked" {
		t.Errorf("%q", why)
	}
	s = newStage(t)
	s.CAFile = "/nowhere/ca.pem"
	if why := s.fails(); !strings.Contains(why.Detail, "tunnel.ca_file") {
		t.Errorf("%q", why)
	}
}

// TestEnvironment: an authtoken in the environment is not taken by accident.
func TestEnvironment(t *testing.T) {
	t.Setenv("NGROK_AUTHTOKEN", good)
	s := newStage(t)
	s.token = ""
	if why := s.fails(); why.Code != "ERR_NGROK_105" {
		t.Errorf("%q", why)
	}
	if got := s.edge.LastAuth().Extra.Authtoken; got != "" {
		t.Errorf("it signed in with %q", got)
	}
}
