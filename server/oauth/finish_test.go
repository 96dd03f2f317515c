package oauth_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/server/oauth"
)

// TestALostAnswerIsNoLostYes: whoever sends the form or loads the page again can still go to the app, until that has taken
// its code or the code is over.
func TestALostAnswerIsNoLostYes(t *testing.T) {
	for name, again := range map[string]func(d *desk, b *browser, client string, page shown) shown{
		"the form": func(d *desk, b *browser, _ string, page shown) shown {
			return b.send(d.url+"/authorize/finish", page.fields)
		},
		"cancel, too late": func(d *desk, b *browser, _ string, page shown) shown {
			return b.send(d.url+"/authorize/cancel", page.fields)
		},
		"the page": func(d *desk, b *browser, client string, _ shown) shown { return b.get(d.request(client, nil)) },
	} {
		begin := func() (d *desk, client, code string, retry func() shown) {
			d = newDesk(t)
			client = d.register(callback)
			b := newBrowser(t)
			page := b.get(d.request(client, nil))
			d.allow(page.number)
			first := b.send(d.url+"/authorize/finish", page.fields)
			if first.location == nil {
				t.Fatalf("%s: no code: %d %s", name, first.status, first.text)
			}
			code = first.location.Query().Get("code")
			return d, client, code, func() shown { return again(d, b, client, page) }
		}

		d, client, code, retry := begin()
		d.pass(59 * time.Second)
		s := retry()
		if s.status != http.StatusOK || s.header.Get("Location") != "" || s.location == nil || s.location.Query().Get("code") != code || s.location.Query().Get("state") != "the state" {
			t.Errorf("%s: %d, a link to %v, want the code: %s", name, s.status, s.location, s.text)
		}
		if status, v := d.redeem(client, code, nil); status != http.StatusOK {
			t.Errorf("%s: the code gets %d %v", name, status, v)
		}
		if s := retry(); s.location != nil || !strings.Contains(s.text, "was let in with what you chose") {
			t.Errorf("%s: after the code was used, a link to %v: %s", name, s.location, s.text)
		}

		d, client, code, retry = begin()
		d.pass(time.Minute)
		if s := retry(); s.location != nil || !strings.Contains(s.text, "connect once more") {
			t.Errorf("%s: after a minute, a link to %v: %s", name, s.location, s.text)
		}
		if status, _ := d.redeem(client, code, nil); status != http.StatusBadRequest {
			t.Errorf("%s: after a minute the code gets %d", name, status)
		}

		d, _, _, retry = begin()
		all, err := d.store.Grants(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%d grants, %v", len(all), err)
		}
		if err := d.store.RevokeGrant(t.Context(), all[0].ID, "the owner ended it", d.clock()); err != nil {
			t.Fatal(err)
		}
		if s := retry(); s.location != nil {
			t.Errorf("%s: after the grant has ended, a link to %v", name, s.location)
		}
	}
}

// TestTheWayIsOpenAsLongAsTheCode: how long the way stays open is how long the code is good.
func TestTheWayIsOpenAsLongAsTheCode(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) {
		s.Lifetimes = func(context.Context) (oauth.Lifetimes, error) { return oauth.Lifetimes{Code: 10 * time.Second}, nil }
	})
	b := newBrowser(t)
	page := b.get(d.request(d.register(callback), nil))
	d.allow(page.number)
	b.send(d.url+"/authorize/finish", page.fields)
	for _, want := range []bool{true, false} {
		if s := b.send(d.url+"/authorize/finish", page.fields); (s.location != nil) != want {
			t.Errorf("a link to %v, want one: %t", s.location, want)
		}
		d.pass(10 * time.Second)
	}
}

// TestALostNoIsToldAgain, so that the app need not wait for what does not come.
func TestALostNoIsToldAgain(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	page := b.get(d.request(client, url.Values{"state": {"s"}}))
	b.send(d.url+"/authorize/cancel", page.fields)
	if s := b.send(d.url+"/authorize/cancel", page.fields); s.header.Get("Location") != "" || s.location == nil || s.location.Query().Get("error") != "access_denied" || s.location.Query().Get("state") != "s" {
		t.Errorf("a link to %v: %s", s.location, s.text)
	}
}
