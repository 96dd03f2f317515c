package oauth_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
)

// showing returns how many questions are open, and how many of them show by themselves.
func (d *desk) showing() (open, show int) {
	d.t.Helper()
	all, err := d.queue.Pending(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, q := range all {
		if !q.Offer.Quiet {
			show++
		}
	}
	return len(all), show
}

// TestParallelRequests come at the same moment: no more wait, and no more show, than one after the other.
func TestParallelRequests(t *testing.T) {
	for range 20 {
		d := newDesk(t)
		var clients []string
		for range 5 {
			clients = append(clients, d.register(callback))
		}
		var g sync.WaitGroup
		for _, client := range clients {
			g.Go(func() {
				resp, err := http.Get(d.request(client, nil))
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
		g.Wait()
		if open, show := d.showing(); open != 3 || show != 1 {
			t.Fatalf("%d questions wait, %d show", open, show)
		}
		d.pass(time.Minute)
	}
}

// TestNoesCountWithoutTheBrowser: whoever floods does not come back to hear the answer.
func TestNoesCountWithoutTheBrowser(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	for range 2 {
		newBrowser(t).get(d.request(client, nil))
		if _, show := d.showing(); show != 1 {
			t.Fatalf("%d show before two noes", show)
		}
		d.pass(4 * time.Minute)
		if err := d.queue.Answer(t.Context(), d.pending().ID, approval.Answer{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after time.Duration
		show  int
	}{{0, 0}, {5*time.Minute + time.Second, 0}, {time.Minute, 1}} {
		d.pass(c.after)
		newBrowser(t).get(d.request(client, nil))
		if open, show := d.showing(); open != 1 || show != c.show {
			t.Errorf("%v later %d wait, %d show", c.after, open, show)
		}
		if err := d.queue.Withdraw(t.Context(), d.pending().ID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALateNoCounts also if the visit itself is forgotten by then.
func TestALateNoCounts(t *testing.T) {
	d := newDesk(t)
	var clients []string
	for range 3 {
		clients = append(clients, d.register(callback))
		d.pass(12 * time.Second)
	}
	for _, client := range clients[:2] {
		newBrowser(t).get(d.request(client, nil))
	}
	d.pass(4 * time.Minute)
	all, err := d.queue.Pending(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d questions, %v", len(all), err)
	}
	for _, q := range all {
		if err := d.queue.Answer(t.Context(), q.ID, approval.Answer{}); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(7 * time.Minute)
	newBrowser(t).get(d.request(clients[2], nil))
	if _, show := d.showing(); show != 0 {
		t.Errorf("%d show seven minutes after two noes", show)
	}
}

// TestOneClientAsksOnce: it cannot take all slots, from one place.
func TestOneClientAsksOnce(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	first := newBrowser(t)
	page := first.get(d.request(client, nil))
	second := newBrowser(t).get(d.request(client, nil))
	if second.status != http.StatusConflict || !strings.Contains(second.text, "another browser") || second.header.Get("Retry-After") != "300" {
		t.Errorf("a second browser gets %d after %s: %s", second.status, second.header.Get("Retry-After"), second.text)
	}
	if again := first.get(d.request(client, nil)); again.number != page.number {
		t.Errorf("the number was %s, and is %s after a reload", page.number, again.number)
	}
	d.allow(page.number)
	if done := first.send(d.url+"/authorize/finish", page.fields); done.location == nil || done.location.Query().Get("code") == "" {
		t.Errorf("the first browser gets no code: %d %s", done.status, done.text)
	}
	newBrowser(t).get(d.request(client, nil))
	d.move("192.0.2.7")
	if elsewhere := newBrowser(t).get(d.request(client, nil)); elsewhere.number == "" {
		t.Errorf("who comes from elsewhere is kept out: %d", elsewhere.status)
	}
	if open, show := d.showing(); open != 2 || show != 1 {
		t.Errorf("%d wait, %d show", open, show)
	}
}

// TestABrowserAsksAnew for the same client, with another port as apps on this computer have: the newer question counts.
func TestABrowserAsksAnew(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	old := b.get(d.request(client, nil))
	anew := url.Values{"redirect_uri": {"http://127.0.0.1:4568/callback"}}
	page := b.get(d.request(client, anew))
	if page.number == "" || page.fields.Get("request") == old.fields.Get("request") {
		t.Fatalf("the newer request gets %d", page.status)
	}
	if open, show := d.showing(); open != 1 || show != 1 {
		t.Errorf("%d wait, %d show", open, show)
	}
	if s := b.get(d.url + "/authorize/status?request=" + old.fields.Get("request")); !strings.Contains(s.text, "over") {
		t.Errorf("the older page hears %s", s.text)
	}
	if s := b.get(d.request(client, nil)); s.status != http.StatusGone || s.number != "" {
		t.Errorf("the older page shows %d", s.status)
	}
	d.allow(page.number)
	if s := b.send(d.url+"/authorize/finish", old.fields); s.location == nil || s.location.Query().Get("error") != "access_denied" {
		t.Errorf("the older page is sent to %v", s.location)
	}
	if s := b.send(d.url+"/authorize/finish", page.fields); s.location == nil || s.location.Port() != "4568" || s.location.Query().Get("code") == "" {
		t.Errorf("the newer page is sent to %v", s.location)
	}
}

// TestTheWindowOpensWhileAnAppWaits: its page says so, and it is the one that shows.
func TestTheWindowOpensWhileAnAppWaits(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	first, second := d.register(callback), d.register(callback)
	d.open = false
	b := newBrowser(t)
	page := b.get(d.request(first, nil))
	status := d.url + "/authorize/status?request=" + page.fields.Get("request")
	if s := b.get(status); !strings.Contains(s.text, `"quiet"`) {
		t.Errorf("before, the page hears %s", s.text)
	}
	d.open = true
	if err := d.queue.Show(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := b.get(status); !strings.Contains(s.text, `"asked"`) {
		t.Errorf("after, the page hears %s", s.text)
	}
	newBrowser(t).get(d.request(second, nil))
	if open, show := d.showing(); open != 2 || show != 1 {
		t.Errorf("%d wait, %d show", open, show)
	}
}

// TestVisitsThatAreOverMakeRoom: who asks anew again and again does not use up what is remembered.
func TestVisitsThatAreOverMakeRoom(t *testing.T) {
	d := newDesk(t)
	restless, client := d.register(callback), d.register(callback)
	b := newBrowser(t)
	for port := range 70 {
		d.pass(3 * time.Second)
		b.get(d.request(restless, url.Values{"redirect_uri": {fmt.Sprintf("http://127.0.0.1:%d/callback", 5000+port)}}))
	}
	d.pass(3 * time.Second)
	if page := newBrowser(t).get(d.request(client, nil)); page.number == "" {
		t.Errorf("another client gets %d", page.status)
	}
}
