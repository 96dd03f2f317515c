// Package ownurl is the tunnel of people who have one: a proxy or tunnel of their own sends to a port on this computer
// that serves the public side and nothing else.
package ownurl

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"postern/tunnel"
)

// Provider is where the owner's own proxy is reached, and where it sends to.
type Provider struct {
	// URL is the public address, https and a host.
	URL *url.URL
	// Listen listens where the proxy sends to.
	Listen func() (net.Listener, error)
}

// endPatience is how long Close waits for what runs.
const endPatience = 2 * time.Second

// Name implements tunnel.Provider.
func (*Provider) Name() string { return "your own URL" }

// Instead implements tunnel.Provider. What a proxy says of itself is not known.
func (*Provider) Instead(http.Header) *tunnel.Error { return nil }

// Start implements tunnel.Provider. It cannot see whether the proxy is there.
func (p *Provider) Start(_ context.Context, side *http.Server, notify func(tunnel.Status)) (tunnel.Session, error) {
	l, err := p.Listen()
	if err != nil {
		return nil, &tunnel.Error{Detail: err.Error()}
	}
	s := &session{url: p.URL, notify: notify, side: side, gate: tunnel.NewGate(side.Handler), done: make(chan struct{})}
	side.Handler = s.gate
	s.say(tunnel.Online, "")
	go s.run(l)
	return s, nil
}

type session struct {
	url    *url.URL
	notify func(tunnel.Status)
	side   *http.Server
	gate   *tunnel.Gate
	done   chan struct{}
	once   sync.Once
	err    error // before done is closed run's alone, then nobody's
}

func (s *session) run(l net.Listener) {
	defer close(s.done)
	err := s.side.Serve(l)
	s.gate.Shut()
	end, cancel := context.WithTimeout(context.Background(), endPatience)
	defer cancel()
	_ = s.gate.Wait(end) // what does not end in that time cannot answer anybody
	if errors.Is(err, http.ErrServerClosed) {
		s.say(tunnel.Off, "")
		return
	}
	s.err = &tunnel.Error{Detail: err.Error()}
	s.say(tunnel.Failed, err.Error())
}

func (s *session) say(state tunnel.State, detail string) {
	s.notify(tunnel.Status{State: state, URL: s.url.String(), Detail: detail, At: time.Now()})
}

// URL implements tunnel.Session.
func (s *session) URL() *url.URL { u := *s.url; return &u }

// Done implements tunnel.Session.
func (s *session) Done() <-chan struct{} { return s.done }

// Err implements tunnel.Session.
func (s *session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close implements tunnel.Session.
func (s *session) Close() (err error) {
	s.once.Do(func() {
		s.gate.Shut()
		err = s.side.Close()
	})
	<-s.done
	return err
}
