package oauth_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
	"postern/server/oauth/cimd"
)

// registerAt registers a client at one of the desk's servers and returns the status.
func (d *desk) registerAt(address string) int {
	d.t.Helper()
	b, err := json.Marshal(map[string]any{"redirect_uris": []string{callback}})
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.Post(address+"/register", "application/json", strings.NewReader(string(b)))
	if err != nil {
		d.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// known reports whether the client is kept.
func (d *desk) known(id string) bool {
	d.t.Helper()
	_, err := d.store.Client(d.t.Context(), id)
	return err == nil
}

// TestAFloodOutsideLeavesThisComputer fills what the public side may keep: the local side keeps what it has, and the
// newest is always taken.
func TestAFloodOutsideLeavesThisComputer(t *testing.T) {
	d := newDesk(t)
	_, public := d.serve(func(s *oauth.Server) { s.Public = true })
	local := d.register(callback)
	for range 60 {
		d.pass(3 * time.Minute)
		if status := d.registerAt(public); status != http.StatusCreated {
			t.Fatalf("a registration outside gets %d", status)
		}
	}
	if !d.known(local) {
		t.Error("a client of this computer is forgotten for strangers")
	}
	if status := d.registerAt(d.url); status != http.StatusCreated {
		t.Errorf("a registration on this computer gets %d", status)
	}
	if all, err := d.store.Clients(t.Context()); err != nil || len(all) != 52 {
		t.Errorf("%d clients are kept, %v", len(all), err)
	}
}

// TestAFloodLeavesWhoAsks: a client with an open question is not forgotten for newer ones, nor is one of the owner's.
func TestAFloodLeavesWhoAsks(t *testing.T) {
	d := newDesk(t)
	own, err := oauth.NewStatic("own", []string{callback}, d.clock())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.store.SaveClient(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	asks, silent := d.register(callback), d.register(callback)
	b := newBrowser(t)
	page := b.get(d.request(asks, nil))
	now := d.clock()
	for i := range 60 {
		c := oauth.Client{ID: fmt.Sprint("stranger ", i), Kind: oauth.Dynamic, Status: oauth.New, CreatedAt: now.Add(time.Second)}
		if err := d.store.AddClient(t.Context(), c, 50); err != nil {
			t.Fatal(err)
		}
	}
	if !d.known(asks) || !d.known(own.ID) || d.known(silent) {
		t.Errorf("who asks is known: %t; the owner's: %t; who was silent: %t", d.known(asks), d.known(own.ID), d.known(silent))
	}
	if err := d.store.Collect(t.Context(), now, now.Add(time.Hour)); err != nil || !d.known(asks) {
		t.Errorf("who asks is known after the old ones are forgotten: %t, %v", d.known(asks), err)
	}
	d.allow(page.number)
	if done := b.send(d.url+"/authorize/finish", page.fields); done.location == nil || done.location.Query().Get("code") == "" {
		t.Errorf("who asks gets no code: %d %s", done.status, done.text)
	}
}

// everywhere is a web on which each address has a document.
type everywhere struct{}

func (everywhere) Fetch(_ context.Context, id, _ string) (cimd.Fetched, error) {
	doc := cimd.Document{ClientID: id, ClientName: "x", RedirectURIs: []string{callback, claude}}
	return cimd.Fetched{Document: doc, Expires: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)}, nil
}

// TestAFloodOfDocuments has many addresses of a stranger's: what asks for nothing is not kept, and a client that the
// owner connects is taken all the same.
func TestAFloodOfDocuments(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public, s.Documents = true, everywhere{} })
	b := newBrowser(t)
	d.open = false
	for i := range 60 {
		d.pass(6 * time.Second)
		b.get(d.request(fmt.Sprintf("https://evil.example/%d.json", i), url.Values{"response_type": {"x"}}))
	}
	if all, err := d.store.Clients(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d clients are kept that asked for nothing, %v", len(all), err)
	}
	for i := range 60 { // good requests, of which three wait at a time
		d.pass(2 * time.Minute)
		b.get(d.request(fmt.Sprintf("https://evil.example/%d.json", i), nil))
	}
	if all, err := d.store.Clients(t.Context()); err != nil || len(all) > 50 {
		t.Errorf("%d clients are kept, %v", len(all), err)
	}
	d.pass(6 * time.Minute)
	d.open = true
	page := newBrowser(t).get(d.request("https://claude.ai/oauth/mcp-oauth-client-metadata", url.Values{"redirect_uri": {claude}}))
	if page.status != http.StatusOK || page.number == "" {
		t.Errorf("the owner's client gets %d", page.status)
	}
}

