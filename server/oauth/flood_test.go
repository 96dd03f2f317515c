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
