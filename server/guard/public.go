package guard

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

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
	placePace = place.Pace{Every: time.Second / 5, Burst: 120}
	allPace   = place.Pace{Every: time.Second / 30, Burst: 600}
)

// Public bounds what comes from outside before anything looks at it. Its fields are set before the first request and not
// changed.
type Public struct {
	Next   http.Handler
	MCP    string                     // path of the MCP endpoint, whose bodies are its own affair
	Source func(*http.Request) string // the address that a request came from
	Count  func(*http.Request)        // told of every request; nil for nobody
	Now    func() time.Time           // time.Now

	once sync.Once

	mu      sync.Mutex // guards the fields below
	rates   *place.Pool
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
		p.rates, p.running = place.NewPool([]place.Pace{placePace}, []place.Pace{allPace}), map[string]int{}
	})
	if p.Count != nil {
		p.Count(r)
	}
	from := place.Public(p.Source(r))
	if wait, ok := p.take(from); !ok {
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

// take takes one request of a place. If there is none, it says after what time there is.
func (p *Public) take(from string) (after time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rates.Take(from, p.Now())
}

// begin takes room for one request that runs, if there is some: for all, and for one place, where places can be told apart.
func (p *Public) begin(from string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.runs >= maxPublic || from != "" && p.running[from] >= maxPlace {
		return false
	}
	p.runs++
	p.running[from]++
	return true
}

func (p *Public) end(from string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs--
	if p.running[from]--; p.running[from] == 0 {
		delete(p.running, from)
	}
}
