package ngrok

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "golang.ngrok.com/ngrok/v2"

	"postern/tunnel"
)

// TestUnanswered: a service that keeps the connection alive, but lets nobody in, is not waited for for ever.
func TestUnanswered(t *testing.T) {
	for name, ignore := range map[string]func(*stage, bool){
		"signing in": func(s *stage, on bool) { s.edge.IgnoreAuth(on) },
		"binding":    func(s *stage, on bool) { s.edge.IgnoreBind(on) },
	} {
		unanswered := func(state tunnel.State) func(tunnel.Status) bool {
			return func(now tunnel.Status) bool {
				return now.State == state && now.Reason == tunnel.Broken && strings.Contains(now.Detail, "it has taken the call, but not let Postern in")
			}
		}
		t.Run(name+" first", func(t *testing.T) {
			s := newStage(t)
			s.answer = 400 * time.Millisecond
			ignore(s, true)
			started := make(chan tunnel.Session, 1)
			go func() {
				session, err := s.Start(t.Context(), server(hello), s.notify)
				if err != nil {
					t.Error(err)
				}
				started <- session
			}()
			s.until(unanswered(tunnel.Connecting))
			s.until(unanswered(tunnel.Connecting)) // it is tried again, and fails again
			ignore(s, false)
			if session := <-started; session != nil {
				defer session.Close()
			}
			s.until(is(tunnel.Online))
			s.answersSoon("/at-last")
		})
		t.Run(name+" again", func(t *testing.T) {
			s := newStage(t)
			s.answer = 400 * time.Millisecond
			s.start(hello)
			ignore(s, true)
			s.edge.Cut()
			s.until(unanswered(tunnel.Reconnecting))
			ignore(s, false)
			s.until(is(tunnel.Online))
			s.answersSoon("/at-last")
		})
	}
}

// TestUnansweredEnds: it can be ended while it waits.
func TestUnansweredEnds(t *testing.T) {
	for name, ignore := range map[string]func(*stage){
		"signing in": func(s *stage) { s.edge.IgnoreAuth(true) },
		"binding":    func(s *stage) { s.edge.IgnoreBind(true) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			ignore(s)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := s.Start(ctx, server(hello), s.notify)
				ended <- err
			}()
			if err := s.edge.Await(t.Context(), func() bool { return s.edge.Auths()+s.edge.Binds() > 0 }); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			cancel()
			<-ended
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("giving up took %v", took)
			}
		})
	}
}

// newLink returns a link without an agent, and where it says how it stands.
func newLink(t *testing.T) (*link, <-chan tunnel.Status) {
	said := make(chan tunnel.Status, 10) // more than any test says
	s := newSession(&Provider{Domain: domain}, good, nil, &http.Server{Handler: hello}, func(now tunnel.Status) { said <- now })
	life, cancel := context.WithCancelCause(s.life)
	t.Cleanup(func() { cancel(nil) })
	return &link{s: s, life: life, cancel: cancel}, said
}

// TestOnlineTwice: run's goroutine and the SDK's may say at the same time that it is online for the first time.
func TestOnlineTwice(t *testing.T) {
	for range 2000 {
		l, _ := newLink(t)
		l.event(&sdk.EventAgentConnectSucceeded{})
		var g sync.WaitGroup
		g.Go(l.serves)
		g.Go(func() { l.event(&sdk.EventAgentConnectSucceeded{}) })
		g.Go(l.s.online)
		g.Wait()
		<-l.s.up
	}
}

// TestOnlineNeedsBoth: being online is to be connected and to have the address, in whatever order that is heard of.
func TestOnlineNeedsBoth(t *testing.T) {
	l, said := newLink(t)
	l.event(&sdk.EventAgentConnectSucceeded{})
	l.event(&sdk.EventAgentDisconnected{})
	l.serves() // it was cut since
	select {
	case now := <-said:
		t.Errorf("without a connection: %+v", now)
	default:
	}
	l.event(&sdk.EventAgentConnectSucceeded{})
	if now := <-said; now.State != tunnel.Online {
		t.Errorf("%+v", now)
	}
	l.cancel(errStuck)
	l.event(&sdk.EventAgentDisconnected{Error: errSilent})
	select {
	case now := <-said:
		t.Errorf("after its life: %+v", now)
	default:
	}
}

// TestFault says when an agent is replaced.
func TestFault(t *testing.T) {
	l, _ := newLink(t)
	now := time.Now()
	check := func(when string, after time.Duration, want error) {
		t.Helper()
		if err := l.fault(now.Add(after)); err != want {
			t.Errorf("%s, after %v: %v, want %v", when, after, err, want)
		}
	}
	check("before anything", time.Hour, nil)
	l.call = &call{link: l, began: now}
	check("calling", usualAnswer, nil)
	check("calling", usualAnswer+time.Second, errUnanswered)
	l.connected, l.heard = true, now
	check("signed in", usualSilence, nil)
	check("signed in", usualSilence+time.Second, errSilent)
	l.heard = now.Add(usualAnswer)
	check("signed in without its address", usualAnswer+time.Second, errUnanswered)
	l.bound = true
	check("online", usualAnswer+time.Second, nil)
	l.connected = false
	check("cut", usualAnswer+time.Second, errUnanswered)
	l.call = nil
	check("waiting for the next try", time.Hour, nil)
}

// TestClockIsSet: that the clock is set makes nobody silent, as what is kept has the reading of the monotonic one. It cannot
// be set from here, but that reading is seen in the text.
func TestClockIsSet(t *testing.T) {
	for name, e := range map[string]sdk.Event{"connected": &sdk.EventAgentConnectSucceeded{}, "heartbeat": &sdk.EventAgentHeartbeatReceived{}} {
		l, _ := newLink(t)
		l.event(e)
		if text := l.heard.String(); !strings.Contains(text, " m=") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// TestLateCall: a connection that is made while the agent ends stays not open, or the address would be held by nobody.
func TestLateCall(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	gone := func(name string) {
		t.Helper()
		c, err := server.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
	l, _ := newLink(t)
	if _, err := l.DialContext(t.Context(), "tcp", server.Addr().String()); err != nil {
		t.Fatal(err)
	}
	l.cancel(errSilent)
	l.hangUp()
	gone("made before the end")
	if l.call != nil {
		t.Error("it is still counted as open")
	}
	if _, err := l.DialContext(context.WithoutCancel(l.life), "tcp", server.Addr().String()); err != errSilent {
		t.Errorf("after the end: %v", err)
	}
	gone("made after the end")
}
