package oauth_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
)

// codes is one pairing code that holds.
type codes struct {
	wrong, taken int
	gives        *approval.Terms // nil: what is on offer
}

func (c *codes) Redeem(_ context.Context, code string, fit func(approval.Terms) error) (approval.Terms, int, error) {
	if code != "right" {
		c.wrong++
		return approval.Terms{}, 5 - c.wrong, oauth.ErrCode
	}
	terms := approval.Terms{Profiles: []string{"p2"}, Scopes: []string{"gmail:read"}}
	if c.gives != nil {
		terms = *c.gives
	}
	if err := fit(terms); err != nil {
		return approval.Terms{}, 0, err
	}
	c.taken++
	return terms, 0, nil
}

const claude = "https://claude.ai/api/mcp/auth_callback"

// TestAPairingCodeAnswersForTheOwner also outside of the pairing window, but for known apps alone.
func TestAPairingCodeAnswersForTheOwner(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public, s.Codes = true, &codes{} })
	d.open = false
	client := d.register(claude)
	b := newBrowser(t)
	page := b.get(d.request(client, url.Values{"redirect_uri": {claude}}))
	typed := func(code string) url.Values {
		return url.Values{"request": page.fields["request"], "token": page.fields["token"], "code": {code}}
	}
	if s := newBrowser(t).send(d.url+"/authorize/code", typed("right")); s.status != http.StatusForbidden {
		t.Errorf("in another browser: %d %s", s.status, s.text)
	}
	if s := b.send(d.url+"/authorize/code", typed("wrong")); s.location != nil || s.number != page.number {
		t.Errorf("a wrong code: %d %v %s", s.status, s.location, s.text)
	}
	s := b.send(d.url+"/authorize/code", typed("right"))
	if s.location == nil || s.location.Query().Get("code") == "" || s.location.Host != "claude.ai" {
		t.Fatalf("the right code: %d %v %s", s.status, s.location, s.text)
	}
	status, v := d.redeem(client, s.location.Query().Get("code"), url.Values{"redirect_uri": {claude}})
	if status != http.StatusOK || v["scope"] != "gmail:read" {
		t.Errorf("%d %v", status, v)
	}
	d.pass(time.Minute)
	unknown := d.register("https://evil.example/cb")
	page = b.get(d.request(unknown, url.Values{"redirect_uri": {"https://evil.example/cb"}}))
	if s := b.send(d.url+"/authorize/code", typed("right")); s.location != nil || s.status != http.StatusForbidden {
		t.Errorf("for an app that nobody knows: %d %v", s.status, s.location)
	}
}

func TestPairingCodesAreNotGuessed(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Codes = &codes{} })
	client := d.register(claude)
	b := newBrowser(t)
	page := b.get(d.request(client, url.Values{"redirect_uri": {claude}}))
	last := 0
	for _, code := range []string{"1", "2", "3", "4", "5", "right"} {
		last = b.send(d.url+"/authorize/code", url.Values{"request": page.fields["request"], "token": page.fields["token"], "code": {code}}).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("after five wrong codes the right one gets %d", last)
	}
}

// TestAPairingCodeIsNotSpentForNothing: if something that it gives is not on offer any more, the page says what, and the
// code and the tries stay.
func TestAPairingCodeIsNotSpentForNothing(t *testing.T) {
	good := approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}}
	for name, c := range map[string]struct {
		gives approval.Terms
		said  string
	}{
		"a profile":    {approval.Terms{Profiles: []string{"p1", "p-removed"}, Scopes: []string{"gmail:read"}}, "a Google account that is no longer there"},
		"profiles":     {approval.Terms{Profiles: []string{"p3", "p4"}, Scopes: []string{"gmail:read"}}, "2 Google accounts that are no longer there"},
		"scopes":       {approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read", "meet:read", "chat:send"}}, "meet:read, chat:send"},
		"time":         {approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}, Expires: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}, "a time that is over"},
		"all of these": {approval.Terms{Profiles: []string{"p3"}, Scopes: []string{"meet:read"}, Expires: time.Date(2026, 11, 1, 11, 0, 0, 0, time.UTC)}, "no longer there; meet:read; access until"},
	} {
		codes := &codes{gives: &c.gives}
		d := newDesk(t, func(s *oauth.Server) { s.Codes = codes })
		b := newBrowser(t)
		page := b.get(d.request(d.register(claude), url.Values{"redirect_uri": {claude}}))
		page.fields.Set("code", "right")
		for range 6 { // more often than wrong ones are borne
			if s := b.send(d.url+"/authorize/code", page.fields); s.status != http.StatusOK || s.location != nil || s.number != page.number || !strings.Contains(s.text, c.said) || codes.taken != 0 {
				t.Errorf("%s is missing: %d %v, taken %d times: %s", name, s.status, s.location, codes.taken, s.text)
			}
		}
		codes.gives = &good
		if s := b.send(d.url+"/authorize/code", page.fields); s.location == nil || s.location.Query().Get("code") == "" {
			t.Errorf("%s was missing, and nothing is any more: %d %v", name, s.status, s.location)
		}
	}
}

// TestAPairingCodeIsNotSpentOnWhatIsOver: the owner has answered at the desktop, or time is over.
func TestAPairingCodeIsNotSpentOnWhatIsOver(t *testing.T) {
	for name, end := range map[string]func(d *desk, number string){
		"yes":     func(d *desk, number string) { d.allow(number) },
		"no":      func(d *desk, _ string) { _ = d.queue.Answer(t.Context(), d.pending().ID, approval.Answer{}) },
		"silence": func(d *desk, _ string) { d.pass(5 * time.Minute) },
	} {
		codes := &codes{}
		d := newDesk(t, func(s *oauth.Server) { s.Codes = codes })
		b := newBrowser(t)
		page := b.get(d.request(d.register(claude), url.Values{"redirect_uri": {claude}}))
		end(d, page.number)
		page.fields.Set("code", "right")
		for range 2 {
			s := b.send(d.url+"/authorize/code", page.fields)
			if s.location == nil || s.location.Query().Has("code") != (name == "yes") || codes.taken != 0 {
				t.Errorf("%s: %v, taken %d times", name, s.location, codes.taken)
			}
		}
	}
}
