package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"postern/internal/approval"
	"postern/server/oauth/opaque"
	"postern/server/oauth/page"
)

// visit is a browser that waits for the owner. It lives in this process alone: if that ends, the app begins again. The
// fields before counted are set before the visit is remembered, and not changed.
type visit struct {
	id       string // in the page's forms; no secret
	binding  [sha256.Size]byte
	token    string // proves that a form was sent from the page (CSRF)
	number   int
	client   Client
	request  authorization
	approval string // the question's id
	place    string // that it began from, see Server.place
	begun    time.Time

	counted bool        // how its question ended is among waiting.denied or waiting.withdrawn; guarded by waiting.asking
	ended   atomic.Bool // nothing more comes of it: it was turned away, or a newer one has taken its place

	mu       sync.Mutex // guards the fields below
	over     bool       // there is an outcome
	denied   bool
	location string // where the browser is sent with the outcome
	code     []byte // the hash of the code in it
	wrong    int    // pairing codes that were not right
}

func (v *visit) form() page.Form { return page.Form{Request: v.id, Token: v.token} }

// The limits of those who wait.
const (
	// slots is how many wait for the owner at a time, on each side. The oldest keep theirs: a stranger who comes later cannot
	// push the owner's own request out.
	slots = 3
	// strangers is how many of those on the public side may be of apps that Postern does not know.
	strangers = slots - 1
	// visitKept is how long a visit is remembered, so that a form that comes twice is answered the same twice.
	visitKept = 10 * time.Minute
	// maxVisits bounds how many are remembered.
	maxVisits = 64
)

// waiting is the visits of a Server.
type waiting struct {
	now func() time.Time

	asking    sync.Mutex  // held while a question is put, see Server.ask; taken before mu; guards denied and withdrawn
	denied    []time.Time // when the owner last said no
	withdrawn []time.Time // when a question was taken back that had shown by itself

	mu     sync.Mutex // guards the fields below
	visits map[string]*visit
}

func newWaiting(now func() time.Time) *waiting {
	return &waiting{now: now, visits: map[string]*visit{}}
}

// full reports whether no more visits can be remembered, after it has forgotten the old ones, and if need be those of
// which nothing more can come.
func (w *waiting) full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.visits, func(_ string, v *visit) bool { return w.now().Sub(v.begun) > visitKept })
	if len(w.visits) >= maxVisits {
		maps.DeleteFunc(w.visits, func(_ string, v *visit) bool { return v.ended.Load() })
	}
	return len(w.visits) >= maxVisits
}

func (w *waiting) add(v *visit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.visits[v.id] = v
}

func (w *waiting) find(id string) *visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	v := w.visits[id]
	if v == nil || w.now().Sub(v.begun) > visitKept {
		return nil
	}
	return v
}

// all returns the visits that are remembered.
func (w *waiting) all() []*visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*visit
	for _, v := range w.visits {
		all = append(all, v)
	}
	return all
}

// refuse remembers a no of the owner, once for each visit. asking is held.
func (w *waiting) refuse(v *visit, at time.Time) {
	if !v.counted {
		v.counted = true
		w.denied = append(w.denied, at)
	}
}

// withdraw remembers a question that was taken back, once for each visit, if it had shown by itself. asking is held.
func (w *waiting) withdraw(v *visit, q approval.Request, at time.Time) {
	if !v.counted && q.Offer != nil && !q.Offer.Quiet {
		v.counted = true
		w.withdrawn = append(w.withdrawn, at)
	}
}

// coolDown reports whether the owner has said no so often, or questions were put and taken back so often, that none
// should show by itself. asking is held.
func (w *waiting) coolDown() bool {
	const noes, changes, within = 2, 5, 10 * time.Minute
	old := func(at time.Time) bool { return w.now().Sub(at) > within }
	w.denied, w.withdrawn = slices.DeleteFunc(w.denied, old), slices.DeleteFunc(w.withdrawn, old)
	return len(w.denied) >= noes || len(w.withdrawn) >= changes
}

// cookieName is the cookie of a visit. On https it can be set by this very host alone (the prefix __Host-).
func (s *Server) cookieName(id string) string {
	if strings.HasPrefix(s.Issuer, "https:") {
		return "__Host-postern-" + id
	}
	return "postern-" + id
}

// bind ties a visit to the browser that w answers.
func (s *Server) bind(w http.ResponseWriter, v *visit) {
	secret := opaque.New(opaque.Browser)
	v.binding = sha256.Sum256([]byte(secret))
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(v.id), Value: secret, Path: "/", MaxAge: int(visitKept / time.Second),
		Secure: strings.HasPrefix(s.Issuer, "https:"), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// belongs reports whether a request comes from the browser that the visit is tied to.
func (s *Server) belongs(r *http.Request, v *visit) bool {
	for _, c := range r.CookiesNamed(s.cookieName(v.id)) {
		if sum := sha256.Sum256([]byte(c.Value)); subtle.ConstantTimeCompare(sum[:], v.binding[:]) == 1 {
			return true
		}
	}
	return false
}

// returning finds the visit of a browser that loads its page again. Only the very same request does: the owner's yes is to
// that one, and whoever could put another in its place, with a challenge of theirs, would get what it gives.
func (s *Server) returning(r *http.Request, here string) *visit {
	for _, v := range s.waiting.all() {
		if v.request.here == here && s.belongs(r, v) {
			return v
		}
	}
	return nil
}
