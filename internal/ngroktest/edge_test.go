package ngroktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.ngrok.com/ngrok/v2"
)

func TestRequestReachesTheAgent(t *testing.T) {
	e := start(t, &Edge{})
	a := serve(t, e, text("hello"))
	if got := a.listener.URL().String(); got != e.URL() {
		t.Errorf("URL = %q, want %q", got, e.URL())
	}
	answer, body := get(t, e.Client(), e.URL()+"/x")
	if answer.StatusCode != http.StatusOK || body != "hello" || answer.ProtoMajor != 2 {
		t.Errorf("got %s %s %q", answer.Proto, answer.Status, body)
	}
	session, err := a.Session()
	if err != nil {
		t.Fatal(err)
	}
	if d := session.(ngrok.AgentSessionDetails); d.AccountName() != "Example account" || d.PlanName() != "Free" {
		t.Errorf("account %q, plan %q", d.AccountName(), d.PlanName())
	}
	if e.Auths() != 1 || e.Binds() != 1 || e.Sessions() != 1 || e.Requests() != 1 || len(e.Online()) != 1 || e.Online()[0] != e.URL() {
		t.Errorf("auths %d, binds %d, sessions %d, requests %d, online %q", e.Auths(), e.Binds(), e.Sessions(), e.Requests(), e.Online())
	}
	if got := e.LastAuth().Extra.Authtoken; got != token {
		t.Errorf("authtoken %q, want %q", got, token)
	}
	if got := e.LastBind(); got.Proto != "https" || got.Opts.URL != "" {
		t.Errorf("last bind %+v", got)
	}
}

func TestBadTokens(t *testing.T) {
	for _, c := range []struct{ name, token, code string }{
		{"another one", "2abc_bad", "ERR_NGROK_107"},
		{"none at all", "", "ERR_NGROK_105"},
		{"malformed", "no token!", "ERR_NGROK_105"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := start(t, &Edge{})
			a := newAgent(t, e, c.token)
			ctx, cancel := context.WithCancel(limit(t))
			defer cancel()
			connected := make(chan error, 1)
			go func() { connected <- a.Connect(ctx) }()
			err := receive(t, a.lost, "the refusal")
			if code(err) != c.code || !strings.Contains(err.Error(), c.token) {
				t.Errorf("refused with %v, want %s and the token", err, c.code)
			}
			cancel()
			if err := receive(t, connected, "Connect"); err == nil {
				t.Error("Connect succeeded")
			}
		})
	}
}

func TestRefusedSignIn(t *testing.T) {
	e := start(t, &Edge{})
	e.FailAuth("121", "")
	a := newAgent(t, e, token)
	ctx := limit(t)
	connected := make(chan error, 1)
	go func() { connected <- a.Connect(ctx) }()
	t.Cleanup(func() { a.Disconnect() })
	if err := receive(t, a.lost, "the refusal"); code(err) != "ERR_NGROK_121" {
		t.Errorf("refused with %v", err)
	}
	e.FailAuth("", "")
	if err := receive(t, connected, "Connect"); err != nil {
		t.Errorf("Connect after the end of the refusals: %v", err)
	}
}

