package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/internal/approval"
	"postern/internal/control"
	"postern/internal/tool"
	"postern/server"
	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/oauth/cimd"
	"postern/server/oauth/opaque"
	"postern/server/place"
)

// Addresses are where a bridge serves.
type Addresses struct {
	Local  string // host and port on this computer, e.g. 127.0.0.1:7878; "" for the port of the settings
	Public string // the https address under which the owner's own proxy is reached; "" for none
	Behind string // host and port on this computer to which that proxy sends
}

// exampleLocal is where a bridge serves if neither its start nor the settings say otherwise.
const exampleLocal = "127.0.0.1:7878"

// service is what runs while a bridge serves clients over HTTP.
type service struct {
	b        *Bridge
	runner   *tool.Runner
	server   *server.Server
	http     *server.HTTP
	live     guard.Live
	sessions guard.Sessions
	pepper   atomic.Pointer[opaque.Pepper]
	void     atomic.Pointer[opaque.Pepper] // the key that a lockdown ended; nil without one
	offers   offers
	callers  *callers
	widening widening
	once     once
	faces    atomic.Int32
	cut      atomic.Bool // everything was cut off, see followLockdown
	swept    atomic.Bool // and the store knows
	share    share
	version  string
	life     context.Context // ends with Serve
	group    sync.WaitGroup  // questions that outlive their request
}

// service returns what serves now, nil if nothing does.
func (b *Bridge) service() *service { return b.serving.Load() }

// ErrLockedDown is why nobody is let in, and nothing is shared.
var ErrLockedDown = errors.New("Postern is locked down: the owner can lift that in its window, or with the command: postern lockdown --lift")

// Serve serves clients over HTTP until ctx ends. started is told the addresses of /mcp, the public one "" if there is
// none, once both can be reached. There is one such bridge for a state directory: a second gets a *control.RunningError.
func (b *Bridge) Serve(ctx context.Context, a Addresses, version string, started func(local, public string)) (err error) {
	defer func() { b.served(err) }()
	socket := b.socket.Load()
	attends := socket != nil // by Attend
	if !attends {
		if socket, err = b.listen(version); err != nil {
			return err
		}
		defer b.hangUp(socket)
	}
	s, err := b.newService(ctx, version)
	if err != nil {
		return err
	}
	var end context.CancelFunc
	s.life, end = context.WithCancel(ctx)
	defer func() { end(); s.group.Wait() }()
	if a.Public != "" {
		w, err := ownWay(a.Public, a.Behind)
		if err != nil {
			return err
		}
		w.fixed, s.share.fixed = true, &w
	}
	if !b.serving.CompareAndSwap(nil, s) {
		return errors.New("this bridge serves already")
	}
	defer b.serving.Store(nil)
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if cerr := s.runner.Close(end); !errors.Is(cerr, context.DeadlineExceeded) {
			err = errors.Join(err, cerr)
		}
	}()
	defer s.share.close() // before that: sharing can be switched on from here on
	if a.Local == "" {
		if a.Local, err = b.LocalAddress(ctx); err != nil {
			return err
		}
	}
	local, err := listenLocal(a.Local)
	if err != nil {
		return err
	}
	defer local.Close()
	side := s.side("http://" + local.Addr().String())
	publicURL := ""
	if w := s.share.fixed; w != nil {
		publicURL = w.issuer + oauth.Path
		if !b.LockedDown() { // or else when that is lifted
			if err := s.share.restart(ctx); err != nil {
				return err
			}
		}
	}
	if b.LockedDown() {
		s.cutOff(opaque.NewPepper())
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return serveUntil(ctx, side, local) })
	g.Go(func() error {
		<-ctx.Done()
		b.carried.keep(&s.share)
		s.share.close()
		return nil
	})
	g.Go(func() error { s.watch(ctx); return nil })
	g.Go(func() error { s.callers.run(ctx); return nil })
	running := Running{Local: "http://" + local.Addr().String() + oauth.Path}
	defer b.say(socket, Running{})
	b.say(socket, running)
	if !attends {
		g.Go(func() error { return control.Serve(ctx, socket, b.handler(version)) })
	}
	b.trouble.Store(nil)
	b.changed.ring()
	started(running.Local, publicURL)
	if err := b.carried.resume(&s.share); err != nil {
		b.Log.Warn("sharing again", "error", err)
	}
	return g.Wait()
}

// say tells the owner's other processes where clients are served.
func (b *Bridge) say(socket *control.Listener, where Running) {
	b.running.Store(&where)
	if err := socket.SetURL(where.Local); err != nil && !errors.Is(err, net.ErrClosed) {
		b.Log.Warn("saying where the bridge is", "error", err)
	}
}

// served keeps why clients are not served any more, for the owner.
func (b *Bridge) served(err error) {
	if b.service() != nil { // it goes on: this was a second one
		return
	}
	b.trouble.Store(nil)
	if err != nil {
		why := err.Error()
		var ofVault vaultError
		b.vaultly.Store(errors.As(err, &ofVault))
		b.trouble.Store(&why)
	}
	b.changed.ring()
}

