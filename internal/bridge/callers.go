package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"postern/internal/approval"
	"postern/internal/control"
	"postern/internal/peer"
	"postern/internal/store"
	"postern/server/oauth"
)

// Which programs on this computer are clients over HTTP is found out apart from their calls, since that takes some
// milliseconds: soon after a connection has made its first one, and at once when the owner is asked, or answers. The page
// that waits in a browser is no call, so the browser is no client.

// maxCallers is the most programs that are remembered: those that called last.
const maxCallers = 256

// callerRest is how many times as long as the last look took it is rested before the next, so that many short
// connections cost a tenth of a core and not more.
const callerRest = 9

// connectedPatience is how long a running bridge may take to say who is connected.
const connectedPatience = 5 * time.Second

// callers is the programs on this computer that have called over HTTP, each until it ends.
type callers struct {
	wake chan struct{}

	looking sync.Mutex // held while connections are looked up
	mu      sync.Mutex // guards the fields below
	fresh   []*caller
	known   map[approval.Ancestor]known
	clients map[string]approval.Ancestor // by the client's id: the program that registered it, or called with its token
}

type known struct {
	approval.Process
	at time.Time // when it last connected
}

// caller is one connection.
type caller struct {
	conn   peer.Conn
	called atomic.Bool
	last   atomic.Pointer[string] // the client's id that was last noted: a connection seldom has two

	// Guarded by callers.mu.
	looked  bool
	program approval.Ancestor // zero if it is not known
	ids     []string          // of clients, until it is looked up
}

type callerKey struct{}

func newCallers() *callers {
	return &callers{wake: make(chan struct{}, 1), known: map[approval.Ancestor]known{}, clients: map[string]approval.Ancestor{}}
}

// connected is for http.Server.ConnContext.
func (c *callers) connected(ctx context.Context, conn net.Conn) context.Context {
	if p, ok := peer.Of(conn); ok {
		return context.WithValue(ctx, callerKey{}, &caller{conn: p})
	}
	return ctx
}

// watch notes who sends what only a client sends. A person's browser does not, unless a page in it is a client.
func (c *callers) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case oauth.Path, oauth.Path + "/", "/register", "/token", "/revoke":
			c.note(r.Context(), "")
		}
		next.ServeHTTP(w, r)
	})
}

// note remembers that the connection of a request is a client's, by its id if that is known.
func (c *callers) note(ctx context.Context, clientID string) {
	from, ok := ctx.Value(callerKey{}).(*caller)
	if !ok {
		return
	}
	first := !from.called.Load() && !from.called.Swap(true)
	if last := from.last.Load(); clientID == "" && !first || clientID != "" && last != nil && *last == clientID {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if clientID != "" {
		from.last.Store(&clientID)
		if from.looked {
			c.assign(clientID, from.program)
		} else {
			from.ids = append(from.ids, clientID)
		}
	}
	if first {
		c.fresh = append(c.fresh, from)
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (c *callers) assign(clientID string, to approval.Ancestor) {
	if to != (approval.Ancestor{}) {
		c.clients[clientID] = to
	}
}

// run looks up who has called, until ctx ends.
func (c *callers) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		began := time.Now()
		c.look(began)
		select {
		case <-ctx.Done():
			return
		case <-time.After(callerRest * time.Since(began)):
		}
	}
}

// look finds the programs of the connections that have called since the last look.
func (c *callers) look(now time.Time) {
	c.looking.Lock()
	defer c.looking.Unlock()
	c.mu.Lock()
	fresh := c.fresh
	c.fresh = nil
	c.mu.Unlock()
	if len(fresh) == 0 {
		return
	}
	var conns []peer.Conn
	for _, f := range fresh {
		conns = append(conns, f.conn)
	}
	held := peer.Find(conns)
	programs := map[int]approval.Process{} // by the process that holds a connection
	for _, pids := range held {
		for _, pid := range pids {
			if _, ok := programs[pid]; !ok && pid != os.Getpid() {
				if p, ok := approval.Caller(pid); ok {
					programs[pid] = p
				}
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range fresh {
		f.looked = true
		for _, pid := range held[f.conn] {
			p, ok := programs[pid]
			if !ok {
				continue
			}
			c.known[p.Client] = known{p, now}
			if f.program == (approval.Ancestor{}) {
				f.program = p.Client
			}
		}
		for _, id := range f.ids {
			c.assign(id, f.program)
		}
		f.ids = nil
	}
	c.forget()
}

// forget drops the programs that have ended, and the oldest that are too many.
func (c *callers) forget() {
	for a, k := range c.known {
		if !approval.Alive(k.Process) {
			delete(c.known, a)
		}
	}
	for len(c.known) > maxCallers {
		var oldest approval.Ancestor
		for a, k := range c.known {
			if oldest == (approval.Ancestor{}) || k.at.Before(c.known[oldest].at) {
				oldest = a
			}
		}
		delete(c.known, oldest)
	}
	for id, a := range c.clients {
		if _, ok := c.known[a]; !ok {
			delete(c.clients, id)
		}
	}
}

// all returns the programs that have called and still run.
func (c *callers) all() []approval.Process {
	c.look(time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
	found := []approval.Process{}
	for _, k := range c.known {
		found = append(found, k.Process)
	}
	slices.SortFunc(found, func(a, b approval.Process) int { return a.PID - b.PID })
	return found
}

// behind returns the program that a question to the owner comes from, zero if it is not known. For a client that asks to
// be let in that is not the browser which shows its page.
func (c *callers) behind(ctx context.Context, r approval.Request) approval.Ancestor {
	c.look(time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Kind == approval.Connect {
		if r.Offer == nil {
			return approval.Ancestor{}
		}
		return c.clients[r.Offer.ClientID]
	}
	if from, ok := ctx.Value(callerKey{}).(*caller); ok {
		return from.program
	}
	return approval.Ancestor{}
}

// holders notes whose token a connection has shown.
type holders struct {
	*oauth.Server
	callers *callers
}

// Verify implements guard.Verifier.
func (h holders) Verify(ctx context.Context, token string) (oauth.Holder, error) {
	holder, err := h.Server.Verify(ctx, token)
	if err == nil {
		h.callers.note(ctx, holder.Client.ID)
	}
	return holder, err
}

// registry notes who has registered. A client that its maker publishes is added when a browser opens its page.
type registry struct {
	*store.Store
	callers *callers
}

// AddClient implements oauth.Store.
func (r registry) AddClient(ctx context.Context, c oauth.Client, limit int) error {
	err := r.Store.AddClient(ctx, c, limit)
	if err == nil && c.Kind == oauth.Dynamic {
		r.callers.note(ctx, c.ID)
	}
	return err
}

// Connected returns the processes that serve a client now, or are one: no yes is taken from what they have started. Over
// HTTP only a bridge that runs has clients, and knows them.
func (b *Bridge) Connected(ctx context.Context) ([]approval.Process, error) {
	all := approval.Serving(b.Store.Path())
	if s := b.service(); s != nil {
		return append(all, s.callers.all()...), nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectedPatience)
	defer cancel()
	var over []approval.Process
	if err := b.control().Do(ctx, http.MethodGet, "/callers", nil, &over); err != nil && !errors.Is(err, control.ErrNotRunning) {
		return nil, fmt.Errorf("asking the bridge that runs which programs are connected: %w", err)
	}
	return append(all, over...), nil
}
