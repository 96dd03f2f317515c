package guard

import (
	"crypto/rand"
	"sync"
	"time"
)

// Sessions are the sessions of clients that speak a revision before 2026-07-28. Each belongs to the grant for which it
// was begun. They live in this process alone: a client whose session is gone begins another.
type Sessions struct {
	Now func() time.Time // time.Now

	mu   sync.Mutex // guards the field below
	open map[string]*session
}

type session struct {
	grantID string
	used    time.Time
}

// The limits of sessions.
const (
	// sessionIdle is how long a session may be unused.
	sessionIdle = 24 * time.Hour
	// maxSessions is how many there may be in all, and maxPerGrant how many of one grant: the longest unused goes.
	maxSessions = 4096
	maxPerGrant = 256
)

// Begin opens a session for a grant and returns its id. ended is the id of a session that went for it, "" for none.
func (s *Sessions) Begin(grantID string) (id string, ended string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[string]*session{}
	}
	mine := 0
	for _, o := range s.open {
		if o.grantID == grantID {
			mine++
		}
	}
	if mine >= maxPerGrant {
		ended = s.oldest(grantID)
	} else if len(s.open) >= maxSessions {
		ended = s.oldest("")
	}
	delete(s.open, ended)
	id = rand.Text()
	s.open[id] = &session{grantID, s.now()}
	return id, ended
}

// oldest is the session that was unused for longest, of a grant or of all.
func (s *Sessions) oldest(grantID string) (id string) {
	for other, o := range s.open {
		if (grantID == "" || o.grantID == grantID) && (id == "" || o.used.Before(s.open[id].used)) {
			id = other
		}
	}
	return id
}

// Belongs reports whether a session is open and the grant's, and remembers that it is used.
func (s *Sessions) Belongs(id, grantID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.open[id]
	if o == nil || o.grantID != grantID || s.now().Sub(o.used) > sessionIdle {
		return false
	}
	o.used = s.now()
	return true
}

// End closes a session.
func (s *Sessions) End(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

// EndAll closes the sessions of a grant, of all grants if it is "", and those unused for too long. It returns their ids.
func (s *Sessions) EndAll(grantID string) []string {
	return s.end(func(o *session) bool { return grantID == "" || o.grantID == grantID })
}

// Idle closes the sessions that were unused for too long and returns their ids.
func (s *Sessions) Idle() []string {
	return s.end(func(o *session) bool { return s.now().Sub(o.used) > sessionIdle })
}

func (s *Sessions) end(over func(*session) bool) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for id, o := range s.open {
		if over(o) {
			ids = append(ids, id)
			delete(s.open, id)
		}
	}
	return ids
}

func (s *Sessions) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
