package ngroktest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"golang.ngrok.com/ngrok/v2"
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
	return serveWith(t, e, &http.Server{Handler: h, DisableGeneralOptionsHandler: true}, options...)
}

// serveWith brings an agent online that answers with a server.
func serveWith(t *testing.T, e *Edge, server *http.Server, options ...ngrok.AgentOption) *agent {
	t.Helper()
	a := newAgent(t, e, token, options...)
	var err error
	if a.listener, err = a.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { a.served <- server.Serve(newPump(a.listener)) }()
	t.Cleanup(func() {
		a.Disconnect()
		server.Close()
	})
	back(t, e)
	return a
}

// back waits until an agent is online, after a cut too: one that disconnects while it signs in races with itself.
func back(t *testing.T, e *Edge) {
	t.Helper()
	if err := e.Wait(limit(t), 1); err != nil {
		t.Fatalf("waiting for the agent: %v", err)
	}
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
				case p.conns <- &calm{Conn: conn}:
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

// calm is a connection of the SDK without its data races: see carrier.
type calm struct {
	net.Conn

	mu     sync.Mutex // held while writing; guards the field below
	broken bool
}

func (c *calm) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return 0, errCarrierBroken
	}
	n, err := c.Conn.Write(bytes.Clone(p))
	c.broken = err != nil
	return n, err
}

func (c *calm) Close() error {
	c.SetReadDeadline(time.Unix(1, 0))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		return nil
	}
	c.broken = true
	return c.Conn.Close()
}

func (c *calm) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *calm) SetWriteDeadline(time.Time) error { return nil }

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
