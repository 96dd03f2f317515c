package oauth

import (
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"postern/server/place"
)

// pace is how fast something may come: as many as burst at once, and one more whenever the time is over.
type pace struct {
	every time.Duration
	burst int
}

// pool bounds how much one place takes, and how much all of them take together. What one place is refused is not taken
// from the others.
type pool struct {
	each []pace
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

func newPool(each, all []pace) *pool {
	return &pool{each: each, all: limiters(all), of: map[string]*share{}}
}

func limiters(paces []pace) []*rate.Limiter {
	var all []*rate.Limiter
	for _, p := range paces {
		all = append(all, rate.NewLimiter(rate.Every(p.every), p.burst))
	}
	return all
}

// take takes one for a place. If there is none, it says when. Of places that cannot be told apart, "", only all of them
// together are bounded.
func (p *pool) take(place string, now time.Time) (after time.Duration, ok bool) {
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

func (p *pool) share(place string, now time.Time) *share {
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
func (p *pool) forget(now time.Time) {
	var whole time.Duration
	for _, e := range p.each {
		whole = max(whole, e.every*time.Duration(e.burst))
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

// place is what a request is counted by, see place.Of. It is "" for what came from outside by an address of the owner's
// own network: that is a proxy which does not say for whom it asks, and nobody is to be kept out for what others do.
func (s *Server) place(r *http.Request) string {
	source := s.source(r)
	if s.Public && place.Near(source) {
		return ""
	}
	return place.Of(source)
}
