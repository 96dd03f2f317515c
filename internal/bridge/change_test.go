package bridge

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/server/oauth"
)

// sending is a call that other people would see the effect of.
const sending = `{"to":["mia@example.org"],"subject":"Lunch","body_md":"At one?"}`

// TestAChangedGrant: the very same token follows, to more and to less, at once, also when another process changes it.
func TestAChangedGrant(t *testing.T) {
	dir := t.TempDir()
	s := serveWith(t, Config{Dir: dir, Getenv: noVault})
	g, token := s.grant("gmail:read")
	heard := s.hears(token, "tools/list_changed")
	other := openAt(t, Config{Dir: dir, Demo: true})
	end := time.Now().Add(time.Hour).Round(0)
	modify := `{"message_ids":["0"],"action":"read"}`
	change := func(b *Bridge, want int, scopes ...string) {
		t.Helper()
		if err := b.ChangeGrant(t.Context(), g.ID, approval.Terms{Profiles: []string{demoID}, Scopes: scopes, Expires: end}); err != nil {
			t.Fatal(err)
		}
		if status, text := s.call(token, "gmail_modify", modify); status != want {
			t.Errorf("with %v a change of mail gets %d %s", scopes, status, text)
		}
	}
	change(s.Bridge, http.StatusOK, "gmail:write", "gmail:read")
	waitFor(t, heard, "the news of the tools")
	change(s.Bridge, http.StatusForbidden, "gmail:read")
	heard = s.hears(token, "tools/list_changed")
	change(other, http.StatusOK, "gmail:write")
	waitFor(t, heard, "the news of what another process changed")
	change(other, http.StatusForbidden, "gmail:read")
	now, err := s.Store.Grant(t.Context(), g.ID)
	if err != nil || !now.ExpiresAt.Equal(end) || strings.Join(now.Scopes, " ") != "gmail:read" {
		t.Errorf("the grant is %+v, %v", now, err)
	}
	within(t, "the record", func() bool {
		all, err := s.Activity(t.Context(), activity.Filter{})
		n := 0
		for _, e := range all {
			if e.Event == activity.Changed && e.GrantID == g.ID && e.Client == "tester" && e.Outcome == activity.OK {
				n++
			}
		}
		return err == nil && n == 4
	})
}