// TestAFloodLeavesThePageThatWaits: its own loading counts for nothing, and neither does what others load.
func TestAFloodLeavesThePageThatWaits(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	var browsers []*browser
	var addresses []string
	for i := range 2 { // without scripts, at one place and at another
		d.move(fmt.Sprintf("192.0.2.%d", i))
		browsers, addresses = append(browsers, newBrowser(t)), append(addresses, d.request(d.register(claude), url.Values{"redirect_uri": {claude}}))
		browsers[i].get(addresses[i])
	}
	for s := 3; s < 300; s += 3 {
		d.pass(3 * time.Second)
		d.move("198.51.100.7")
		for range 3 {
			newBrowser(t).get(d.url + "/authorize?client_id=nobody")
		}
		for i, b := range browsers {
			d.move(fmt.Sprintf("192.0.2.%d", i))
			if page := b.get(addresses[i]); page.number == "" {
				t.Fatalf("after %d s the page of browser %d is %d: %s", s, i, page.status, page.text)
			}
		}
	}
}

// TestNewVisitsAreCounted by where they come from, so that a stranger uses up nobody else's; and all together.
func TestNewVisitsAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		flood  func(i int) string // where the i-th request comes from
		own    string
		public bool
		want   int // the owner's status
	}{
		"from elsewhere":                {func(int) string { return "198.51.100.7" }, "192.0.2.1", true, http.StatusBadRequest},
		"from the same place":           {func(int) string { return "192.0.2.1" }, "192.0.2.1", true, http.StatusTooManyRequests},
		"with a port":                   {func(i int) string { return fmt.Sprintf("192.0.2.1:%d", 1000+i) }, "192.0.2.1:9", true, http.StatusTooManyRequests},
		"from one network of IPv6":      {func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, "2001:db8::ffff", true, http.StatusTooManyRequests},
		"from another network of IPv6":  {func(i int) string { return fmt.Sprintf("2001:db8::%x", i+1) }, "2001:db8:0:1::1", true, http.StatusBadRequest},
		"from everywhere":               {func(i int) string { return fmt.Sprintf("198.51.100.%d", i) }, "192.0.2.1", true, http.StatusTooManyRequests},
		"on this computer":              {func(int) string { return "127.0.0.1" }, "127.0.0.1", false, http.StatusTooManyRequests},
		"by a proxy that names nobody":  {func(i int) string { return "127.0.0.1" }, "127.0.0.1", true, http.StatusTooManyRequests},
		"by that, but not in such mass": {func(i int) string { return []string{"127.0.0.1", "198.51.100.7"}[i%2] }, "127.0.0.1", true, http.StatusBadRequest},
	} {
		d := newDesk(t, func(s *oauth.Server) { s.Public = c.public })
		b := newBrowser(t)
		for i := range 130 {
			d.move(c.flood(i))
			b.get(d.url + "/authorize?client_id=nobody")
		}
		d.move(c.own)
		s := b.get(d.url + "/authorize?client_id=nobody")
		if s.status != c.want {
			t.Errorf("%s: %d, want %d", name, s.status, c.want)
		}
		if after := s.header.Get("Retry-After"); (after != "") != (c.want == http.StatusTooManyRequests) || len(after) > 1 {
			t.Errorf("%s: Retry-After is %q", name, after)
		}
		if s.status == http.StatusTooManyRequests && !strings.Contains(s.text, "tries again by itself") {
			t.Errorf("%s: %s", name, s.text)
		}
	}
}

