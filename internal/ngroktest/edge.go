// Package ngroktest is a stand-in for ngrok's edge, on loopback: agents connect to it with the real SDK, and the public
// reaches them through it over TLS. It imitates what Postern has to live with (refusals, dropped sessions, frozen
// heartbeats, quotas, the warning page for browsers), and a test decides when.
//
//	edge := &ngroktest.Edge{Token: "token"}
//	if err := edge.Start(); err != nil { … }
//	defer edge.Close()
//	// the agent: WithAgentConnectURL(edge.Addr()), WithAgentConnectCAs with edge.CAPEM()
//	edge.Wait(ctx, 1)
//	edge.Client().Get(edge.URL())
//
// A public request is forwarded as it came, with its target untouched. What net/http's server refuses does not get
// through, and of a target in absolute form the host stands for the Host header, as RFC 9112 has it. Upgrades to other
// protocols, raw TCP and TLS endpoints and pooling are not imitated.
package ngroktest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Edge is the stand-in. Its exported fields are set before Start and not changed after; its methods may be called at any
// time from any goroutine.
type Edge struct {
	// Token is the one authtoken that is good. Another one gets ERR_NGROK_107, one that looks like none ERR_NGROK_105.
	Token string
	// Domain is the account's dev domain; empty means "postern-test.ngrok-free.dev".
	Domain string
	// Account and Plan are what an agent is told; empty means "Example account" and "Free".
	Account, Plan string
	// Region is what an agent is told; empty means "eu".
	Region string
	// MaxSessions is how many agents may be signed in at once before the next gets ERR_NGROK_108; 0 means any number.
	MaxSessions int
	// NoInterstitial leaves out the warning page for browsers, as on a paid plan.
	NoInterstitial bool
	// AnswerTimeout is how long StopAgent and its like wait for the agent's answer; 0 means 3 seconds.
	AnswerTimeout time.Duration
	// Log is told what happens; nil means silence.
	Log func(format string, args ...any)

	authority *authority
	agents    net.Listener
	front     net.Listener // the public side
	server    *http.Server
	proxy     http.Handler
	work      sync.WaitGroup // the goroutines of the edge and of its sessions, the public connections and requests

	mu        sync.Mutex // guards the fields below
	changed   chan struct{}
	closed    bool
	sessions  map[*session]bool    // connected, signed in or not
	endpoints map[string]*endpoint // by host
	idlers    []func()             // close the idle connections of the clients given out
	counts    struct{ auths, binds, requests, heartbeats, cuts int }
	lastAuth  Auth
	lastBind  Bind
	will      will
}

// Start begins to listen for agents and for the public.
func (e *Edge) Start() error {
	if e.Token == "" {
		return errors.New("starting the edge: set Token")
	}
	for field, value := range map[*string]string{
		&e.Domain: "postern-test.ngrok-free.dev", &e.Account: "Example account", &e.Plan: "Free", &e.Region: "eu",
	} {
		if *field == "" {
			*field = value
		}
	}
	if e.AnswerTimeout == 0 {
		e.AnswerTimeout = 3 * time.Second
	}
	var err error
	if e.authority, err = newAuthority(); err != nil {
		return fmt.Errorf("starting the edge: %w", err)
	}
	if e.agents, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("starting the edge: %w", err)
	}
	if e.front, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		e.agents.Close()
		return fmt.Errorf("starting the edge: %w", err)
	}
	e.changed, e.sessions, e.endpoints = make(chan struct{}), map[*session]bool{}, map[string]*endpoint{}
	e.proxy = e.newProxy()
	e.server = e.newServer()
	e.work.Go(e.acceptAgents)
	e.work.Go(func() { e.server.ServeTLS(e.front, "", "") })
	return nil
}

// Close drops every connection and returns when nothing of the edge is at work any more.
func (e *Edge) Close() error {
	e.mu.Lock()
	if e.closed || e.changed == nil {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	idlers := e.idlers
	e.announce()
	e.mu.Unlock()
	for _, closeIdle := range idlers {
		closeIdle()
	}
	err := errors.Join(e.agents.Close(), e.server.Close())
	e.drop()
	e.work.Wait()
	return err
}

func (e *Edge) acceptAgents() {
	for {
		conn, err := e.agents.Accept()
		if err != nil {
			return
		}
		s := &session{edge: e, id: "as_" + strings.ToLower(rand.Text()), conn: conn, done: make(chan struct{})}
		e.mu.Lock()
		refused := e.closed || e.will.refuse
		if !refused {
			e.sessions[s] = true
			e.work.Go(s.run)
		}
		e.mu.Unlock()
		if refused {
			e.log("agent connection from %v closed at once", conn.RemoteAddr())
			conn.Close()
		}
	}
}

func (e *Edge) tls(protocols ...string) *tls.Config {
	return &tls.Config{GetCertificate: e.authority.certificate, NextProtos: protocols, MinVersion: tls.VersionTLS12}
}

// announce wakes everyone who waits for a change. The caller holds mu.
func (e *Edge) announce() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// Await returns when done says so; it is asked again after everything that happens at the edge.
func (e *Edge) Await(ctx context.Context, done func() bool) error {
	for {
		e.mu.Lock()
		changed := e.changed
		e.mu.Unlock()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Wait returns when n agents have an endpoint online, and know it.
func (e *Edge) Wait(ctx context.Context, n int) error {
	return e.Await(ctx, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		online := map[*session]bool{}
		for _, p := range e.endpoints {
			if p.settled {
				online[p.session] = true
			}
		}
		return len(online) >= n
	})
}

func (e *Edge) log(format string, args ...any) {
	if e.Log != nil {
		e.Log(format, args...)
	}
}
