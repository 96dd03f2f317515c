package ngroktest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.ngrok.com/ngrok/v2"
	"golang.ngrok.com/ngrok/v2/rpc"
)

const token = "2abc_good"

// start returns an edge that is closed with the test.
func start(t *testing.T, e *Edge) *Edge {
	t.Helper()
	if e.Token == "" {
		e.Token = token
	}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing the edge: %v", err)
		}
	})
	return e
}

func limit(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// agent is the real SDK with a handler behind it.
type agent struct {
	ngrok.Agent
	listener ngrok.EndpointListener
	served   chan error    // what Serve returned
	lost     chan error    // why the session was lost, or could not be made
	online   chan struct{} // the session was made
}

// newAgent returns an agent that is not connected.
func newAgent(t *testing.T, e *Edge, authtoken string, options ...ngrok.AgentOption) *agent {
	t.Helper()
	a := &agent{served: make(chan error, 1), lost: make(chan error, 100), online: make(chan struct{}, 100)}
	events := func(event ngrok.Event) {
		switch event := event.(type) {
		case *ngrok.EventAgentDisconnected:
			a.lost <- event.Error
		case *ngrok.EventAgentConnectSucceeded:
			a.online <- struct{}{}
		}
	}
	var err error
	a.Agent, err = ngrok.NewAgent(append([]ngrok.AgentOption{
		ngrok.WithAuthtoken(authtoken), ngrok.WithAgentConnectURL(e.Addr()), ngrok.WithAgentConnectCAs(e.CAs()),
		ngrok.WithEventHandler(events), ngrok.WithLogger(slog.New(slog.DiscardHandler)),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve brings an agent online that answers with h.
func serve(t *testing.T, e *Edge, h http.Handler, options ...ngrok.AgentOption) *agent {
	t.Helper()
	a := newAgent(t, e, token, options...)
	var err error
	if a.listener, err = a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	go func() { a.served <- server.Serve(newPump(a.listener)) }()
	t.Cleanup(func() {
		a.Disconnect()
		server.Close()
	})
	if err := e.Wait(limit(t), 1); err != nil {
		t.Fatalf("waiting for the endpoint: %v", err)
	}
	return a
}

// pump always accepts, or else the SDK hangs when it is closed.
type pump struct {
	net.Listener
	conns chan net.Conn
	ended chan struct{}
	err   error // set before ended is closed
}

func newPump(l net.Listener) *pump {
	p := &pump{Listener: l, conns: make(chan net.Conn), ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				p.err = err
				return
			}
			go func() {
				select {
				case p.conns <- conn:
				case <-p.ended:
				}
			}()
		}
	}()
	return p
}

func (p *pump) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.ended:
		return nil, p.err
	}
}

func (p *pump) Close() error { return nil }

func text(s string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, s) })
}

// get returns the answer with its body read.
func get(t *testing.T, client *http.Client, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(limit(t), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// code returns ngrok's code in an error.
func code(err error) string {
	if err == nil {
		return ""
	}
	return regexp.MustCompile(`ERR_NGROK_\d+`).FindString(err.Error())
}

func receive[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-limit(t).Done():
		t.Fatalf("waited too long for %s", what)
	}
	return v
}

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
	if err := e.Wait(limit(t), 1); err != nil {
		t.Fatal(err)
	}
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
	e.Freeze(true)
	receive(t, a.lost, "the loss")
	e.Freeze(false)
	if err := e.Await(limit(t), func() bool { return e.Auths() > 1 && len(e.Online()) == 1 }); err != nil {
		t.Error(err)
	}
}

func TestStoppedEndpoint(t *testing.T) {
	e := start(t, &Edge{})
	a := serve(t, e, text("hello"))
	if err := e.StopEndpoint("3210", "stopped by the operator"); err != nil {
		t.Fatal(err)
	}
	err := receive(t, a.served, "the end of Serve")
	var known ngrok.Error
	if !errors.As(err, &known) || known.Code() != "ERR_NGROK_3210" || !strings.Contains(err.Error(), "stopped by the operator") {
		t.Errorf("Serve returned %v", err)
	}
	if e.Sessions() != 1 || len(e.Online()) != 0 {
		t.Errorf("sessions %d, online %q", e.Sessions(), e.Online())
	}
	if err := e.StopEndpoint("3210", ""); err == nil {
		t.Error("stopping nothing succeeded")
	}
}

func TestRemoteCommands(t *testing.T) {
	e := start(t, &Edge{})
	commands := make(chan string, 3)
	a := serve(t, e, text(""), ngrok.WithRPCHandler(func(_ context.Context, _ ngrok.AgentSession, r rpc.Request) ([]byte, error) {
		commands <- r.Method()
		if r.Method() == rpc.StopAgentMethod {
			return nil, nil
		}
		return nil, errors.New("not here")
	}))
	for _, tell := range []func() (string, error){e.UpdateAgent, e.RestartAgent} {
		if objection, err := tell(); objection != "not here" || err != nil {
			t.Errorf("got %q, %v", objection, err)
		}
	}
	if objection, err := e.StopAgent(); objection != "" || err != nil {
		t.Errorf("stop: %q, %v", objection, err)
	}
	receive(t, a.served, "the end of Serve")
	if got := []string{<-commands, <-commands, <-commands}; strings.Join(got, " ") != strings.Join([]string{rpc.UpdateAgentMethod, rpc.RestartAgentMethod, rpc.StopAgentMethod}, " ") {
		t.Errorf("commands %q", got)
	}
	if err := e.Await(limit(t), func() bool { return e.Sessions() == 0 }); err != nil {
		t.Error(err)
	}
	if _, err := e.StopAgent(); err == nil {
		t.Error("stopping nobody succeeded")
	}
}

func TestSilentAgent(t *testing.T) {
	e := start(t, &Edge{AnswerTimeout: 50 * time.Millisecond})
	serve(t, e, text(""))
	if objection, err := e.StopAgent(); err == nil {
		t.Errorf("an agent without a handler answered %q", objection)
	}
}
