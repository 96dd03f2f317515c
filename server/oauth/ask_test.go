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

// changes are requests that are not the one of desk.request, by what they differ in.
var changes = map[string]url.Values{
	"the state":                 {"state": {"another"}},
	"no state":                  {"state": {""}},
	"the challenge":             {"code_challenge": {strings.Repeat("A", 43)}},
	"the resource":              {"resource": {""}},
	"the scopes":                {"scope": {"gmail:read"}},
	"the letters of the scopes": {"scope": {"gmail:write gmail:read"}},
	"a nonce":                   {"nonce": {"n"}},
}

// TestAYesStaysWithItsRequest: what the same browser asks for next, which a page of another site may have it do, gets a
// number of its own, and takes the place of what waits; but of nothing that the owner has answered.
func TestAYesStaysWithItsRequest(t *testing.T) {
	for name, change := range changes {
		d := newDesk(t)
		client := d.register(callback)
		b := newBrowser(t)
		old := b.get(d.request(client, nil))
		before := d.pending()
		page := b.get(d.request(client, change))
		if page.status != http.StatusOK || page.fields.Get("request") == old.fields.Get("request") {
			t.Errorf("%s: the changed request gets %d with the number %s, the one before had %s", name, page.status, page.number, old.number)
			continue
		}
		if after := d.pending(); after.ID == before.ID || after.Offer.Quiet {
			t.Errorf("%s: the owner still sees the question before, or none", name)
		}
		d.allow(page.number)
		swapped := b.get(d.request(client, url.Values{"state": {"mallory"}, "code_challenge": {strings.Repeat("B", 43)}}))
		if swapped.status != http.StatusOK || swapped.fields.Get("request") == page.fields.Get("request") {
			t.Errorf("%s: a request after the yes gets %d with the number %s", name, swapped.status, swapped.number)
		}
		done := b.send(d.url+"/authorize/finish", page.fields)
		if done.location == nil || done.location.Query().Get("code") == "" || done.location.Query().Get("state") == "mallory" {
			t.Errorf("%s: the yes leads to %v: %s", name, done.location, done.text)
		}
		if s := b.send(d.url+"/authorize/finish", swapped.fields); s.location != nil || s.number != swapped.number {
			t.Errorf("%s: the request after the yes is sent to %v", name, s.location)
		}
		if s := b.send(d.url+"/authorize/finish", old.fields); s.location == nil || s.location.Query().Has("code") {
			t.Errorf("%s: the request before is sent to %v", name, s.location)
		}
	}
}

// TestARetryIsAskedAtOnce also by an app that registers anew each time: its browser is not kept waiting for itself.
func TestARetryIsAskedAtOnce(t *testing.T) {
	d := newDesk(t)
	b := newBrowser(t)
	for i := range 4 {
		page := b.get(d.request(d.register(callback), url.Values{"state": {fmt.Sprint(i)}}))
		if open, show := d.showing(); page.number == "" || open != 1 || show != 1 {
			t.Errorf("the retry gets %d; %d wait, %d show", page.status, open, show)
		}
	}
	if other := newBrowser(t).get(d.request(d.register(callback), nil)); other.number == "" {
		t.Errorf("another browser gets %d", other.status)
	}
	if open, _ := d.showing(); open != 2 {
		t.Errorf("%d wait: another browser's request has taken the place of one", open)
	}
}

// TestQuestionsThatComeAndGo do not show for ever: a web page can have a browser ask again and again, and a stranger can
// cancel and begin anew.
func TestQuestionsThatComeAndGo(t *testing.T) {
	for name, again := range map[string]func(d *desk, b *browser, page shown){
		"the next takes its place": func(*desk, *browser, shown) {},
		"cancelled": func(d *desk, b *browser, page shown) {
			if s := b.send(d.url+"/authorize/cancel", page.fields); s.location == nil {
				t.Errorf("cancelling: %d %s", s.status, s.text)
			}
		},
	} {
		d := newDesk(t)
		client := d.register(callback)
		b := newBrowser(t)
		shows := 0
		for i := range 12 {
			page := b.get(d.request(client, url.Values{"state": {fmt.Sprint(i)}}))
			open, show := d.showing()
			if shows += show; page.number == "" || open != 1 {
				t.Fatalf("%s: the request gets %d, %d wait", name, page.status, open)
			}
			again(d, b, page)
		}
		if shows != 5 {
			t.Errorf("%s: %d of 12 showed by themselves", name, shows)
		}
		d.pass(11 * time.Minute)
		b.get(d.request(client, nil))
		if _, show := d.showing(); show != 1 {
			t.Errorf("%s: none shows after a while", name)
		}
	}
}

// TestARetryIsNoWayAroundANo: the cool-down holds for what takes a question's place.
func TestARetryIsNoWayAroundANo(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	for i := range 5 {
		b.get(d.request(client, url.Values{"state": {fmt.Sprint(i)}}))
		if open, show := d.showing(); open != 1 || show == 1 != (i < 2) {
			t.Errorf("after %d noes %d wait, %d show", min(i, 2), open, show)
		}
		if i < 2 {
			if err := d.queue.Answer(t.Context(), d.pending().ID, approval.Answer{}); err != nil {
				t.Fatal(err)
			}
		}
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

// TestWhereAQuestionComesFrom: the owner reads an address there, or that it is not known, and no word of who asks.
func TestWhereAQuestionComesFrom(t *testing.T) {
	for source, want := range map[string]string{
		"198.51.100.7:4711": "198.51.100.7", "2001:db8::1%claude.ai (Anthropic; verified)": "2001:db8::1", "[2001:db8::1%claude.ai]:443": "2001:db8::1",
		"claude.ai (Anthropic; verified)": "unknown", "": "unknown",
	} {
		d := newDesk(t, func(s *oauth.Server) { s.Public = true })
		d.move(source)
		newBrowser(t).get(d.request(d.register(callback), nil))
		pending, err := d.queue.Pending(t.Context())
		if err != nil || len(pending) != 1 {
			t.Fatalf("%q: %d questions, %v", source, len(pending), err)
		}
		if want = "the internet, " + want; pending[0].Offer.From != want || pending[0].Origin != want {
			t.Errorf("%q is shown as %q and %q", source, pending[0].Offer.From, pending[0].Origin)
		}
	}
}
