package guard_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// accesses lets a client in and gives it access tokens that are good for that long.
func (d *door) accesses(lifetimes ...time.Duration) (id string, tokens []string) {
	d.t.Helper()
	id, _ = d.grant(all)
	g, err := d.store.Grant(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	g.ID += "_2"
	now, refresh := d.clock(), d.pepper.Hash(opaque.New(opaque.Refresh))
	if err := d.store.AddGrant(d.t.Context(), g, oauth.Token{Hash: refresh, GrantID: g.ID, Use: oauth.ForRefresh, IssuedAt: now, ExpiresAt: now.Add(time.Minute)}); err != nil {
		d.t.Fatal(err)
	}
	var issued []oauth.Token
	for _, l := range lifetimes {
		tokens = append(tokens, opaque.New(opaque.Access))
		issued = append(issued, oauth.Token{Hash: d.pepper.Hash(tokens[len(tokens)-1]), GrantID: g.ID, Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(l)})
	}
	if err := d.store.Exchange(d.t.Context(), refresh, now, 0, issued...); err != nil {
		d.t.Fatal(err)
	}
	return g.ID, tokens
}

// TestAStreamEndsWithItsToken, though its grant goes on: a token is good for an hour, a stream could stand for a year. One
// that was opened with a later token of the same grant stays, and so does a call that has begun.
func TestAStreamEndsWithItsToken(t *testing.T) {
	for _, e := range []era{legacy, modern} {
		t.Run(string(e), func(t *testing.T) {
			d := newDoor(t)
			id, two := d.accesses(time.Hour, 2*time.Hour)
			old, fresh := d.caller(e, two[0]), d.caller(e, two[1])
			ends, stays, calling := old.subscribe(), fresh.subscribe(), old.start()
			still := func(when string, streams ...*stream) {
				t.Helper()
				d.http.Changed()
				for _, s := range streams {
					if event := s.next(); !strings.Contains(event, "list_changed") {
						t.Fatalf("%s: %q", when, event)
					}
				}
			}
			d.pass(time.Hour - time.Nanosecond)
			d.live.Expire(d.clock())
			still("before its time", ends, stays)
			d.pass(time.Nanosecond)
			d.live.Expire(d.clock())
			for event := ends.next(); event != ""; event = ends.next() { // the last words, if any
			}
			still("the later token", stays)
			if a := d.do(old.post("tools/list", nil)); a.status != http.StatusUnauthorized {
				t.Errorf("a new request with the old token: %d", a.status)
			}
			if a := d.do(fresh.post("tools/list", nil)); a.status != http.StatusOK {
				t.Errorf("one with the later token: %d %s", a.status, a.body)
			}
			select {
			case why := <-d.freed:
				t.Errorf("the call was cut off: %v", why)
			default:
			}
			d.live.End(id)
			if why := <-d.freed; !errors.Is(why, guard.ErrEnded) {
				t.Errorf("the call ended because %v", why)
			}
			<-calling
		})
	}
}
