package guard

import (
	"context"
	"sync"
	"time"

	"postern/server/oauth"
)

// Live is the requests that run, by grant, so that they end when the grant does.
type Live struct {
	mu      sync.Mutex // guards the fields below
	next    int
	all     int
	running map[string]map[int]running
	uses    map[string]oauth.LastUse
	shut    bool
}

// The most requests that run for one grant, the most of them that only listen, and the most in all.
const (
	maxRunning   = 64
	maxListening = 16
	maxLive      = 1024
)

// begin counts a request of a grant. Its context ends with the request, with the grant, or with Shut. listen counts it
// among those that only listen, and reports whether it may. ok is false if too many run already.
func (l *Live) begin(ctx context.Context, grantID, address string, now time.Time) (_ context.Context, listen func() bool, end func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil {
		l.running, l.uses = map[string]map[int]running{}, map[string]oauth.LastUse{}
	}
	mine := l.running[grantID]
	if l.shut || l.all >= maxLive || len(mine)-listening(mine) >= maxRunning {
		return ctx, nil, nil, false
	}
	if mine == nil {
		mine = map[int]running{}
		l.running[grantID] = mine
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.next++
	l.all++
	id := l.next
	mine[id] = running{cancel, false}
	l.uses[grantID] = oauth.LastUse{GrantID: grantID, At: now, Address: address}
	listen = func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if listening(mine) >= maxListening {
			return false
		}
		mine[id] = running{cancel, true}
		return true
	}
	return ctx, listen, func() {
		cancel(nil)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all--
		delete(mine, id)
		if len(mine) == 0 && len(l.running[grantID]) == 0 {
			delete(l.running, grantID)
		}
	}, true
}

// running is one request.
type running struct {
	cancel  context.CancelCauseFunc
	listens bool
}

func listening(all map[int]running) (n int) {
	for _, r := range all {
		if r.listens {
			n++
		}
	}
	return n
}

// End ends what runs for a grant.
func (l *Live) End(grantID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.running[grantID] {
		r.cancel(ErrEnded)
	}
}

// Shut ends everything that runs, and lets nothing begin until Open.
func (l *Live) Shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = true
	for _, requests := range l.running {
		for _, r := range requests {
			r.cancel(ErrEnded)
		}
	}
}

// Open lets requests begin again after Shut.
func (l *Live) Open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = false
}

// Grants returns the grants for which something runs.
func (l *Live) Grants() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for id := range l.running {
		all = append(all, id)
	}
	return all
}

// Uses returns when grants were used since it was last asked.
func (l *Live) Uses() []oauth.LastUse {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []oauth.LastUse
	for _, u := range l.uses {
		all = append(all, u)
	}
	clear(l.uses)
	return all
}
