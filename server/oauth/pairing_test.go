package oauth_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
)

// codes is one pairing code that holds.
type codes struct{ wrong int }

func (c *codes) Redeem(_ context.Context, code string) (approval.Terms, int, error) {
	if code != "right" {
		c.wrong++
		return approval.Terms{}, 5 - c.wrong, oauth.ErrCode
	}
	return approval.Terms{Profiles: []string{"p2"}, Scopes: []string{"gmail:read"}}, 0, nil
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
