package tunnel

import (
	"context"
	"net/http"
	"sync"
)

// Gate lets requests through to a handler until it is shut. It is what makes an end certain: connections that are still
// there reach nothing, and what runs is told at once.
type Gate struct {
	next http.Handler
	life context.Context
	end  context.CancelCauseFunc

	mu   sync.Mutex // guards the fields below
	shut bool
	runs int
	idle chan struct{} // closed when it is shut and nothing runs
}

// NewGate returns an open gate before next.
func NewGate(next http.Handler) *Gate {
	g := &Gate{next: next, idle: make(chan struct{})}
	g.life, g.end = context.WithCancelCause(context.Background())
	return g
}

// ServeHTTP passes a request on. Of one that comes after Shut the connection is dropped without an answer.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.enter() {
		panic(http.ErrAbortHandler)
	}
	defer g.leave()
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	defer context.AfterFunc(g.life, func() { cancel(context.Cause(g.life)) })()
	g.next.ServeHTTP(w, r.WithContext(ctx))
}

func (g *Gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return false
	}
	g.runs++
	return true
}

func (g *Gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.runs--
	if g.shut && g.runs == 0 {
		close(g.idle)
	}
}

// Shut lets no request through any more, and ends the context of those that run, with ErrClosed.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return
	}
	g.shut = true
	if g.runs == 0 {
		close(g.idle)
	}
	g.end(ErrClosed)
}

// Wait waits until nothing runs any more after Shut, or ctx ends.
func (g *Gate) Wait(ctx context.Context) error {
	select {
	case <-g.idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
