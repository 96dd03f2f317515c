package oauth

import (
	"cmp"
	"context"
	"time"
)

// Lifetimes say how long what is issued from now on is good for. What was issued before keeps the time that it has. Zero
// fields mean the defaults.
type Lifetimes struct {
	Code    time.Duration // 60 s
	Access  time.Duration // 1 h for local clients, 12 h for public ones, which do not always refresh in time
	Refresh time.Duration // 30 days, from each use on
	Grant   time.Duration // 180 days; what a face proposes to the owner. Less than zero: until it is revoked
	Grace   time.Duration // 90 s, in which a refresh token may be exchanged again: clients refresh in parallel
}

// defaults fills in what is zero.
func (l Lifetimes) defaults(public bool) Lifetimes {
	access := time.Hour
	if public {
		access = 12 * time.Hour
	}
	const day = 24 * time.Hour
	return Lifetimes{
		Code: cmp.Or(l.Code, time.Minute), Access: cmp.Or(l.Access, access), Refresh: cmp.Or(l.Refresh, 30*day),
		Grant: cmp.Or(l.Grant, 180*day), Grace: cmp.Or(l.Grace, 90*time.Second),
	}
}

// lifetimes are those in force now.
func (s *Server) lifetimes(ctx context.Context) (Lifetimes, error) {
	if s.Lifetimes == nil {
		return Lifetimes{}.defaults(s.Public), nil
	}
	l, err := s.Lifetimes(ctx)
	return l.defaults(s.Public), err
}
