package store

import (
	"testing"
	"time"

	"postern/server/oauth"
)

// TestALongerGrantHasTokensThatLast: a client that was let in for an hour would lose its refresh token with that hour, and
// so what the owner has added.
func TestALongerGrantHasTokensThatLast(t *testing.T) {
	now := time.Unix(1_800_000_000, 0).UTC()
	hour := now.Add(time.Hour)
	for _, c := range []struct {
		name                    string
		end, refreshUntil, want time.Time
	}{
		{"longer", now.Add(100 * time.Hour), hour, now.Add(100 * time.Hour)},
		{"longer than refreshing", now.Add(1000 * time.Hour), hour, now.Add(720 * time.Hour)},
		{"without an end", time.Time{}, hour, now.Add(720 * time.Hour)},
		{"shorter", now.Add(time.Minute), hour, hour}, // the grant's own end is what counts
		{"a token that ends by itself", now.Add(100 * time.Hour), now.Add(time.Minute), now.Add(time.Minute)},
	} {
		s := open(t, t.TempDir())
		if err := s.SaveClient(t.Context(), oauth.Client{ID: "c", Kind: oauth.Static, Status: oauth.New, CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
		g := oauth.Grant{ID: "g", ClientID: "c", Profiles: []string{"p"}, Scopes: []string{"gmail:read"}, CreatedAt: now, ExpiresAt: hour}
		refresh := oauth.Token{Hash: []byte("r"), GrantID: "g", Use: oauth.ForRefresh, IssuedAt: now, ExpiresAt: c.refreshUntil}
		if err := s.AddGrant(t.Context(), g, refresh); err != nil {
			t.Fatal(err)
		}
		before, err := s.ChangeGrant(t.Context(), "g", []string{"q"}, []string{"gmail:write", "gmail:read"}, c.end, 720*time.Hour, now)
		if err != nil || !before.ExpiresAt.Equal(hour) || before.Profiles[0] != "p" {
			t.Errorf("%s: before it was %+v, %v", c.name, before, err)
		}
		h, err := s.Holder(t.Context(), []byte("r"))
		if err != nil || !h.Token.ExpiresAt.Equal(c.want) || !h.Grant.ExpiresAt.Equal(c.end) || h.Grant.Profiles[0] != "q" || h.Grant.Scopes[0] != "gmail:read" || len(h.Grant.Scopes) != 2 {
			t.Errorf("%s: the token ends at %v, want %v; %+v, %v", c.name, h.Token.ExpiresAt, c.want, h.Grant, err)
		}
	}
}
