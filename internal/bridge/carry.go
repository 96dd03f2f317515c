package bridge

import (
	"errors"
	"sync"
	"time"

	"postern/tunnel"
)

// carryFor is how long what was shared is kept while nothing serves clients. After that the owner has to share anew.
const carryFor = time.Minute

// carrier keeps what is shared while what serves clients ends and begins anew, at another port: the owner has not switched
// that off. The zero value is ready.
type carrier struct {
	mu   sync.Mutex // guards the field below; nothing that it is held for waits
	what *carried   // nil for nothing
}

// carried is what is shared again.
type carried struct {
	way  way
	span span
	at   time.Time // when what served it ended
}

// keep keeps what is shared.
func (c *carrier) keep(h *share) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := h.current()
	if r == nil || r.way.fixed {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.put && r.status.State != tunnel.Failed {
		c.what = &carried{r.way, r.span, h.now()}
	}
}

// drop forgets it: the owner has switched it off, or locked everything down. Whoever does so puts off the sharing first, so
// that it is not kept afterwards.
func (c *carrier) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.what = nil
}

// resume shares again what was before what serves began anew. What is dropped at the same time is either dropped before, or
// is found shared by who dropped it.
func (c *carrier) resume(h *share) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	what, now := c.what, h.now()
	if what == nil {
		return nil
	}
	if now.Sub(what.at).Abs() > carryFor || !what.span.until.IsZero() && !now.Before(what.span.until) {
		c.what = nil
		return nil
	}
	_, err := h.on(what.way, what.span)
	if !errors.Is(err, errNotServed) { // that is: what serves ends already, and the next begins
		c.what = nil
	}
	return err
}