// TestAStrangerLeavesRoom among those who wait: one place outside has one slot, and the last is for an app that is known.
func TestAStrangerLeavesRoom(t *testing.T) {
	const evil = "https://evil.example/cb"
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	ask := func(place, redirect string) (shown, func() shown) {
		t.Helper()
		d.pass(12 * time.Second) // so that it can be registered
		d.move(place)
		b, address := newBrowser(t), d.request(d.register(redirect), url.Values{"redirect_uri": {redirect}})
		return b.get(address), func() shown { d.move(place); return b.get(address) }
	}
	for _, c := range []struct {
		name, place, redirect string
		want                  int
	}{
		{"a stranger", "198.51.100.7", evil, http.StatusOK},
		{"the same once more", "198.51.100.7", evil, http.StatusTooManyRequests},
		{"the same as if for Claude", "198.51.100.7", claude, http.StatusTooManyRequests},
		{"from a network of IPv6", "2001:db8::1", callback, http.StatusOK},
		{"the same with another address of it", "2001:db8::2", claude, http.StatusTooManyRequests},
		{"a third stranger", "198.51.100.8", evil, http.StatusTooManyRequests},
	} {
		s, _ := ask(c.place, c.redirect)
		if s.status != c.want {
			t.Errorf("%s gets %d, want %d", c.name, s.status, c.want)
		}
		if s.status == http.StatusTooManyRequests && (!strings.Contains(s.text, "tries again by itself") || len(s.header.Get("Retry-After")) != 3) {
			t.Errorf("%s is told to wait %s s: %s", c.name, s.header.Get("Retry-After"), s.text)
		}
	}
	if own, _ := ask("192.0.2.1", claude); own.number == "" {
		t.Errorf("the owner gets %d %s", own.status, own.text)
	}
	late, again := ask("192.0.2.2", claude)
	if late.status != http.StatusTooManyRequests {
		t.Errorf("a fourth gets %d", late.status)
	}
	all, err := d.queue.Pending(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d wait, %v", len(all), err)
	}
	if err := d.queue.Answer(t.Context(), all[0].ID, approval.Answer{}); err != nil {
		t.Fatal(err)
	}
	if late = again(); late.number == "" {
		t.Errorf("after the owner has answered one, the fourth gets %d", late.status)
	}
}

// TestPlacesThatCannotBeToldApart share the slots: on this computer, and behind a proxy that does not say for whom it asks.
func TestPlacesThatCannotBeToldApart(t *testing.T) {
	for _, public := range []bool{false, true} {
		d := newDesk(t, func(s *oauth.Server) { s.Public = public })
		for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
			redirect := []string{callback, callback, claude, claude}[i]
			if s := newBrowser(t).get(d.request(d.register(redirect), url.Values{"redirect_uri": {redirect}})); s.status != want {
				t.Errorf("public %t: request %d gets %d, want %d", public, i, s.status, want)
			}
		}
	}
}

// TestRegistrationsAreCounted by where they come from: a stranger does not use up what the owner's app needs.
func TestRegistrationsAreCounted(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	status := func(place string) int {
		t.Helper()
		d.move(place)
		return d.registerAt(d.url)
	}
	for i := range 9 {
		want := http.StatusCreated
		if i >= 5 {
			want = http.StatusTooManyRequests
		}
		if got := status("198.51.100.7"); got != want {
			t.Errorf("registration %d of a stranger gets %d, want %d", i, got, want)
		}
	}
	for range 25 {
		d.pass(12 * time.Second)
		status("198.51.100.7")
	}
	if got := status("198.51.100.7"); got != http.StatusTooManyRequests {
		t.Errorf("after 20 within an hour one more gets %d", got)
	}
	for i := range 20 {
		if got := status(fmt.Sprintf("192.0.2.%d", i)); got != http.StatusCreated {
			t.Errorf("one from elsewhere gets %d", got)
		}
	}
	if got := status("192.0.2.99"); got != http.StatusTooManyRequests {
		t.Errorf("after 20 at once from everywhere one more gets %d", got)
	}
}

// counted is a web on which each address has a document, of which ten a minute are fetched.
type counted struct {
	everywhere
	n int
}

func (c *counted) Fetch(ctx context.Context, id, etag string) (cimd.Fetched, error) {
	if c.n++; c.n > 10 {
		return cimd.Fetched{}, cimd.ErrBusy
	}
	return c.everywhere.Fetch(ctx, id, etag)
}

// TestDocumentsAreCounted by who has them fetched.
func TestDocumentsAreCounted(t *testing.T) {
	web := &counted{}
	d := newDesk(t, func(s *oauth.Server) { s.Public, s.Documents = true, web })
	d.move("198.51.100.7")
	for i := range 15 {
		newBrowser(t).get(d.request(fmt.Sprintf("https://evil.example/%d.json", i), nil))
	}
	d.move("192.0.2.1")
	if s := newBrowser(t).get(d.request("https://app.example/client.json", nil)); s.number == "" {
		t.Errorf("the owner's app gets %d: %s", s.status, s.text)
	}
	if web.n != 6 {
		t.Errorf("%d documents were fetched", web.n)
	}
}
