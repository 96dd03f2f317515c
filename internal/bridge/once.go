package bridge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"postern/server/oauth"
	"postern/server/peek"
)

// onceKept is how long a client has to make the call again that the owner has allowed once.
const onceKept = time.Minute

// once is the calls beyond their grant that the owner has allowed one time each.
type once struct {
	mu  sync.Mutex // guards the field below
	all map[[sha256.Size]byte]time.Time
}

// allow lets the call with that digest happen once until then.
func (o *once) allow(digest [sha256.Size]byte, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.all == nil {
		o.all = map[[sha256.Size]byte]time.Time{}
	}
	o.all[digest] = until
}

// take reports whether the owner has allowed the call once, and uses that up.
func (o *once) take(digest [sha256.Size]byte, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for d, until := range o.all {
		if !now.Before(until) {
			delete(o.all, d)
		}
	}
	_, ok := o.all[digest]
	delete(o.all, digest)
	return ok
}

// allowedOnce uses up the owner's yes to this very call, see guard.Guard.
func (s *service) allowedOnce(h oauth.Holder, m peek.Message, missing []string) bool {
	return s.once.take(digest(h.Grant.ID, m, missing), s.b.config.Now())
}

// digest is the same for calls that say the same.
func digest(grantID string, m peek.Message, missing []string) [sha256.Size]byte {
	var args any
	d := json.NewDecoder(bytes.NewReader(m.Args))
	d.UseNumber()
	if d.Decode(&args) != nil || args == nil {
		args = map[string]any{}
	}
	b, err := json.Marshal([]any{grantID, m.Method, m.Name, m.URI, strings.Join(missing, " "), args})
	if err != nil { // it came from JSON
		b = nil
	}
	return sha256.Sum256(b)
}
