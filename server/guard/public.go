package guard

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"postern/server/place"
)

// The bounds of the side that is reached from outside, besides those of every side: nobody before it slows anybody down.
const (
	maxPublic       = 64       // requests at once, streams too
	maxPlace        = 16       // of them of one place
	maxPublicHeader = 32 << 10 // bytes
	maxPublicBody   = 64 << 10 // bytes, but for the MCP endpoint's
)

// The rates of requests from outside: of one place, and of all. What needs no token has stricter ones of its own.
var (
	placePace = pace{every: time.Second / 5, burst: 120}
	allPace   = pace{every: time.Second / 30, burst: 600}
)

// pace is how fast something may come: as many as burst at once, and one more whenever the time is over.
type pace struct {
	every time.Duration
	burst int
}

func (p pace) limiter() *rate.Limiter { return rate.NewLimiter(rate.Every(p.every), p.burst) }

// Public bounds what comes from outside before anything looks at it. Its fields are set before the first request and not
// changed.
type Public struct {
	Next   http.Handler
	MCP    string                     // path of the MCP endpoint, whose bodies are its own affair
	Source func(*http.Request) string // the address that a request came from
	Count  func()                     // told of every request; nil for nobody
	Now    func() time.Time           // time.Now

	once sync.Once

	mu      sync.Mutex // guards the fields below
	all     *rate.Limiter
	places  map[string]*rate.Limiter
	running map[string]int // by place
	runs    int
}

// NewPublicServer returns a server for the side that is reached from outside, see NewServer.
func NewPublicServer(p *Public) *http.Server {
	side := NewServer(p)
	side.MaxHeaderBytes = maxPublicHeader
	return side
}

// ServeHTTP answers 503 when too much runs, and 429 when too much comes.
func (p *Public) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.once.Do(func() {
		if p.Now == nil {
			p.Now = time.Now
		}
		p.all, p.places, p.running = allPace.limiter(), map[string]*rate.Limiter{}, map[string]int{}
	})
	if p.Count != nil {
		p.Count()
	}
	from := p.Source(r)
	if wait := p.take(place.Of(from)); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
		plain(w, http.StatusTooManyRequests, "too many requests")
		return
	}
	if !p.begin(from) {
		w.Header().Set("Retry-After", "5")
		plain(w, http.StatusServiceUnavailable, "too many requests run at once")
		return
	}
	defer p.end(from)
	if strings.TrimSuffix(r.URL.Path, "/") != p.MCP {
		r.Body = http.MaxBytesReader(w, r.Body, maxPublicBody)
	}
	p.Next.ServeHTTP(w, r)
}

// begin takes room for one request that runs, if there is some: for all, and for one place. Those that come by an address of
// the owner's own network cannot be told apart: a proxy sends them which does not say for whom.
func (p *Public) begin(from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := place.Of(from)
	if p.runs >= maxPublic || p.running[of] >= maxPlace && !place.Near(from) {
		return false
	}
	p.runs++
	p.running[of]++
	return true
}

func (p *Public) end(from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := place.Of(from)
	p.runs--
	if p.running[of]--; p.running[of] == 0 {
		delete(p.running, of)
	}
}

// take takes one request of a place, and says how long to wait if there is none.
func (p *Public) take(from string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	l := p.places[from]
	if l == nil {
		if len(p.places) >= maxSources {
			clear(p.places) // what all take together stays bounded
		}
		l = placePace.limiter()
		p.places[from] = l
	}
	for _, l := range []*rate.Limiter{l, p.all} { // who has used up their own takes nothing from the others
		if !l.AllowN(now, 1) {
			return time.Duration((1 - l.TokensAt(now)) * float64(time.Second) / float64(l.Limit()))
		}
	}
	return 0
}
