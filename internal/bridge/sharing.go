package bridge

import (
	"context"
	"errors"
	"sync"
	"time"

	"postern/internal/desk"
	"postern/tunnel"
)

// sharing is one tunnel from its being switched on to its end.
type sharing struct {
	way     way
	ctx     context.Context // ends when it is switched off, or has ended by itself
	cancel  context.CancelFunc
	again   chan struct{} // has something when the address is to be tried again
	settled chan struct{} // closed when it is online or over
	done    chan struct{} // closed when it is over

	mu  sync.Mutex // guards the fields below
	put bool       // it was switched off, by whom and what ever
	span
	status tunnel.Status
	check  desk.Found
}

// span is from when to when it is shared.
type span struct {
	since time.Time
	until time.Time // when it ends by itself; zero if it does not
}

// spanOf is the span of a time from a moment on, less than zero for no end.
func spanOf(since time.Time, lasts time.Duration) span {
	if lasts < 0 {
		return span{since: since}
	}
	return span{since, since.Add(lasts)}
}

// shareEnd is how long a tunnel may take to end.
const shareEnd = 4 * time.Second

// failed keeps why it ended, "off" if the owner wanted it.
func (r *sharing) failed(err error, wanted bool, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.At = now
	if err == nil || wanted {
		r.status = tunnel.Status{State: tunnel.Off, At: now, URL: r.status.URL}
		return
	}
	r.status.State, r.status.Code, r.status.Reason, r.status.Detail = tunnel.Failed, "", "", err.Error()
	var why *tunnel.Error
	if errors.As(err, &why) {
		r.status.Code, r.status.Reason, r.status.Detail = why.Code, why.Reason, why.Detail
	}
}

func (r *sharing) now() tunnel.Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

func (r *sharing) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// await waits until it is over, which it will be soon, and reports whether it is.
func (r *sharing) await() bool {
	select {
	case <-r.done:
		return true
	case <-time.After(shareEnd):
		return false
	}
}

// errSwitchedOff is why sharing that was just switched on is not.
var errSwitchedOff = errors.New("sharing was switched off again meanwhile")

// settle waits until it is online, or over: then it says why.
func (r *sharing) settle(ctx context.Context) error {
	select {
	case <-r.settled:
	case <-ctx.Done():
		return ctx.Err()
	}
	switch now := r.now(); now.State {
	case tunnel.Failed:
		return &tunnel.Error{Code: now.Code, Reason: now.Reason, Detail: now.Detail}
	case tunnel.Off:
		return errSwitchedOff
	}
	return nil
}

// putOff ends it for good, as the end of what serves does not.
func (r *sharing) putOff() {
	r.mu.Lock()
	r.put = true
	r.mu.Unlock()
	r.cancel()
}
