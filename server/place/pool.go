package place

import (
	"time"

	"golang.org/x/time/rate"
)

// Pace is how fast something may come: as many as Burst at once, and one more whenever the time is over.
type Pace struct {
	Every time.Duration
	Burst int
}

// Pool bounds how much one place takes, and how much all of them take together. What one place is refused is not taken
// from the others. It is for one goroutine at a time.
type Pool struct {
	each []Pace
	all  []*rate.Limiter
	of   map[string]*share
}

// share is what one place takes.
type share struct {
	rates []*rate.Limiter
	used  time.Time
}

// maxPlaces bounds how many places are told apart.
const maxPlaces = 4096

// NewPool returns a pool for that much of each place, and of all. Each pace of a list must be kept to.
func NewPool(each, all []Pace) *Pool {
	return &Pool{each: each, all: limiters(all), of: map[string]*share{}}
}

func limiters(paces []Pace) []*rate.Limiter {
	var all []*rate.Limiter
	for _, p := range paces {
		all = append(all, rate.NewLimiter(rate.Every(p.Every), p.Burst))
	}
	return all
}

// Take takes one for a place, as Of and Public name it. If there is none, it says after what time there is. Of places that
// cannot be told apart, "", only all of them together are bounded.
func (p *Pool) Take(place string, now time.Time) (after time.Duration, ok bool) {
	var taken []*rate.Reservation
	try := func(rates []*rate.Limiter) {
		for _, l := range rates {
			r := l.ReserveN(now, 1)
			taken, after = append(taken, r), max(after, r.DelayFrom(now))
		}
	}
	if place != "" {
		try(p.share(place, now).rates)
	}
	if after == 0 {
		try(p.all)
	}
	if after == 0 {
		return 0, true
	}
	for _, r := range taken {
		r.CancelAt(now)
	}
	return after, false
}

func (p *Pool) share(place string, now time.Time) *share {
	s := p.of[place]
	if s == nil {
		if len(p.of) >= maxPlaces {
			p.forget(now)
		}
		s = &share{rates: limiters(p.each)}
		p.of[place] = s
	}
	s.used = now
	return s
}

// forget drops the shares that are whole again, and if none is, all: what all take together stays bounded.
func (p *Pool) forget(now time.Time) {
	var whole time.Duration
	for _, e := range p.each {
		whole = max(whole, e.Every*time.Duration(e.Burst))
	}
	for place, s := range p.of {
		if now.Sub(s.used) > whole {
			delete(p.of, place)
		}
	}
	if len(p.of) >= maxPlaces {
		clear(p.of)
	}
}
