package ngrok

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	sdk "golang.ngrok.com/ngrok/v2"
	"golang.ngrok.com/ngrok/v2/rpc"

	"postern/tunnel"
)

const (
	// usualPatience is how long a reader may stand still, see door.stuck.
	usualPatience = time.Minute
	// usualSilence is how long nothing may be heard of the service, which is asked every ten seconds. The SDK would see
	// that itself after 25, but there its log races with the signing in.
	usualSilence = 22 * time.Second
	// usualAnswer is how long the service may take to let an agent in with its address, once it has taken the call.
	usualAnswer = 30 * time.Second
	// The times between two tries, when the SDK does not try again by itself.
	firstPause, longestPause = 500 * time.Millisecond, 30 * time.Second
	// endPatience is how long Close waits for what runs.
	endPatience = 2 * time.Second
	// stopPatience is how long the SDK may take to answer the dashboard.
	stopPatience = 2 * time.Second
)

// The reasons for which a connection to the service is made anew.
var (
	errStuck      = errors.New("a client has stopped reading")
	errSilent     = errors.New("nothing was heard of it for too long")
	errUnanswered = errors.New("it has taken the call, but not let Postern in")
)

// errStopped is why a session ends that the owner has stopped at the dashboard.
var errStopped = &tunnel.Error{Reason: tunnel.Stopped, Detail: "the tunnel was stopped at dashboard.ngrok.com: switch sharing on again if that was you"}

// session is a tunnel through ngrok. Below it are one after the other as many agents of the SDK as it takes.
type session struct {
	p      *Provider
	token  string
	roots  *x509.CertPool
	url    *url.URL
	notify func(tunnel.Status)
	side   *http.Server
	gate   *tunnel.Gate
	door   *door
	life   context.Context // ends with the session; its cause is why
	end    context.CancelCauseFunc
	up     chan struct{} // closed when it is online for the first time
	upOnce sync.Once
	done   chan struct{}
	served chan struct{} // closed when the HTTP server has ended

	stopped atomic.Bool // at the dashboard

	mu     sync.Mutex // guards the fields below
	status tunnel.Status
}

