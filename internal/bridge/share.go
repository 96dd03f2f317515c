package bridge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/server/oauth"
	"postern/tunnel"
)

// share is the public side of a service: at most one tunnel at a time.
type share struct {
	s     *service
	count counter

	fixed *way // what the start of the program has asked for, set before the service can be found; nil for nothing

	mu     sync.Mutex // guards the fields below, and is held for moments alone
	run    *sharing   // the last one; nil before the first
	spared bool       // the owner has switched off what the start of the program has asked for
	closed bool       // there is no more
	seen   time.Time  // when it was last looked at the clock
}

// on switches it on, unless it is. It does not wait for it: see settle.
func (h *share) on(w way, s span) (*sharing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.begin(w, s)
}

// begin is on; h.mu is held.
func (h *share) begin(w way, s span) (*sharing, error) {
	switch {
	case h.closed:
		return nil, errNotServed
	case h.s.b.LockedDown(): // looked at under the lock: a lockdown that comes later finds what it must cut off
		return nil, ErrLockedDown
	case h.run != nil && h.run.ctx.Err() == nil && (h.run.way.name != w.name || h.run.way.issuer != w.issuer):
		return nil, fmt.Errorf("Postern is shared at %s now, not as the settings have it since: switch that off first", h.run.way.issuer)
	case h.run != nil && h.run.ctx.Err() == nil:
		return h.run, nil
	}
	ctx, cancel := context.WithCancel(h.s.life)
	r := &sharing{ctx: ctx, way: w, span: s, cancel: cancel, again: make(chan struct{}, 1), settled: make(chan struct{}), done: make(chan struct{})}
	r.status = tunnel.Status{State: tunnel.Connecting, At: h.now()}
	before := h.run
	h.run, h.spared = r, false
	h.s.group.Go(func() { h.keep(r, before) })
	h.s.b.changed.ring()
	return r, nil
}

// now is the time of day: the clock that goes on while the computer sleeps.
func (h *share) now() time.Time { return h.s.b.config.Now().Round(0) }

// keep has a tunnel up until it is switched off, or ends by itself. The one before, which may be just ending, has the
// address until it has; nil for none.
func (h *share) keep(r, before *sharing) {
	ctx, b := r.ctx, h.s.b
	if before != nil {
		before.await()
	}
	session, err := h.start(r)
	up := err == nil
	wanted := ctx.Err() != nil
	if up {
		b.record(context.WithoutCancel(ctx), activity.Entry{Event: activity.Shared})
		close(r.settled)
		b.Log.Info("sharing", "address", r.way.issuer, "way", r.way.provider.Name())
		h.s.group.Go(func() { h.try(r) })
		select {
		case <-ctx.Done():
		case <-session.Done():
		}
		_ = session.Close() // it says what it has to in Err
		err = session.Err()
		wanted = err == nil
	}
	r.cancel()
	r.failed(err, wanted, h.now())
	if !up {
		close(r.settled)
	}
	h.count.write(context.WithoutCancel(ctx), b)
	switch {
	case up:
		b.record(context.WithoutCancel(ctx), activity.Entry{Event: activity.Unshared, Code: r.now().Code})
	case !wanted:
		b.record(context.WithoutCancel(ctx), activity.Entry{Event: activity.Shared, Outcome: activity.Failed, Code: r.now().Code})
	}
	close(r.done)
	b.changed.ring()
	if up && h.s.life.Err() == nil { // or else the program ends
		h.s.group.Go(func() { h.tryDead(r) })
	}
}

// start starts its provider. Another address than the one that clients know is none: they would take tokens for it.
func (h *share) start(r *sharing) (tunnel.Session, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	side := h.s.publicSide(r.way.issuer, r.way.source, h.count.one(h.s.b.config.Now, h.s.b.probes))
	session, err := r.way.provider.Start(r.ctx, side, func(now tunnel.Status) { h.notified(r, now) })
	if err != nil {
		return nil, err
	}
	if got := session.URL(); got.Scheme+"://"+got.Host != r.way.issuer {
		_ = session.Close()
		return nil, &tunnel.Error{Reason: tunnel.OtherAddress, Detail: fmt.Sprintf("%s gave the address %.100q instead of %s: clients know Postern by its address, so nothing is shared", r.way.provider.Name(), got, r.way.issuer)}
	}
	return session, nil
}