func TestChangesThatAreRefused(t *testing.T) {
	s := serveWith(t, Config{Getenv: noVault})
	g, token := s.grant("gmail:read")
	ended, _ := s.grant("gmail:read")
	if err := s.RevokeGrant(t.Context(), ended.ID, "test"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "read_only", "true"); err != nil {
		t.Fatal(err)
	}
	sample, read := []string{demoID}, []string{"gmail:read"}
	for name, c := range map[string]struct {
		id    string
		terms approval.Terms
		want  string
	}{
		"no profile":             {g.ID, approval.Terms{Scopes: read}, "no profile"},
		"no scope":               {g.ID, approval.Terms{Profiles: sample}, "no"},
		"an unknown profile":     {g.ID, approval.Terms{Profiles: []string{"x"}, Scopes: read}, `no profile "x"`},
		"outside the settings":   {g.ID, approval.Terms{Profiles: sample, Scopes: []string{"gmail:write"}}, "read_only"},
		"an unknown scope":       {g.ID, approval.Terms{Profiles: sample, Scopes: []string{"gmail:all"}}, `"gmail:all"`},
		"an end that is past":    {g.ID, approval.Terms{Profiles: sample, Scopes: read, Expires: time.Now().Add(-time.Minute)}, "over already"},
		"once":                   {g.ID, approval.Terms{Profiles: sample, Scopes: read, Once: true}, "once"},
		"a grant that has ended": {ended.ID, approval.Terms{Profiles: sample, Scopes: read}, "ended already"},
		"no grant":               {"g0", approval.Terms{Profiles: sample, Scopes: read}, "ended already"},
	} {
		if err := s.ChangeGrant(t.Context(), c.id, c.terms); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if now, err := s.Store.Grant(t.Context(), g.ID); err != nil || strings.Join(now.Scopes, " ") != "gmail:read" || !now.ExpiresAt.IsZero() {
		t.Errorf("the grant is %+v, %v", now, err)
	}
	if status, _ := s.call(token, "gmail_search", search); status != http.StatusOK {
		t.Errorf("then a search gets %d", status)
	}
}

// TestNarrowingEndsWhatRuns: a call that waits for the owner ends with what it needs, its question is taken back, and that
// of another grant goes on.
func TestNarrowingEndsWhatRuns(t *testing.T) {
	for name, by := range map[string]func(*testing.T, *serving) *Bridge{
		"by the serving bridge": func(_ *testing.T, s *serving) *Bridge { return s.Bridge },
		"by another process":    func(t *testing.T, s *serving) *Bridge { return openAt(t, Config{Dir: s.Dir, Demo: true}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serveWith(t, Config{Dir: t.TempDir(), Getenv: noVault})
			g, token := s.grant("gmail:send")
			_, untouched := s.grant("gmail:send")
			answers := make(chan string, 1)
			go func() {
				_, text := s.call(token, "gmail_send", sending)
				answers <- text
			}()
			go func() { s.call(untouched, "gmail_send", sending) }()
			within(t, "both questions", func() bool {
				open, err := s.Queue.Pending(t.Context())
				return err == nil && len(open) == 2
			})
			if err := by(t, s).ChangeGrant(t.Context(), g.ID, approval.Terms{Profiles: []string{demoID}, Scopes: []string{"gmail:read"}}); err != nil {
				t.Fatal(err)
			}
			select {
			case text := <-answers:
				if strings.Contains(text, "sent") {
					t.Errorf("the call got %s", text)
				}
			case <-time.After(20 * time.Second):
				t.Error("the call goes on")
			}
			open, err := s.Queue.Pending(t.Context())
			if err != nil || len(open) != 1 || open[0].ClientKey == grantKey+g.ID {
				t.Errorf("then %+v waits, %v", open, err)
			}
			for _, q := range open { // so that its call ends before the bridge does
				if err := s.Queue.Answer(t.Context(), q.ID, approval.Answer{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestLostIsWhatAGrantAllowedBefore: what the owner allowed once beyond the grant is not lost with it.
func TestLostIsWhatAGrantAllowedBefore(t *testing.T) {
	grant := func(profiles string, scopes ...string) oauth.Grant {
		return oauth.Grant{Profiles: strings.Fields(profiles), Scopes: scopes}
	}
	for _, c := range []struct {
		name          string
		before, after oauth.Grant
		tool, profile string
		want          bool
	}{
		{"nothing changed", grant("p", "gmail:send"), grant("p", "gmail:send"), "gmail_send", "p", false},
		{"a narrower one is enough", grant("p", "gmail:send"), grant("p", "gmail:read"), "gmail_search", "p", false},
		{"the scope is gone", grant("p", "gmail:send"), grant("p", "gmail:write"), "gmail_send", "p", true},
		{"it was allowed once", grant("p", "gmail:read"), grant("p", "gmail:read"), "gmail_send", "p", false},
		{"the profile is gone", grant("p q", "gmail:read"), grant("q", "gmail:read"), "gmail_search", "p", true},
		{"another profile is gone", grant("p q", "gmail:read"), grant("q", "gmail:read"), "gmail_search", "q", false},
		{"a tool that needs nothing", grant("p", "gmail:read"), grant("p", "gmail:write"), "profiles_list", "", false},
	} {
		if got := lost(c.before, c.after, c.tool, c.profile); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// hears opens a stream and returns a channel that is closed when what comes over it holds want.
func (s *serving) hears(token, want string) <-chan struct{} {
	s.t.Helper()
	stream := s.stream(token)
	heard := make(chan struct{})
	go func() {
		defer stream.Close()
		for lines := bufio.NewScanner(stream); lines.Scan(); {
			if strings.Contains(lines.Text(), want) {
				close(heard)
				return
			}
		}
	}()
	return heard
}
