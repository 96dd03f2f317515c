package ngrok

import (
	"cmp"
	"context"
	"net"
	"sync"
	"time"

	sdk "golang.ngrok.com/ngrok/v2"
)

// link is the connection of one agent with the service, as far as it is seen from outside of the SDK. That tries again by
// itself for ever, and waits for each answer as long.
type link struct {
	s      *session
	life   context.Context // ends with the agent; its cause is why
	cancel context.CancelCauseFunc

	mu        sync.Mutex // guards the fields below
	call      *call      // the connection that is open, nil while there is none
	connected bool       // signed in, and with the address if there was one before
	bound     bool       // it serves the address: until then being connected says nothing
	// When the service was last heard. It is compared with the monotonic clock: the other one may be set, and the network is
	// no worse for it. Where that clock stands still while the computer sleeps, the silence is counted from the waking.
	heard time.Time
}

// call is a connection to the service.
type call struct {
	net.Conn
	link  *link
	began time.Time
}

// Close implements net.Conn.
func (c *call) Close() error {
	c.link.mu.Lock()
	if c.link.call == c {
		c.link.call = nil
	}
	c.link.mu.Unlock()
	return c.Conn.Close()
}

// Dial implements the SDK's Dialer.
func (l *link) Dial(network, address string) (net.Conn, error) {
	return l.DialContext(l.life, network, address)
}

// DialContext implements the SDK's Dialer.
func (l *link) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: l.s.answer()}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil {
		_ = c.Close() // nobody uses it any more
		return nil, context.Cause(l.life)
	}
	l.call = &call{Conn: c, link: l, began: time.Now()}
	return l.call, nil
}

// hangUp closes what is open after the end of life: a connection that was made while the agent was being closed would
// hold the address, and the next agent could not have it.
func (l *link) hangUp() {
	l.mu.Lock()
	c := l.call
	l.mu.Unlock()
	if c != nil {
		_ = c.Close() // it has nothing more to say
	}
}

// event is told what happens to the connection. It must not call the agent, which may hold its lock.
func (l *link) event(e sdk.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil { // an agent may have more to say when it is gone
		return
	}
	switch e := e.(type) {
	case *sdk.EventAgentHeartbeatReceived:
		l.heard = time.Now()
	case *sdk.EventAgentConnectSucceeded:
		l.connected, l.heard = true, time.Now()
		if l.bound { // again, with its address
			l.s.online()
		}
	case *sdk.EventAgentDisconnected:
		l.connected = false
		l.s.disconnected(e.Error)
	}
}

// serves notes that the address is served.
func (l *link) serves() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bound = true
	if l.connected { // or else it is again in a moment
		l.s.online()
	}
}

// watch ends life when something is at fault: nothing else frees those who wait.
func (l *link) watch() {
	tick := time.NewTicker(min(l.s.patience(), l.s.silence(), l.s.answer()) / 4)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if err := l.fault(now); err != nil {
				l.cancel(err)
			}
		case <-l.life.Done():
			return
		}
	}
}

// fault says why the agent is to be replaced, nil if it is not: the service is silent, it does not let the agent in, or a
// reader has stood still for too long.
func (l *link) fault(now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	up := l.connected && l.bound
	switch {
	case up && l.s.door.stuck(now, l.s.patience()):
		return errStuck
	case l.connected && now.Sub(l.heard) > l.s.silence():
		return errSilent
	case !up && l.call != nil && now.Sub(l.call.began) > l.s.answer():
		return errUnanswered
	}
	return nil
}

func (s *session) patience() time.Duration { return cmp.Or(s.p.Patience, usualPatience) }
func (s *session) silence() time.Duration  { return cmp.Or(s.p.Silence, usualSilence) }
func (s *session) answer() time.Duration   { return cmp.Or(s.p.answer, usualAnswer) }
