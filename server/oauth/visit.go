package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	approval string // the question's id
	source   string // the address that it began from
	begun    time.Time

	counted bool        // the owner's no is among waiting.denied; guarded by waiting.asking
	ended   atomic.Bool // nothing more comes of it: it was turned away, or a newer one has taken its place

	mu       sync.Mutex // guards the fields below
	request  authorization
	here     *url.URL // of the page, to load it again
	over     bool     // there is an outcome
	denied   bool
	location string // where the browser is sent with the outcome
	wrong    int    // pairing codes that were not right
}

func (v *visit) form() page.Form { return page.Form{Request: v.id, Token: v.token} }

// The limits of those who wait.
const (
	// slots is how many wait for the owner at a time. The oldest keep theirs: a stranger who comes later cannot push the
	// owner's own request out.
	slots = 3
	// visitKept is how long a visit is remembered, so that a form that comes twice is answered the same twice.
	visitKept = 10 * time.Minute
	// maxVisits bounds how many are remembered.
	maxVisits = 64
)

// waiting is the visits of a Server.
type waiting struct {
	now func() time.Time

	asking sync.Mutex  // held while a question is put, see Server.ask; taken before mu; guards denied
	denied []time.Time // when the owner last said no

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

// coolDown reports whether the owner has said no so often that no question should show by itself. asking is held.
func (w *waiting) coolDown() bool {
	const often, within = 2, 10 * time.Minute
	w.denied = slices.DeleteFunc(w.denied, func(at time.Time) bool { return w.now().Sub(at) > within })
	return len(w.denied) >= often
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

// returning finds the visit of a browser that loads the page again, or whose app tries again: for the same client, the
// same redirect URI and scopes. A new state and challenge take the place of the old ones.
func (s *Server) returning(r *http.Request, c Client, a authorization) *visit {
	for _, v := range s.waiting.all() {
		if v.client.ID != c.ID || !s.belongs(r, v) {
			continue
		}
		v.mu.Lock()
		same := v.request.redirectURI == a.redirectURI && strings.Join(v.request.scopes, " ") == strings.Join(a.scopes, " ")
		exact := same && v.request.state == a.state && v.request.challenge == a.challenge
		if same && !v.over && !v.ended.Load() {
			v.request, v.here = a, r.URL
		}
		over := v.over || v.ended.Load()
		v.mu.Unlock()
		if exact || same && !over {
			return v
		}
	}
	return nil
}
