package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"postern/server/oauth"
)

// TestLifetimesAreThoseInForce: the owner's times hold for what is issued next, and lengthen nothing that is out.
func TestLifetimesAreThoseInForce(t *testing.T) {
	var life oauth.Lifetimes
	var broken error
	d := newDesk(t, func(s *oauth.Server) {
		s.Lifetimes = func(context.Context) (oauth.Lifetimes, error) { return life, broken }
	})
	client := d.register(callback)
	life = oauth.Lifetimes{Access: 10 * time.Minute, Refresh: 48 * time.Hour}
	access, refresh := d.tokens(client)
	life = oauth.Lifetimes{Access: 20 * time.Hour, Refresh: 300 * 24 * time.Hour}
	d.pass(10 * time.Minute)
	if d.good(access) {
		t.Error("a longer time has lengthened a token that was given before")
	}
	status, v := d.refresh(client, refresh, nil)
	if status != http.StatusOK || v["expires_in"] != (20*time.Hour).Seconds() {
		t.Fatalf("%d %v", status, v)
	}
	broken = errors.New("disk")
	if status, v := d.refresh(client, v["refresh_token"].(string), nil); status != http.StatusInternalServerError || v["error"] != "server_error" {
		t.Errorf("with times that cannot be read: %d %v", status, v)
	}
	broken, life = nil, oauth.Lifetimes{Refresh: 48 * time.Hour}
	_, old := d.tokens(client)
	life.Refresh = 300 * 24 * time.Hour
	d.pass(49 * time.Hour)
	if status, v := d.refresh(client, old, nil); status != http.StatusBadRequest || v["error"] != "invalid_grant" {
		t.Errorf("a refresh token after its time: %d %v", status, v)
	}
}

func TestTheProposedEndOfAGrant(t *testing.T) {
	const day = 24 * time.Hour
	for set, want := range map[time.Duration]time.Duration{0: 180 * day, 7 * day: 7 * day, -1: 0} {
		d := newDesk(t, func(s *oauth.Server) {
			s.Lifetimes = func(context.Context) (oauth.Lifetimes, error) { return oauth.Lifetimes{Grant: set}, nil }
		})
		newBrowser(t).get(d.request(d.register(callback), nil))
		if got := d.pending().Offer.Longest; got != want {
			t.Errorf("%v: %v is proposed, want %v", set, got, want)
		}
	}
}
