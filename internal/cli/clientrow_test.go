package cli

import (
	"testing"
	"time"

	"postern/server/oauth"
)

// TestMayIsAllThatAClientCanDo: an older grant is not hidden behind a newer one.
func TestMayIsAllThatAClientCanDo(t *testing.T) {
	now := time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	grant := func(profiles, scopes []string, expires, revoked time.Time) grantRow {
		return grantRow{Profiles: profiles, Scopes: scopes, ExpiresAt: expires, RevokedAt: revoked}
	}
	read, send := []string{"gmail:read"}, []string{"gmail:read", "gmail:send"}
	never, past := time.Time{}, now.Add(-time.Hour)
	for _, c := range []struct {
		name   string
		status oauth.Status
		grants []grantRow
		want   string
	}{
		{"none", oauth.New, nil, "nothing"},
		{"ended ones", oauth.Approved, []grantRow{grant([]string{"work"}, send, past, never), grant([]string{"work"}, send, never, past)}, "nothing"},
		{"one", oauth.Approved, []grantRow{grant([]string{"work", "home"}, read, now.Add(time.Hour), never)}, "gmail:read of home, work"},
		{"an older one gives more", oauth.Approved, []grantRow{grant([]string{"work"}, read, never, never), grant([]string{"work"}, send, never, never)}, "gmail:read gmail:send of work"},
		{"of other profiles", oauth.Approved, []grantRow{grant([]string{"work"}, read, never, never), grant([]string{"home", "work"}, []string{"gmail:send"}, never, never)},
			"gmail:read gmail:send of work; gmail:send of home"},
		{"blocked", oauth.Blocked, []grantRow{grant([]string{"work"}, read, never, never)}, "blocked"},
	} {
		if got := (clientRow{Status: c.status, Grants: c.grants}).may(now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := (clientRow{Status: oauth.Approved, NeedsSecret: true}).may(now); got != "needs a new secret; nothing" {
		t.Errorf("one whose secret is gone: %q", got)
	}
}