// notified keeps how a tunnel goes.
func (h *share) notified(r *sharing, now tunnel.Status) {
	r.mu.Lock()
	was := r.status
	r.status = now
	if now.State != tunnel.Online {
		r.check = desk.Found{} // it was of before
	}
	r.mu.Unlock()
	if was.State == tunnel.Reconnecting && now.State == tunnel.Online {
		select {
		case r.again <- struct{}{}:
		default:
		}
	}
	if was.State != now.State || was.Code != now.Code {
		h.s.b.Log.Info("tunnel", "state", now.State, "code", now.Code, "detail", now.Detail)
	}
	h.s.b.changed.ring()
}

func (h *share) current() *sharing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.run
}

// off switches it off, and waits until it is.
func (h *share) off() {
	r := h.cut()
	if r == nil {
		return
	}
	if !r.await() {
		h.s.b.Log.Error("the tunnel takes long to end")
	}
	r.mu.Lock()
	if r.status.State == tunnel.Failed { // the owner has seen that
		r.status = tunnel.Status{State: tunnel.Off, At: h.now()}
	}
	r.mu.Unlock()
	h.s.b.changed.ring()
}

// forget puts away that it has failed, which the owner has mended.
func (h *share) forget() {
	if r := h.current(); r != nil && r.over() {
		h.off()
	}
}

// spare switches it off because the owner wants that: after a lockdown it stays so.
func (h *share) spare() {
	h.mu.Lock()
	h.spared = true
	h.mu.Unlock()
	h.off()
}

// close switches it off for good.
func (h *share) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.off()
}

// cut begins to switch it off. It returns nil if there is nothing.
func (h *share) cut() *sharing {
	r := h.current()
	if r != nil {
		r.putOff()
	}
	return r
}

// look switches it off when its time is over. By the clock, not by a timer: that stands still while the computer sleeps. A
// clock that was set back takes the end with it.
func (h *share) look() {
	now := h.now()
	h.mu.Lock()
	r, back := h.run, h.seen.Sub(now)
	h.seen = now
	h.mu.Unlock()
	if r == nil || r.over() {
		return
	}
	r.mu.Lock()
	if back > clockSlack && !r.until.IsZero() {
		r.since, r.until = r.since.Add(-back), r.until.Add(-back)
	}
	until := r.until
	r.mu.Unlock()
	if !until.IsZero() && !now.Before(until) {
		h.s.b.Log.Info("sharing ends after its time")
		r.putOff()
	}
}

// setUntil says when it ends by itself, as the settings have it now. What the start of the program has asked for has no end.
func (h *share) setUntil(after time.Duration) {
	r := h.current()
	if r == nil || r.way.fixed {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.span = spanOf(r.since, after)
}

// restart switches on what the start of the program has asked for, and waits for it.
func (h *share) restart(ctx context.Context) error {
	r, err := h.on(*h.fixed, span{since: h.now()})
	if err != nil {
		return err
	}
	return r.settle(ctx)
}

// again does so after a lockdown, unless the owner has switched it off, and waits for nothing.
func (h *share) again() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fixed == nil || h.spared {
		return nil
	}
	_, err := h.begin(*h.fixed, span{since: h.now()})
	return err
}

// fill says how it stands.
func (h *share) fill(t *desk.Tunnel) {
	if h.fixed != nil {
		t.Provider, t.Needs, t.Behind = h.fixed.name, "", h.fixed.behind
	}
	r := h.current()
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.status
	t.State, t.Code, t.Reason, t.Detail = now.State, now.Code, now.Reason, now.Detail
	t.Since, t.LastCall, t.Check = now.At, h.count.lastCall(), r.check
	if t.State == tunnel.Off {
		return
	}
	t.Provider, t.Needs, t.Behind = r.way.name, "", r.way.behind
	t.Account, t.Plan, t.Region, t.Limit = now.Account, now.Plan, now.Region, now.Limit
	if t.On() {
		t.Since, t.URL, t.Until = r.since, r.way.issuer+oauth.Path, r.until
	}
}

// issuer is where it is shared, or was; "" if it never was.
func (h *share) issuer() string {
	if h.fixed != nil {
		return h.fixed.issuer
	}
	if r := h.current(); r != nil {
		return r.way.issuer
	}
	return ""
}

// public is the address of /mcp from outside, "" if nothing is shared.
func (h *share) public() string {
	var t desk.Tunnel
	h.fill(&t)
	if !t.Up() {
		return ""
	}
	return t.URL
}
