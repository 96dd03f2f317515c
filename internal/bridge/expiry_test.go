package bridge

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// skewed is a clock that a test can set.
type skewed struct{ by atomic.Int64 }

func (c *skewed) now() time.Time        { return time.Now().Add(time.Duration(c.by.Load())) }
func (c *skewed) pass(by time.Duration) { c.by.Add(int64(by)) }

// refreshable gives a client a token for an hour, and one to get others with: without, its grant would end too.
func (s *serving) refreshable() (oauth.Grant, string) {
	s.t.Helper()
	g, _ := s.grant("gmail:read")
	now, pepper, access := s.config.Now(), s.service().pepper.Load(), opaque.New(opaque.Access)
	g.ID = "g" + access[6:16]
	token := func(text string, use oauth.Use, lifetime time.Duration) oauth.Token {
		return oauth.Token{Hash: pepper.Hash(text), GrantID: g.ID, Use: use, IssuedAt: now, ExpiresAt: now.Add(lifetime)}
	}
	first := token(opaque.New(opaque.Refresh), oauth.ForRefresh, time.Hour)
	if err := s.Store.AddGrant(s.t.Context(), g, first); err != nil {
		s.t.Fatal(err)
	}
	if err := s.Store.Exchange(s.t.Context(), first.Hash, now, 0, token(access, oauth.ForAccess, time.Hour), token(opaque.New(opaque.Refresh), oauth.ForRefresh, 24*time.Hour)); err != nil {
		s.t.Fatal(err)
	}
	return g, access
}

// TestAnOpenStreamEndsWithItsToken within the second, as after a computer's sleep, while its grant goes on.
func TestAnOpenStreamEndsWithItsToken(t *testing.T) {
	var clock skewed
	s := serveWith(t, Config{Now: clock.now, Getenv: noVault})
	g, token := s.refreshable()
	closed := s.listen(token)
	clock.pass(30 * time.Minute)
	_, later := s.refreshable()
	stays := s.listen(later)
	clock.pass(30 * time.Minute)
	began := time.Now()
	waitFor(t, closed, "the stream's end")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("after its time the token gets %d", status)
	}
	if status, text := s.call(later, "gmail_search", search); status != http.StatusOK {
		t.Errorf("the later token gets %d %s", status, text)
	}
	if g, err := s.Store.Grant(t.Context(), g.ID); err != nil || !g.Live(clock.now()) {
		t.Errorf("the grant is %+v, %v", g, err)
	}
	select {
	case <-stays:
		t.Error("the stream of the later token has ended")
	default:
	}
	clock.pass(30 * time.Minute)
	waitFor(t, stays, "the end of the other stream")
}
