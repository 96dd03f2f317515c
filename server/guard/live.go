package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"postern/server/oauth"
)

// Live is the requests that run, by grant, so that they end when the grant does.
type Live struct {
	mu      sync.Mutex // guards the fields below
	next    int
	all     int
	streams int // of them those that only listen
	running map[string]map[int]running
	uses    map[string]oauth.LastUse
	shut    bool
}

// The most requests that run for one grant, the most of them that only listen, and the most in all of both kinds: streams
// cost little and stay for days, so they must not keep the calls out.
const (
	maxRunning   = 64
	maxListening = 16
	maxLive      = 1024
	maxStreams   = 256
)

// The reasons why a request may not run now.
var (
	errMany = errors.New("too many requests of this client run at a time")
	errFull = errors.New("too many requests run at a time: Postern takes no more until some have ended")
	errShut = errors.New("Postern takes no requests now")
)

// request is one that Live counts.
type request struct {
	listen func() error          // counts it among those that only listen, or says that too many do
	needs  func(scopes []string) // says what it needs of its grant
	end    func()
}

// begin counts a request of the holder of a token, or says that too many run already. Its context ends with the request,
// with the grant or what it needs of it, or with Shut; that of one that only listens ends with the token, too.
func (l *Live) begin(ctx context.Context, h oauth.Holder, address string, now time.Time) (context.Context, request, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil {
		l.running, l.uses = map[string]map[int]running{}, map[string]oauth.LastUse{}
	}
	grantID := h.Grant.ID
	mine := l.running[grantID]
	switch {
	case l.shut:
		return ctx, request{}, errShut
	case l.all >= maxLive:
		return ctx, request{}, errFull
	case len(mine)-listening(mine) >= maxRunning:
		return ctx, request{}, errMany
	}
	if mine == nil {
		mine = map[int]running{}
		l.running[grantID] = mine
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l.next++
	l.all++
	id := l.next
	mine[id] = running{cancel: cancel, grant: h.Grant}
	l.uses[grantID] = oauth.LastUse{GrantID: grantID, At: now, Address: address}
	return ctx, request{
		listen: func() error {
			l.mu.Lock()
			defer l.mu.Unlock()
			switch {
			case listening(mine) >= maxListening:
				return errMany
			case l.streams >= maxStreams:
				return errFull
			}
			l.streams++
			r := mine[id]
			r.listens, r.until = true, h.Token.ExpiresAt
			mine[id] = r
			return nil
		},
		needs: func(scopes []string) {
			l.mu.Lock()
			defer l.mu.Unlock()
			r := mine[id]
			r.needs = scopes
			mine[id] = r
		},
		end: func() {
			cancel(nil)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.all--
			if mine[id].listens {
				l.streams--
			}
			delete(mine, id)
			if len(mine) == 0 && len(l.running[grantID]) == 0 {
				delete(l.running, grantID)
			}
		},
	}, nil
}

// running is one request.
type running struct {
	cancel  context.CancelCauseFunc
	listens bool
	until   time.Time   // of one that only listens: when its token is over
	grant   oauth.Grant // as it was when the request came
	needs   []string    // of its scopes
}

func listening(all map[int]running) (n int) {
	for _, r := range all {
		if r.listens {
			n++
		}
	}
	return n
}

// Expire ends the streams whose access token is over at now. A call that has begun comes to its end: whether it may still
// do what it waits for is asked of its grant.
func (l *Live) Expire(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, requests := range l.running {
		for _, r := range requests {
			if r.listens && !now.Before(r.until) {
				r.cancel(ErrExpired)
			}
		}
	}
}

// End ends what runs for a grant.
func (l *Live) End(grantID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.running[grantID] {
		r.cancel(ErrEnded)
	}
}

// Narrow ends the calls that a grant, as it is now, does not allow any more: those that need a scope that it had when they
// came and has not now, and, if it has lost a profile, all that need anything, since any profile may be theirs. What only
// listens goes on. holds reports whether scopes are enough for one.
func (l *Live) Narrow(now oauth.Grant, holds func(scopes []string, want string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.running[now.ID] {
		lost := func(want string) bool { return holds(r.grant.Scopes, want) && !holds(now.Scopes, want) }
		gone := func(id string) bool { return !slices.Contains(now.Profiles, id) }
		if !r.listens && (slices.ContainsFunc(r.needs, lost) || len(r.needs) > 0 && slices.ContainsFunc(r.grant.Profiles, gone)) {
			r.cancel(ErrNarrowed)
		}
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
