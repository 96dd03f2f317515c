package guard

import (
	"crypto/sha256"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"postern/server/place"
)

// The bounds of the side that is reached from outside, besides those of every side: nobody before it slows anybody down.
const (
	maxPublicHeader = 32 << 10        // bytes
	maxPublicBody   = 64 << 10        // bytes, but for the MCP endpoint's
	strangePatience = 5 * time.Second // for a body without a token, however long
)

// room is how many requests run at once, streams too.
type room struct {
	all     int
	strange int // of them without a token, see Public
}

// The most that run at once: of all, of one place, and of a wide one.
var (
	roomOfAll   = room{all: 64, strange: 40}
	roomOfPlace = room{all: 16, strange: 8}
	roomOfWide  = room{all: 32, strange: 16}
)

// The rates of requests from outside: of one place, and without a token of a wide one and of all. What needs no token has
// stricter ones of its own.
var (
	placePace = place.Pace{Every: time.Second / 5, Burst: 120}
	widePace  = place.Pace{Every: time.Second / 10, Burst: 240}
	allPace   = place.Pace{Every: time.Second / 30, Burst: 600}
)

// Public bounds what comes from outside before anything looks at it. Its fields are set before the first request and not
// changed.
//
// Requests without a token cannot take all that there is, from however many places they come: they leave room for the
// clients that the owner has let in. What counts is whether a request for the MCP endpoint has something that may be a token;
// whether it is good is not known here. It need not be for the room: the Guard looks at the token before it reads the body, so
// that who has a bad one is gone at once. The rates count a place that has shown a bad one lately as one without, but for tokens
// that were good lately. Strangers with many addresses can so keep waiting what needs no token, that is other
// strangers, and who signs in or renews a token; not who calls with one that is good. And what uses up the line, the quota
// of a tunnel, or the addresses of a client's own network, is stopped by nothing here.
type Public struct {
	Next   http.Handler
	MCP    string                     // path of the MCP endpoint, whose bodies are its own affair
	Source func(*http.Request) string // the address that a request came from
	Count  func(*http.Request)        // told of every request; nil for nobody
	Now    func() time.Time           // time.Now
	Log    *slog.Logger               // nil: silent

	once sync.Once

	mu        sync.Mutex // guards the fields below
	rates     *place.Pool
	strangers *place.Pool
	liars     map[string]time.Time            // by wide place, until when those there count as without a token
	good      map[[sha256.Size]byte]time.Time // by the hash of what showed it, until when a token counts as good
	running   map[string]room                 // by place, narrow and wide; "" for all
}

// A place that has shown a bad token counts for lieFor as one that shows none, but for tokens that were good in the last
// goodFor. maxLiars and maxGood bound how many are told apart.
const (
	lieFor, goodFor   = time.Minute, 10 * time.Minute
	maxLiars, maxGood = 4096, 1024
)

// NewPublicServer returns a server for the side that is reached from outside, see NewServer.
func NewPublicServer(p *Public) *http.Server {
	log := p.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	side := NewServer(p)
	side.Handler = patient{next: p, public: true}
	side.MaxHeaderBytes, side.ConnState = maxPublicHeader, newCrowd(log).note
	return side
}

// ServeHTTP answers 503 when too much runs, and 429 when too much comes.
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.once.Do(func() {
		if p.Now == nil {
			p.Now = time.Now
		}
		p.rates, p.running, p.liars = place.NewPool([]place.Pace{placePace}, nil), map[string]room{}, map[string]time.Time{}
		p.good = map[[sha256.Size]byte]time.Time{}
		p.strangers = place.NewPool([]place.Pace{widePace}, []place.Pace{allPace})
	})
	if p.Count != nil {
		p.Count(r)
	}
	c := p.caller(r)
	if wait, ok := p.take(c); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		plain(w, http.StatusTooManyRequests, "too many requests")
		return
	}
	if !p.begin(c) {
		w.Header().Set("Retry-After", "5")
		plain(w, http.StatusServiceUnavailable, "too many requests run at once")
		return
	}
	defer p.end(c)
	if b, ok := r.Body.(*slowBody); ok && c.strange {
		b.hurry(strangePatience)
	}
	if !p.isMCP(r) {
		r.Body = http.MaxBytesReader(w, r.Body, maxPublicBody)
	}
	p.Next.ServeHTTP(w, r)
	if a, ok := w.(*slowAnswer); ok && !c.strange && r.Method != http.MethodOptions {
		p.learn(c, a.status)
	}
}

// learn notes from the answer whether the token was a good one.
func (p *Public) learn(c caller, status int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch status {
	case http.StatusUnauthorized:
		if len(p.liars) >= maxLiars {
			clear(p.liars) // what all together take from one place stays bounded
		}
		p.liars[c.wide] = p.Now().Add(lieFor)
		delete(p.good, c.token)
	case 0, http.StatusOK, http.StatusAccepted: // 0 is that of an answer that does not say it
		if len(p.good) >= maxGood {
			clear(p.good)
		}
		p.good[c.token] = p.Now().Add(goodFor)
	}
}

// caller is who a request is counted as.
type caller struct {
	place, wide string            // "" where they cannot be told apart
	strange     bool              // it shows no token
	token       [sha256.Size]byte // the hash of the one that it shows
}

func (p *Public) caller(r *http.Request) caller {
	source := p.Source(r)
	token, _, shows := bearer(r)
	return caller{place: place.Public(source), wide: place.PublicWide(source), strange: !shows || !p.isMCP(r), token: sha256.Sum256([]byte(token))}
}

func (p *Public) isMCP(r *http.Request) bool { return strings.TrimSuffix(r.URL.Path, "/") == p.MCP }

// take takes one request of a place. If there is none, it says after what time there is.
func (p *Public) take(c caller) (after time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	if after, ok = p.rates.Take(c.place, now); !ok {
		return after, ok
	}
	if !c.strange && (!now.Before(p.liars[c.wide]) || now.Before(p.good[c.token])) {
		return 0, true
	}
	return p.strangers.Take(c.wide, now)
}

// begin takes room for one request that runs, if there is some: for all, and for its place, where places can be told apart.
func (p *Public) begin(c caller) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, most := range c.rooms() {
		if now := p.running[name]; now.all >= most.all || c.strange && now.strange >= most.strange {
			return false
		}
	}
	p.add(c, 1)
	return true
}

func (p *Public) end(c caller) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(c, -1)
}

// add counts a request. p.mu is held.
func (p *Public) add(c caller, n int) {
	for name := range c.rooms() {
		now := p.running[name]
		now.all += n
		if c.strange {
			now.strange += n
		}
		if p.running[name] = now; now.all == 0 {
			delete(p.running, name)
		}
	}
}

// rooms are the rooms that a caller needs one of, by their names.
func (c caller) rooms() map[string]room {
	all := map[string]room{"": roomOfAll}
	if c.wide != "" {
		all[c.wide] = roomOfWide
	}
	if c.place != "" {
		all[c.place] = roomOfPlace // of IPv4 that is the wide one too
	}
	return all
}
