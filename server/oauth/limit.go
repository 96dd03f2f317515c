package oauth

import (
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"postern/server/place"
)

// limits bound how often the endpoints answer. They count per place that a request comes from, so that nobody can use up
// another's.
type limits struct {
	now func() time.Time

	mu            sync.Mutex // guards the fields below
	registrations *place.Pool
	documents     *place.Pool
	visits        *place.Pool
	exchanges     map[string]*exchangeLimit
}

// exchangeLimit is for one client at one place.
type exchangeLimit struct {
	all, bad *rate.Limiter
	used     time.Time
}

// maxLimits bounds how many clients and places are told apart.
const maxLimits = 4096

func newLimits(now func() time.Time) *limits {
	return &limits{
		now: now,
		registrations: place.NewPool(
			[]place.Pace{{Every: 12 * time.Second, Burst: 5}, {Every: 3 * time.Minute, Burst: 20}},
			[]place.Pace{{Every: 3 * time.Second, Burst: 20}, {Every: 36 * time.Second, Burst: 100}}),
		documents: place.NewPool([]place.Pace{{Every: 12 * time.Second, Burst: 5}}, nil),
		visits:    place.NewPool([]place.Pace{{Every: 3 * time.Second, Burst: 20}}, []place.Pace{{Every: time.Second / 2, Burst: 120}}),
		exchanges: map[string]*exchangeLimit{},
	}
}

// visit takes one of 20 new visits a minute from a place, of 120 from all. If there is none, it says when.
func (l *limits) visit(from string) (after time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.visits.Take(from, l.now())
}

// register takes one of 5 registrations a minute and 20 an hour from a place, of four times and five times as many from
// all. If there is none, it says when.
func (l *limits) register(from string) (after time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.registrations.Take(from, l.now())
}

// document takes one of 5 documents a minute that are fetched because a place asks for it. All together are bounded by who
// fetches them.
func (l *limits) document(from string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.documents.Take(from, l.now())
	return ok
}

// exchange takes one of 60 token requests a minute of a client at a place, and reports whether it has had no more
// than 5 bad ones. Where places cannot be told apart, "", it is not for anybody to use up a client's: who it is, nobody has
// proved yet.
func (l *limits) exchange(client, from string) bool {
	if from == "" {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	e := l.of(client, from, now)
	return e.bad.TokensAt(now) >= 1 && e.all.AllowN(now, 1)
}

// bad counts a token request that was refused.
func (l *limits) bad(client, from string) {
	if from == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.of(client, from, now).bad.AllowN(now, 1)
}

func (l *limits) of(client, from string, now time.Time) *exchangeLimit {
	key := client + "\x00" + from
	e, ok := l.exchanges[key]
	if !ok {
		if len(l.exchanges) >= maxLimits {
			l.forget(now)
		}
		e = &exchangeLimit{all: rate.NewLimiter(1, 60), bad: rate.NewLimiter(rate.Every(12*time.Second), 5)}
		l.exchanges[key] = e
	}
	e.used = now
	return e
}

// forget drops the limits that are full again, and if none is, all.
func (l *limits) forget(now time.Time) {
	for key, e := range l.exchanges {
		if now.Sub(e.used) > 2*time.Minute {
			delete(l.exchanges, key)
		}
	}
	if len(l.exchanges) >= maxLimits {
		clear(l.exchanges)
	}
}

// place is what the limits count a request by.
func (s *Server) place(r *http.Request) string {
	if s.Public {
		return place.Public(s.source(r))
	}
	return place.Of(s.source(r))
}