func (b *Bridge) newService(ctx context.Context, version string) (*service, error) {
	s := &service{b: b, version: version, offers: offers{b, newCatalogue()}, callers: newCallers()}
	pepper, err := b.pepper(ctx)
	if err != nil {
		return nil, err
	}
	s.pepper.Store(&pepper)
	if s.runner, err = b.Runner(ctx); err != nil {
		return nil, err
	}
	s.runner.Wrote = b.wrote
	s.share.s = s
	s.server = &server.Server{Runner: s.runner, ClientOf: b.grantClient, Version: version, Log: b.Log, Sample: b.demo != nil, Labels: b.labels}
	s.http = s.server.HTTP(&s.sessions)
	// What started this process is not the client that asks through it.
	b.Queue.Self = func() approval.Process { p := approval.Self(); p.Client = approval.Ancestor{}; return p }
	b.Queue.Client = s.callers.behind
	return s, nil
}

// listenLocal listens on this computer alone.
func listenLocal(addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listening on %q: want a host and a port, e.g. %s", addr, exampleLocal)
	}
	if !slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, host) {
		return nil, fmt.Errorf("listening on %q: Postern serves this computer alone; to be reached from elsewhere, put a proxy with https before it and give its address with --public-url", addr)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listening: %w; choose another port with the setting http.port, or once with --addr", err)
	}
	return l, nil
}

// side builds what answers at an issuer on this computer.
func (s *service) side(issuer string) *http.Server {
	side := guard.NewServer(s.callers.watch(s.front(issuer, false, connectionSource)))
	side.ConnContext = s.callers.connected
	return side
}

// publicSide builds what answers at an issuer that is reached from outside, at whose other end is a proxy or a tunnel.
func (s *service) publicSide(issuer string, source func(*http.Request) string, count func(*http.Request)) *http.Server {
	return guard.NewPublicServer(&guard.Public{Next: s.front(issuer, true, source), MCP: oauth.Path, Source: source, Count: count, Now: s.b.config.Now, Log: s.b.Log})
}

// front builds the one door of a side.
func (s *service) front(issuer string, public bool, source func(*http.Request) string) *guard.Front {
	as := &oauth.Server{
		Issuer: issuer, Public: public, Store: registry{s.b.Store, s.callers}, Approver: s.b.Queue, Catalogue: s.offers.catalogue, Offers: s.offers, Documents: &cimd.Fetcher{Now: s.b.config.Now},
		Pepper: func() (opaque.Pepper, error) { return *s.pepper.Load(), nil }, Window: window{s.b}, Codes: codes{s}, Closed: s.b.closed,
		Faces: s.b.faces, Source: source, Ended: s.b.endedItself,
		Lifetimes: s.b.lifetimes, Now: s.b.config.Now, Log: s.b.Log,
	}
	g := &guard.Guard{
		Issuer: issuer, Tokens: holders{as, s.callers}, Basic: s.offers.Basic(), Needs: s.server.Needs, Once: s.allowedOnce, Widen: s.widen, Paused: s.b.Paused, Origins: s.origins, Source: source, Public: public, Address: addressOf(public),
		Sessions: &s.sessions, Live: &s.live, Next: s.http, Now: s.b.config.Now, Log: s.b.Log,
	}
	return &guard.Front{Issuer: issuer, OAuth: as.Handler(), MCP: g, Origins: s.origins, Public: public}
}

// origins are the web pages that may call, by the owner's settings.
func (s *service) origins() []string {
	set, err := s.b.Settings(context.Background())
	if err != nil {
		s.b.Log.Error("reading which web pages may call", "error", err)
		return nil
	}
	return set.Origins
}

// lifetimes are how long what is issued is good for, by the owner's settings.
func (b *Bridge) lifetimes(ctx context.Context) (oauth.Lifetimes, error) {
	set, err := b.Settings(ctx)
	return oauth.Lifetimes{Access: set.Access, Refresh: set.Refresh, Grant: set.Grant}, err
}

// connectionSource is the address at the other end of the connection.
func connectionSource(r *http.Request) string {
	address, _ := place.Address(r.RemoteAddr)
	return address
}

// proxySource is the address that the owner's proxy says a request came from: the last entry, which it has added itself. A
// proxy that passes on what it was given adds none, and then that may be anything: so what counts is an address or nothing.
func proxySource(r *http.Request) string {
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if address, ok := place.Address(strings.TrimSpace(all[len(all)-1])); ok {
		return address
	}
	return connectionSource(r)
}

// serveUntil serves until ctx ends, then lets what runs come to its end for a moment.
func serveUntil(ctx context.Context, side *http.Server, l net.Listener) error {
	done := make(chan error, 1)
	go func() { done <- side.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if err := side.Shutdown(end); err != nil {
		_ = side.Close() // streams do not end by themselves
	}
	<-done
	return nil
}
