package oauth_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
)

// TestAClockThatIsSetBack brings nothing back that the store knows to be used or ended (attack 61), and takes nothing away
// that is good.
func TestAClockThatIsSetBack(t *testing.T) {
	const back = -10 * time.Minute
	refused := func(t *testing.T, what string, status int, v map[string]any) {
		t.Helper()
		if status != http.StatusBadRequest || v["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", what, status, v)
		}
	}
	t.Run("a used code", func(t *testing.T) {
		d := newDesk(t)
		client := d.register(callback)
		code := d.code(client)
		_, v := d.redeem(client, code, nil)
		d.pass(back)
		if !d.good(v["access_token"].(string)) {
			t.Error("the access token is no good")
		}
		status, again := d.redeem(client, code, nil)
		refused(t, "the code", status, again)
		if d.good(v["access_token"].(string)) {
			t.Error("the replay was not noticed")
		}
	})
	t.Run("a used refresh token", func(t *testing.T) {
		d := newDesk(t)
		client := d.register(callback)
		_, first := d.tokens(client)
		status, v := d.refresh(client, first, nil)
		if status != http.StatusOK {
			t.Fatal(status, v)
		}
		d.pass(back)
		status, again := d.refresh(client, first, nil)
		refused(t, "it", status, again)
		if len(d.ended) != 1 {
			t.Errorf("the replay was not noticed: %v", d.ended)
		}
	})
	t.Run("an ended grant", func(t *testing.T) {
		d := newDesk(t)
		client := d.register(callback)
		access, refresh := d.tokens(client)
		if status, _, _ := d.post(d.url+"/revoke", url.Values{"client_id": {client}, "token": {refresh}}); status != http.StatusOK {
			t.Fatal(status)
		}
		d.pass(back)
		status, v := d.refresh(client, refresh, nil)
		refused(t, "the refresh token", status, v)
		if d.good(access) {
			t.Error("the access token is good")
		}
	})
	t.Run("what was forgotten", func(t *testing.T) {
		d := newDesk(t)
		client := d.register(callback)
		access, refresh := d.tokens(client)
		d.pass(31 * 24 * time.Hour)
		if err := d.store.Collect(t.Context(), d.clock(), d.clock().Add(-24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		d.pass(-31 * 24 * time.Hour)
		status, v := d.refresh(client, refresh, nil)
		refused(t, "the refresh token", status, v)
		if d.good(access) {
			t.Error("the access token is good")
		}
	})
	t.Run("a question that nobody answered", func(t *testing.T) {
		d := newDesk(t)
		b := newBrowser(t)
		page := b.get(d.request(d.register(callback), nil))
		q := d.pending()
		d.pass(5 * time.Minute)
		if over, err := d.queue.Get(t.Context(), q.ID); err != nil || over.State != approval.Expired {
			t.Fatalf("%s %v", over.State, err)
		}
		d.pass(back)
		a := approval.Answer{Approved: true, Number: page.number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}}}
		if err := d.queue.Answer(t.Context(), q.ID, a); !errors.Is(err, approval.ErrSettled) {
			t.Errorf("a yes: %v", err)
		}
		if done := b.send(d.url+"/authorize/finish", page.fields); done.location != nil && done.location.Query().Has("code") {
			t.Errorf("there is a code: %v", done.location)
		}
		d.tokens(d.register(callback)) // a new client is let in as ever
	})
}

// TestAClockThatJumpsAhead, as when a computer wakes up, ends what is over by then.
func TestAClockThatJumpsAhead(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	access, refresh := d.tokens(client)
	h, err := d.server.Verify(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(h.Token.ExpiresAt.String(), "m=") {
		t.Error("the end of a token is told by a clock that stands while the computer sleeps")
	}
	code := d.code(client)
	b := newBrowser(t)
	page := b.get(d.request(client, nil))
	q := d.pending()
	d.pass(10 * time.Minute)
	if status, v := d.redeem(client, code, nil); status != http.StatusBadRequest || v["error"] != "invalid_grant" {
		t.Errorf("a code: %d %v", status, v)
	}
	if err := d.queue.Answer(t.Context(), q.ID, approval.Answer{Approved: true, Number: page.number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}}}); err == nil {
		t.Error("a question is answered after its time")
	}
	if !d.good(access) {
		t.Error("an hour is over after ten minutes")
	}
	d.pass(50 * time.Minute)
	if d.good(access) {
		t.Error("an access token is good after its time")
	}
	if status, v := d.refresh(client, refresh, nil); status != http.StatusOK {
		t.Errorf("the refresh token: %d %v", status, v)
	}
}

// TestSummerTimeEnds while a token is good: half past one comes twice, and the token is over at the second.
func TestSummerTimeEnds(t *testing.T) {
	d := newDesk(t)
	summer, winter := time.FixedZone("EDT", -4*3600), time.FixedZone("EST", -5*3600)
	set := func(now time.Time) { d.mu.Lock(); defer d.mu.Unlock(); d.now = now }
	set(time.Date(2026, 11, 1, 1, 30, 0, 0, summer))
	access, refresh := d.tokens(d.register(callback))
	set(time.Date(2026, 11, 1, 1, 29, 59, 0, winter))
	if !d.good(access) {
		t.Error("it is over before an hour is")
	}
	set(time.Date(2026, 11, 1, 1, 30, 0, 0, winter))
	if d.good(access) || refresh == "" {
		t.Error("it is good for two hours")
	}
}

// TestNoLifetimeIsNegative with a clock that jumps by up to five minutes either way at each look, at the end of a grant.
func TestNoLifetimeIsNegative(t *testing.T) {
	var mu sync.Mutex // guards jumps
	jumps := rand.New(rand.NewPCG(1, 2))
	var d *desk
	d = newDesk(t, func(s *oauth.Server) {
		s.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return d.clock().Add(time.Duration(jumps.Int64N(int64(10*time.Minute))) - 5*time.Minute)
		}
		s.Lifetimes = func(context.Context) (oauth.Lifetimes, error) { return oauth.Lifetimes{Code: time.Hour}, nil }
	})
	given, turnedAway := 0, 0
	for range 60 {
		d.pass(time.Hour) // so that no limit is in the way
		client := d.register(callback)
		b := newBrowser(t)
		page := b.get(d.request(client, nil))
		q := d.pending()
		end := d.clock().Add(2 * time.Minute)
		if err := d.queue.Answer(t.Context(), q.ID, approval.Answer{Approved: true, Number: page.number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}, Expires: end}}); err != nil {
			t.Fatal(err)
		}
		done := b.send(d.url+"/authorize/finish", page.fields)
		if done.location == nil || done.location.Query().Get("code") == "" {
			t.Fatalf("no code: %d %s", done.status, done.text)
		}
		status, v := d.redeem(client, done.location.Query().Get("code"), nil)
		if status == http.StatusOK {
			given++
			if in, ok := v["expires_in"].(float64); !ok || in < 0 || in > 7*60 {
				t.Errorf("expires_in is %v", v["expires_in"])
			}
			continue
		}
		if turnedAway++; status != http.StatusBadRequest || v["error"] != "invalid_grant" {
			t.Errorf("%d %v", status, v)
		}
	}
	if given < 10 || turnedAway < 10 {
		t.Errorf("%d tokens were given, %d refused: the end of the grant was not tried", given, turnedAway)
	}
}
