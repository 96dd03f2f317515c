package oauth_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// steps is a store that writes down what is asked of it.
type steps struct {
	oauth.Store
	mu   sync.Mutex // guards the field below
	done []string
}

func (s *steps) step(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = append(s.done, name)
}

// taken returns the steps since it was last asked.
func (s *steps) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.done = nil }()
	return strings.Join(s.done, " ")
}

func (s *steps) Client(ctx context.Context, id string) (oauth.Client, error) {
	s.step("client")
	return s.Store.Client(ctx, id)
}

func (s *steps) Holder(ctx context.Context, hash []byte) (oauth.Holder, error) {
	s.step("holder")
	return s.Store.Holder(ctx, hash)
}

func (s *steps) Exchange(ctx context.Context, hash []byte, now time.Time, grace time.Duration, issued ...oauth.Token) error {
	s.step("exchange")
	return s.Store.Exchange(ctx, hash, now, grace, issued...)
}

func (s *steps) RevokeGrant(ctx context.Context, id, reason string, now time.Time) error {
	s.step("revoke")
	return s.Store.RevokeGrant(ctx, id, reason, now)
}

// TestDeadTokensTakeOnePath: one read for each token that is no good, whyever it is not, and nothing is written (attack
// 38). That the read is one by an index is in the store's TestHolderIsReadByIndex.
func TestDeadTokensTakeOnePath(t *testing.T) {
	var s *steps
	d := newDesk(t, func(o *oauth.Server) { s = &steps{Store: o.Store}; o.Store = s })
	client, other := d.register(callback), d.register(callback)
	type pair struct{ access, refresh string }
	let := func(client string) (p pair) { p.access, p.refresh = d.tokens(client); return p }
	unknown := pair{opaque.New(opaque.Access), opaque.New(opaque.Refresh)}
	over := let(client)
	d.pass(31 * 24 * time.Hour)
	ended, foreign := let(client), let(other)
	h, err := d.server.Verify(t.Context(), ended.access)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.RevokeGrant(t.Context(), h.Grant.ID, "test", d.clock()); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]pair{"never issued": unknown, "of a grant that was ended": ended, "another client's": foreign, "over": over} {
		d.pass(time.Minute)
		s.taken()
		if good := d.good(p.access); good != (p == foreign) { // which is a good one, for its own client
			t.Errorf("%s: the access token is good: %v", name, good)
		}
		if got := s.taken(); got != "holder" {
			t.Errorf("%s: verifying takes the steps %q", name, got)
		}
		if status, v := d.refresh(client, p.refresh, nil); status != http.StatusBadRequest || v["error"] != "invalid_grant" {
			t.Errorf("%s: refreshing: %d %v", name, status, v)
		}
		if got := s.taken(); got != "client holder" {
			t.Errorf("%s: refreshing takes the steps %q", name, got)
		}
	}
	fresh := let(client)
	s.taken()
	if status, v := d.refresh(client, fresh.refresh, nil); status != http.StatusOK || s.taken() != "client holder exchange" {
		t.Errorf("a good one: %d %v", status, v)
	}
}