func newSession(p *Provider, token string, roots *x509.CertPool, side *http.Server, notify func(tunnel.Status)) *session {
	s := &session{
		p: p, token: token, roots: roots, url: &url.URL{Scheme: "https", Host: p.Domain}, notify: notify, side: side, gate: tunnel.NewGate(side.Handler), door: newDoor(),
		up: make(chan struct{}), done: make(chan struct{}), served: make(chan struct{}),
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	s.side.Handler = s.gate
	return s
}

// URL implements tunnel.Session.
func (s *session) URL() *url.URL { u := *s.url; return &u }

// Done implements tunnel.Session.
func (s *session) Done() <-chan struct{} { return s.done }

// Err implements tunnel.Session.
func (s *session) Err() error {
	select {
	case <-s.done:
	default:
		return nil
	}
	if why := context.Cause(s.life); !errors.Is(why, tunnel.ErrClosed) {
		return why
	}
	return nil
}

// Close implements tunnel.Session. What is not sent yet is lost: it is the end, not a rest.
func (s *session) Close() error {
	s.gate.Shut()
	s.end(tunnel.ErrClosed)
	<-s.done
	return nil
}

// run keeps the tunnel up until its life ends.
func (s *session) run() {
	defer close(s.done)
	go func() {
		defer close(s.served)
		_ = s.side.Serve(s.door) // it ends with the door
	}()
	s.say(tunnel.Status{State: tunnel.Connecting})
	pause := firstPause
	for s.life.Err() == nil {
		began := time.Now()
		if err := s.once(); s.life.Err() == nil {
			s.trouble(err)
		}
		if time.Since(began) > longestPause {
			pause = firstPause
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		case <-s.life.Done():
		}
	}
	// The agent is gone by now, so that no write waits: the server can be closed.
	s.gate.Shut()
	_ = s.side.Close()
	<-s.served
	end, cancel := context.WithTimeout(context.Background(), endPatience)
	defer cancel()
	if err := s.gate.Wait(end); err != nil && s.p.Log != nil {
		s.p.Log.Warn("requests through the tunnel go on although it has ended", "error", err)
	}
	var why *tunnel.Error
	if errors.As(context.Cause(s.life), &why) {
		s.say(tunnel.Status{State: tunnel.Failed, Code: why.Code, Reason: why.Reason, Detail: why.Detail})
		return
	}
	s.say(tunnel.Status{State: tunnel.Off})
}

// once is one agent from its connecting to its end, and says why it ended.
func (s *session) once() error {
	var watching sync.WaitGroup
	defer watching.Wait()
	life, cancel := context.WithCancelCause(s.life)
	defer cancel(nil)
	l := &link{s: s, life: life, cancel: cancel}
	agent, err := s.p.agent(s.token, s.roots, sdk.WithDialer(l), sdk.WithRPCHandler(s.command), sdk.WithEventHandler(l.event))
	if err != nil {
		return err
	}
	watching.Go(l.watch)
	listener, err := agent.Listen(life, sdk.WithURL(s.url.String()), sdk.WithDescription("Postern"))
	// While it connects, Disconnect would wait for it: the end of life ends that in milliseconds. From here on, Disconnect
	// alone frees what waits for a client. It comes after the end of life, so that what the SDK says of its own closing is
	// not taken for what is wrong.
	defer func() {
		_ = agent.Disconnect()
		l.hangUp()
	}()
	if err != nil {
		cancel(err)
		return context.Cause(life) // which may have ended before
	}
	if got := listener.URL(); got.Scheme != "https" || !strings.EqualFold(got.Hostname(), s.url.Hostname()) || got.Port() != "" && got.Port() != "443" {
		err := &tunnel.Error{Reason: tunnel.OtherAddress, Detail: fmt.Sprintf("ngrok gave the address %q instead of %q: clients know Postern by its address, so nothing is shared; look at dashboard.ngrok.com/domains which is yours, then run \"postern tunnel login\"", clean(got.String(), s.token), s.url)}
		s.end(err)
		return err
	}
	s.meet(agent)
	l.serves()
	ended := make(chan error, 1)
	go func() { ended <- s.door.pump(listener) }()
	select {
	case err = <-ended:
	case <-life.Done(): // the SDK may need half a minute to see that
		return context.Cause(life)
	}
	// The service has stopped the endpoint, the owner has at the dashboard, or the SDK has given up.
	if s.stopped.Load() {
		s.end(errStopped)
	}
	if e := stop(err, s.token); e != nil {
		s.end(e)
	}
	cancel(err)
	return err
}

// disconnected is told that there is no connection with the service, and why if something is wrong.
func (s *session) disconnected(err error) {
	if s.stopped.Load() {
		s.end(errStopped)
	}
	if err != nil && s.life.Err() == nil {
		s.trouble(err)
	}
}

// trouble says what is wrong, and ends the session if that does not pass.
func (s *session) trouble(err error) {
	if errors.Is(err, errStuck) || errors.Is(err, errSilent) || errors.Is(err, errUnanswered) {
		s.say(tunnel.Status{State: s.trying(), Reason: tunnel.Broken, Detail: "the connection to ngrok is made anew: " + err.Error()})
		return
	}
	e, fatal := explain(err, s.token)
	if fatal {
		s.end(e)
		return
	}
	s.say(tunnel.Status{State: s.trying(), Code: e.Code, Reason: e.Reason, Detail: e.Detail})
}

// trying is the state in which it is tried to be online.
func (s *session) trying() tunnel.State {
	select {
	case <-s.up:
		return tunnel.Reconnecting
	default:
		return tunnel.Connecting
	}
}

// command is what the owner of the account wants, at ngrok's dashboard: they may stop the tunnel, and nothing else.
func (s *session) command(_ context.Context, _ sdk.AgentSession, r rpc.Request) ([]byte, error) {
	if r.Method() != rpc.StopAgentMethod {
		return nil, errors.New("Postern is started and updated on its own computer alone")
	}
	// Nothing comes through from here on. The session itself must stay until the dashboard has its answer; then the SDK
	// closes it.
	s.gate.Shut()
	s.stopped.Store(true)
	time.AfterFunc(stopPatience, func() { s.end(errStopped) })
	return nil, nil
}

// meet notes whose account the agent has signed in to.
func (s *session) meet(agent sdk.Agent) {
	one, err := agent.Session()
	if err != nil {
		return // it is gone again
	}
	d, ok := one.(sdk.AgentSessionDetails)
	if !ok {
		return
	}
	account, plan, region := clean(d.AccountName(), s.token), clean(d.PlanName(), s.token), clean(d.Region(), s.token)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Account, s.status.Plan, s.status.Region = cmp.Or(account, s.status.Account), cmp.Or(plan, s.status.Plan), cmp.Or(region, s.status.Region)
}

// online says that the address can be reached. It may be called by run's goroutine and the SDK's.
func (s *session) online() {
	s.say(tunnel.Status{State: tunnel.Online})
	s.upOnce.Do(func() { close(s.up) })
}

// say keeps how it stands and tells it, unless it is over.
func (s *session) say(now tunnel.Status) {
	now.At = time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil && now.State != tunnel.Off && now.State != tunnel.Failed {
		return
	}
	now.URL = s.url.String()
	now.Account, now.Plan, now.Region = s.status.Account, s.status.Plan, s.status.Region
	now.Limit = limits[now.Plan]
	s.status = now
	s.notify(now)
}