func TestRefusedBinds(t *testing.T) {
	e := start(t, &Edge{})
	a := newAgent(t, e, token)
	t.Cleanup(func() { a.Disconnect() })
	listen := func(options ...ngrok.EndpointOption) string {
		t.Helper()
		l, err := a.Listen(t.Context(), options...)
		if err == nil {
			go l.Accept()
			return l.URL().String()
		}
		var known ngrok.Error
		if !errors.As(err, &known) {
			t.Fatalf("%v is no ngrok.Error", err)
		}
		return known.Code()
	}
	e.FailBind("15002", "", 1)
	for _, c := range []struct {
		name    string
		options []ngrok.EndpointOption
		want    string
	}{
		{"a refusal on demand", nil, "ERR_NGROK_15002"},
		{"another domain", []ngrok.EndpointOption{ngrok.WithURL("https://example.com")}, "ERR_NGROK_313"},
		{"the dev domain", []ngrok.EndpointOption{ngrok.WithURL(e.URL())}, e.URL()},
		{"the dev domain again", nil, "ERR_NGROK_334"},
	} {
		if got := listen(c.options...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	e.GiveURL("https://other.ngrok-free.dev")
	if got := listen(); got != "https://other.ngrok-free.dev" {
		t.Errorf("with GiveURL: %q", got)
	}
}

func TestSessionLimit(t *testing.T) {
	e := start(t, &Edge{MaxSessions: 1})
	serve(t, e, text(""))
	a := newAgent(t, e, token)
	ctx, cancel := context.WithCancel(t.Context())
	connected := make(chan error, 1)
	go func() { connected <- a.Connect(ctx) }()
	if err := receive(t, a.lost, "the refusal"); code(err) != "ERR_NGROK_108" {
		t.Errorf("refused with %v", err)
	}
	cancel()
	receive(t, connected, "Connect")
}

func TestCutAndBack(t *testing.T) {
	e := start(t, &Edge{})
	e.HoldFor(1)
	began := make(chan struct{})
	a := serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(began)
			<-r.Context().Done()
		}
		io.WriteString(w, "hello")
	}))
	receive(t, a.online, "the first session")
	first := e.LastBind()
	slow := make(chan *http.Response, 1)
	go func() {
		answer, err := e.Client().Get(e.URL() + "/slow")
		if err == nil {
			answer.Body.Close()
		}
		slow <- answer
	}()
	receive(t, began, "the slow request")
	if n := e.Cut(); n != 1 {
		t.Errorf("cut %d sessions", n)
	}
	if answer := receive(t, slow, "its answer"); answer == nil || answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_3004" {
		t.Errorf("request under way: %+v", answer)
	}
	if answer, _ := get(t, e.Client(), e.URL()); answer.StatusCode != http.StatusNotFound || answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_3200" {
		t.Errorf("while offline: %s %v", answer.Status, answer.Header)
	}
	receive(t, a.lost, "the loss")
	if err := receive(t, a.lost, "the refused bind"); code(err) != "ERR_NGROK_334" {
		t.Errorf("first try after the cut: %v", err)
	}
	receive(t, a.online, "the second session")
	back(t, e)
	if _, body := get(t, e.Client(), e.URL()); body != "hello" {
		t.Errorf("after the cut: %q", body)
	}
	if again := e.LastBind(); again.ID == "" || again.ID == first.ID || again.Extra.Token == "" || e.LastAuth().ClientID == "" {
		t.Errorf("bound again with %+v", again)
	}
}

func TestRefusedConnections(t *testing.T) {
	e := start(t, &Edge{})
	e.Refuse(true)
	a := newAgent(t, e, token)
	connected := make(chan error, 1)
	ctx := limit(t)
	go func() { connected <- a.Connect(ctx) }()
	t.Cleanup(func() { a.Disconnect() })
	if err := receive(t, a.lost, "the refusal"); err == nil || e.Auths() != 0 {
		t.Errorf("lost %v, %d sign-ins", err, e.Auths())
	}
	e.Refuse(false)
	if err := receive(t, connected, "Connect"); err != nil {
		t.Error(err)
	}
}

func TestFrozenHeartbeat(t *testing.T) {
	e := start(t, &Edge{})
	a := serve(t, e, text("hello"), ngrok.WithHeartbeatInterval(50*time.Millisecond), ngrok.WithHeartbeatTolerance(100*time.Millisecond))
	if err := e.Await(limit(t), func() bool { return e.Heartbeats() > 0 }); err != nil {
		t.Fatal(err)
	}
	e.Freeze(true)
	receive(t, a.lost, "the loss")
	e.Freeze(false)
	if err := e.Await(limit(t), func() bool { return e.Auths() > 1 && len(e.Online()) == 1 }); err != nil {
		t.Error(err)
	}
}

// TestIgnoredAgents: an agent that gets no answer waits, with its heartbeats, until it has enough.
func TestIgnoredAgents(t *testing.T) {
	e := start(t, &Edge{})
	e.IgnoreAuth(true)
	a := newAgent(t, e, token)
	ctx, cancel := context.WithCancel(limit(t))
	defer cancel()
	connected := make(chan error, 1)
	go func() { connected <- a.Connect(ctx) }()
	if err := e.Await(ctx, func() bool { return e.Auths() == 1 }); err != nil {
		t.Fatal(err)
	}
	if got := e.Sessions(); got != 0 {
		t.Errorf("%d agents are signed in", got)
	}
	cancel()
	if err := receive(t, connected, "Connect"); !errors.Is(err, context.Canceled) {
		t.Errorf("Connect ended with %v", err)
	}

	e.IgnoreAuth(false)
	e.IgnoreBind(true)
	a = newAgent(t, e, token)
	listened := make(chan error, 1)
	go func() {
		_, err := a.Listen(limit(t))
		listened <- err
	}()
	if err := e.Await(limit(t), func() bool { return e.Binds() == 1 }); err != nil {
		t.Fatal(err)
	}
	if e.Sessions() != 1 || len(e.Online()) != 0 {
		t.Errorf("sessions %d, online %q", e.Sessions(), e.Online())
	}
	a.Disconnect()
	if err := receive(t, listened, "Listen"); err == nil {
		t.Error("Listen succeeded")
	}
	e.IgnoreBind(false)
	serve(t, e, text("hello"))
}
