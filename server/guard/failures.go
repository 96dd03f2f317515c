package guard

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// failures bound how often a place may try tokens that are not valid: 60 a minute. The zero value is ready.
type failures struct {
	mu sync.Mutex // guards the field below
	of map[string]*rate.Limiter
}

// maxSources bounds how many places are told apart.
const maxSources = 4096

// count counts one, and says how long the place should wait if they were too many. Where places cannot be told apart, "",
// nobody has to: a client whose token has ended would not learn of it, and not renew it.
func (f *failures) count(source string, now time.Time) time.Duration {
	if source == "" {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.of[source]
	if l == nil {
		if f.of == nil || len(f.of) >= maxSources {
			f.of = map[string]*rate.Limiter{}
		}
		l = rate.NewLimiter(1, 60)
		f.of[source] = l
	}
	if l.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - l.TokensAt(now)) * float64(time.Second))
}
