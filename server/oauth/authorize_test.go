package oauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
	"postern/server/oauth/cimd"
)

func (d *desk) fetch(path string, change ...func(*http.Request)) (int, map[string]any, http.Header) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	var v map[string]any
	_ = json.Unmarshal(b, &v)
	return resp.StatusCode, v, resp.Header
}

// TestMetadata is attacks 1, 2 and 4 (RFC 8414, RFC 9728): one issuer everywhere, whatever a request says.
func TestMetadata(t *testing.T) {
	d := newDesk(t)
	lie := func(r *http.Request) {
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("Forwarded", "host=evil.example")
		r.Header.Set("Origin", "https://evil.example")
	}
	status, as, header := d.fetch("/.well-known/oauth-authorization-server", lie)
	if status != 200 || as["issuer"] != d.url || header.Get("Access-Control-Allow-Origin") != "*" || header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v %v", status, as, header)
	}
	if !slices.Contains(as["token_endpoint_auth_methods_supported"].([]any), any("none")) || !slices.Contains(as["code_challenge_methods_supported"].([]any), any("S256")) || as["authorization_response_iss_parameter_supported"] != true {
		t.Errorf("%v", as)
	}
	if !slices.Contains(as["scopes_supported"].([]any), any("offline_access")) {
		t.Errorf("offline_access is missing in %v", as["scopes_supported"])
	}
	for _, path := range []string{"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"} {
		status, rs, _ := d.fetch(path, lie)
		if status != 200 || rs["resource"] != d.url+"/mcp" || rs["authorization_servers"].([]any)[0] != d.url || slices.Contains(rs["scopes_supported"].([]any), any("offline_access")) {
			t.Errorf("%s: %d %v", path, status, rs)
		}
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/register/x", "/", "/debug/pprof/"} {
		if status, v, _ := d.fetch(path); status != 404 || v["error"] == nil {
			t.Errorf("%s: %d %v", path, status, v)
		}
	}
}

// TestRegistration is attacks 5 to 9 (RFC 7591).
func TestRegistration(t *testing.T) {
	d := newDesk(t)
	status, v := d.registration(map[string]any{
		"client_name": "Claude\u202e \u200bx", "redirect_uris": []string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"},
		"token_endpoint_auth_method": "client_secret_post", "client_id": "mine", "client_secret": "mine", "scope": "everything",
	})
	if status != 201 || v["token_endpoint_auth_method"] != "none" || v["client_id"] == "mine" || v["client_secret"] != nil || v["client_name"] != "Claude x" {
		t.Errorf("%d %v", status, v)
	}
	for name, value := range v {
		if value == nil {
			t.Errorf("%s is null, which some clients refuse", name)
		}
	}
	for name, m := range map[string]map[string]any{
		"no redirect URI":       {},
		"a bad one among good":  {"redirect_uris": []string{callback, "javascript:alert(1)"}},
		"eleven":                {"redirect_uris": slices.Repeat([]string{callback}, 11)},
		"implicit alone":        {"redirect_uris": []string{callback}, "grant_types": []string{"implicit"}},
		"tokens in the address": {"redirect_uris": []string{callback}, "response_types": []string{"token"}},
	} {
		d.pass(10 * time.Minute)
		if status, v := d.registration(m); status != 400 || v["error"] == nil {
			t.Errorf("%s: %d %v", name, status, v)
		}
	}
	d.pass(10 * time.Minute)
	if status, _ := d.registration(map[string]any{"redirect_uris": []string{callback}, "client_name": strings.Repeat("x", 9000)}); status != 413 {
		t.Errorf("a long registration gets %d", status)
	}
}

// TestAFloodOfRegistrations is attack 8: what was let in is not touched, nothing is shown, and the oldest strangers are
// forgotten.
func TestAFloodOfRegistrations(t *testing.T) {
	d := newDesk(t)
	own := d.register(callback)
	access, _ := d.tokens(own)
	for range 300 {
		d.pass(3 * time.Minute)
		d.register(callback)
	}
	newest := d.register(callback)
	all, err := d.store.Clients(t.Context())
	if err != nil || len(all) != 51 || !d.known(own) || !d.known(newest) {
		t.Errorf("%d clients are kept, the newest: %t, that which was let in: %t, %v", len(all), d.known(newest), d.known(own), err)
	}
	if pending, err := d.queue.Pending(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("the owner is shown %d questions, %v", len(pending), err)
	}
	if _, err := d.server.Verify(t.Context(), access); !errors.Is(err, oauth.ErrToken) { // 15 hours later
		t.Errorf("the token: %v", err)
	}
	d.pass(25 * time.Hour)
	if err := d.store.Collect(t.Context(), d.clock(), d.clock().Add(-24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if all, err = d.store.Clients(t.Context()); err != nil || len(all) != 1 || all[0].ID != own {
		t.Errorf("after a day there are %d clients, %v", len(all), err)
	}
}

// TestRequestsThatAreNotSentBack is attacks 15, 16, 18 and 27 (OAuth 2.1 section 4.1.2.1): nothing is redirected.
func TestRequestsThatAreNotSentBack(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback, "https://app.example/cb")
	b := newBrowser(t)
	for name, address := range map[string]string{
		"unknown client":       d.request("mcpc_nobody", nil),
		"no client":            d.request("", url.Values{"client_id": {""}}),
		"no redirect URI":      d.request(client, url.Values{"redirect_uri": {""}}),
		"another host":         d.request(client, url.Values{"redirect_uri": {"https://evil.example/cb"}}),
		"another path":         d.request(client, url.Values{"redirect_uri": {"https://app.example/cb/x"}}),
		"path goes up":         d.request(client, url.Values{"redirect_uri": {"https://app.example/cb/../cb"}}),
		"an added query":       d.request(client, url.Values{"redirect_uri": {callback + "?x=1"}}),
		"default port":         d.request(client, url.Values{"redirect_uri": {"https://app.example:443/cb"}}),
		"localhost for its IP": d.request(client, url.Values{"redirect_uri": {"http://localhost:4567/callback"}}),
		"client twice":         d.request(client, nil) + "&client_id=" + client,
		"redirect URI twice":   d.request(client, nil) + "&redirect_uri=" + url.QueryEscape(callback),
		"scope twice":          d.request(client, nil) + "&scope=x",
		"a long state":         d.request(client, url.Values{"state": {strings.Repeat("x", 5000)}}),
	} {
		d.pass(time.Minute)
		if s := b.get(address); s.status != http.StatusBadRequest || s.location != nil {
			t.Errorf("%s: %d to %v: %s", name, s.status, s.location, s.text)
		}
	}
	if pending, err := d.queue.Pending(t.Context()); err != nil || len(pending) != 0 {
		t.Errorf("%d questions were asked, %v", len(pending), err)
	}
}

// TestRequestsThatAreSentBack is attacks 17, 19 and 20: the client is told, with iss and the exact state.
func TestRequestsThatAreSentBack(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	const state = "a state: \u00e4 &=?/\"'\n%20"
	for _, c := range []struct {
		name   string
		change url.Values
		want   string
	}{
		{"no response type", url.Values{"response_type": {""}}, "invalid_request"},
		{"token", url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		{"code and token", url.Values{"response_type": {"code token"}}, "unsupported_response_type"},
		{"fragment", url.Values{"response_mode": {"fragment"}}, "invalid_request"},
		{"form_post", url.Values{"response_mode": {"form_post"}}, "invalid_request"},
		{"request object", url.Values{"request": {"x"}}, "invalid_request"},
		{"no challenge", url.Values{"code_challenge": {""}}, "invalid_request"},
		{"no method", url.Values{"code_challenge_method": {""}}, "invalid_request"},
		{"plain", url.Values{"code_challenge_method": {"plain"}}, "invalid_request"},
		{"S512", url.Values{"code_challenge_method": {"S512"}}, "invalid_request"},
		{"short challenge", url.Values{"code_challenge": {"x"}}, "invalid_request"},
		{"another resource", url.Values{"resource": {"https://evil.example/mcp"}}, "invalid_target"},
		{"resource with a fragment", url.Values{"resource": {d.url + "/mcp#x"}}, "invalid_target"},
		{"resource below", url.Values{"resource": {d.url + "/mcp/x"}}, "invalid_target"},
		{"two resources", url.Values{"resource": {d.url + "/mcp", d.url}}, "invalid_target"},
		{"a scope with a line break", url.Values{"scope": {"gmail:read\ngmail:send"}}, "invalid_scope"},
	} {
		d.pass(time.Minute)
		c.change.Set("state", state)
		s := b.get(d.request(client, c.change))
		if s.status != http.StatusFound || s.location == nil {
			t.Errorf("%s: %d: %s", c.name, s.status, s.text)
			continue
		}
		q := s.location.Query()
		if q.Get("error") != c.want || q.Get("iss") != d.url || q.Get("state") != state || q.Has("code") || !strings.HasPrefix(s.location.String(), callback+"?") {
			t.Errorf("%s: %s, want %s", c.name, s.location, c.want)
		}
	}
	for name, resource := range map[string]string{"a slash": "/mcp/", "the origin": "", "the origin with a slash": "/"} {
		d.pass(time.Minute)
		if s := newBrowser(t).get(d.request(client, url.Values{"resource": {strings.ToUpper(d.url[:4]) + d.url[4:] + resource}})); s.number == "" {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
		_ = d.queue.Withdraw(t.Context(), d.pending().ID)
	}
}

// TestSendingBackIsNoOpenRedirect has a client that nobody has let in, with a redirect URI of its own.
func TestSendingBackIsNoOpenRedirect(t *testing.T) {
	d := newDesk(t)
	client := d.register("https://evil.example/cb")
	s := newBrowser(t).get(d.request(client, url.Values{"redirect_uri": {"https://evil.example/cb"}, "response_type": {"token"}}))
	if s.status != http.StatusOK || s.location == nil || s.header.Get("Location") != "" {
		t.Errorf("%d, a link to %v, redirected to %q", s.status, s.location, s.header.Get("Location"))
	}
}

// TestScopesThatAreAsked is attack 21: what is unknown is left out, and what is not asked is the basic set.
func TestScopesThatAreAsked(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	for asked, want := range map[string]string{
		"":                                 "gmail:read",
		"* admin gmail:send gmail:send":    "gmail:send",
		"mcp:everything openid":            "gmail:read",
		"docs:read offline_access profile": "docs:read",
	} {
		d.pass(time.Minute)
		newBrowser(t).get(d.request(client, url.Values{"scope": {asked}}))
		q := d.pending()
		var got []string
		for _, c := range q.Offer.Scopes {
			if c.Asked {
				got = append(got, c.ID)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q asks for %v, want %s", asked, got, want)
		}
		_ = d.queue.Withdraw(t.Context(), q.ID)
	}
}

// TestBrowsers is attacks 22 and 23: a code goes only to the browser whose number was picked.
func TestBrowsers(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	mine, thief := newBrowser(t), newBrowser(t)
	page := mine.get(d.request(client, nil))
	if page.number == "" {
		t.Fatal(page.text)
	}
	for name, fields := range map[string]url.Values{
		"another browser with all that the page has": page.fields,
	} {
		if s := thief.send(d.url+"/authorize/finish", fields); s.status != http.StatusForbidden || s.location != nil {
			t.Errorf("%s: %d %v", name, s.status, s.location)
		}
	}
	forged := url.Values{"request": page.fields["request"], "token": {"mcpcf_x"}}
	if s := mine.send(d.url+"/authorize/finish", forged); s.status != http.StatusForbidden || s.location != nil {
		t.Errorf("without the page's token: %d %v", s.status, s.location)
	}
	if s := mine.send(d.url+"/authorize/finish", page.fields); s.location != nil || s.number != page.number {
		t.Errorf("before the yes: %d, %v, number %q", s.status, s.location, s.number)
	}
	// The thief's own request, for which the owner types the number of their own page.
	d.pass(time.Second)
	d.move("192.0.2.7")
	stolen := thief.get(d.request(client, nil))
	pending, err := d.queue.Pending(t.Context())
	if err != nil || len(pending) != 2 {
		t.Fatalf("%d questions, %v", len(pending), err)
	}
	wrong := approval.Answer{Approved: true, Number: page.number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: []string{"gmail:read"}}}
	if page.number != stolen.number {
		if err := d.queue.Answer(t.Context(), pending[1].ID, wrong); !errors.Is(err, approval.ErrWrongNumber) {
			t.Errorf("another browser's number: %v", err)
		}
		if s := thief.send(d.url+"/authorize/finish", stolen.fields); s.location == nil || s.location.Query().Get("code") != "" || s.location.Query().Get("error") != "access_denied" {
			t.Errorf("after the wrong number: %d %v", s.status, s.location)
		}
	}
	if err := d.queue.Answer(t.Context(), pending[0].ID, wrong); err != nil {
		t.Fatal(err)
	}
	if s := mine.get(d.url + "/authorize/status?request=" + page.fields.Get("request")); !strings.Contains(s.text, "approved") {
		t.Errorf("the status: %s", s.text)
	}
	if s := thief.get(d.url + "/authorize/status?request=" + page.fields.Get("request")); s.status != http.StatusNotFound {
		t.Errorf("the status, in another browser: %d %s", s.status, s.text)
	}
	done := mine.send(d.url+"/authorize/finish", page.fields)
	if q := done.location.Query(); q.Get("code") == "" || q.Get("state") != "the state" || q.Get("iss") != d.url {
		t.Errorf("%v", done.location)
	}
	if again := mine.send(d.url+"/authorize/finish", page.fields); again.header.Get("Location") != "" || again.location == nil || *again.location != *done.location {
		t.Errorf("the form a second time leads to %v, by itself to %q; the first was %v", again.location, again.header.Get("Location"), done.location)
	}
	if s := thief.send(d.url+"/authorize/finish", page.fields); s.status != http.StatusForbidden || s.location != nil {
		t.Errorf("the form a second time in another browser: %d %v", s.status, s.location)
	}
}

func TestCrossSiteFormsAreRefused(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	page := b.get(d.request(client, nil))
	d.allow(page.number)
	req, err := http.NewRequest(http.MethodPost, d.url+"/authorize/finish", strings.NewReader(page.fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if s := b.read(resp); s.status != http.StatusForbidden {
		t.Errorf("%d %s", s.status, s.text)
	}
}

func TestReloadingAsksOnce(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	b := newBrowser(t)
	first := b.get(d.request(client, nil))
	again := b.get(d.request(client, nil))
	if again.number != first.number || d.pending().ID == "" {
		t.Errorf("the number was %s, and is %s after a reload", first.number, again.number)
	}
	if typing := b.get(d.request(client, nil) + "&postern_code=1"); typing.number != first.number {
		t.Errorf("the number was %s, and is %s where a pairing code is typed", first.number, typing.number)
	}
}

// TestNoAndSilence is attack 29.
func TestNoAndSilence(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	for name, end := range map[string]func(q approval.Request, b *browser, page shown) shown{
		"no": func(q approval.Request, b *browser, _ shown) shown {
			if err := d.queue.Answer(t.Context(), q.ID, approval.Answer{}); err != nil {
				t.Fatal(err)
			}
			return b.get(d.request(client, nil))
		},
		"silence": func(_ approval.Request, b *browser, _ shown) shown {
			d.pass(6 * time.Minute)
			return b.get(d.request(client, nil))
		},
		"cancelled at the page": func(_ approval.Request, b *browser, page shown) shown {
			return b.send(d.url+"/authorize/cancel", page.fields)
		},
	} {
		d.pass(11 * time.Minute)
		b := newBrowser(t)
		page := b.get(d.request(client, nil))
		s := end(d.pending(), b, page)
		if s.location == nil || s.location.Query().Get("error") != "access_denied" || s.location.Query().Get("iss") != d.url {
			t.Errorf("%s: %d %v %s", name, s.status, s.location, s.text)
		}
		if pending, err := d.queue.Pending(t.Context()); err != nil || len(pending) != 0 {
			t.Errorf("%s: %d questions are left, %v", name, len(pending), err)
		}
		if s := b.send(d.url+"/authorize/finish", page.fields); s.location != nil && s.location.Query().Get("code") != "" {
			t.Errorf("%s: a code comes all the same", name)
		}
	}
}

// TestPushFatigue is attack 24: outside of the pairing window nothing shows by itself, inside one question does, and after
// two noes none.
func TestPushFatigue(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	client, known := d.register(callback), url.Values{"redirect_uri": {claude}}
	requests := []string{d.request(client, nil), d.request(d.register(callback), nil), d.request(d.register(claude), known), d.request(d.register(claude), known)}
	d.open = false
	status := 0
	for i := range 12 {
		status = newBrowser(t).get(requests[i%4]).status
	}
	if open, show := d.showing(); open != 3 || show != 0 || status != http.StatusTooManyRequests {
		t.Errorf("outside of the window: %d wait, %d show, the last gets %d", open, show, status)
	}
	d.pass(11 * time.Minute)
	d.open = true
	for _, r := range requests {
		newBrowser(t).get(r)
	}
	if open, show := d.showing(); open != 3 || show != 1 {
		t.Errorf("inside of the window %d wait, %d show", open, show)
	}
	d.pass(6 * time.Minute)
	for range 2 {
		b := newBrowser(t)
		b.get(d.request(client, nil))
		if err := d.queue.Answer(t.Context(), d.pending().ID, approval.Answer{}); err != nil {
			t.Fatal(err)
		}
		b.get(d.request(client, nil))
	}
	newBrowser(t).get(d.request(client, nil))
	if open, show := d.showing(); open != 1 || show != 0 {
		t.Errorf("after two noes %d wait, %d show", open, show)
	}
}

func TestASuccessClosesTheWindow(t *testing.T) {
	d := newDesk(t, func(s *oauth.Server) { s.Public = true })
	d.code(d.register(callback))
	if d.open {
		t.Error("the pairing window is open after a client was let in")
	}
}

func TestClosed(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	d.shut = "paused"
	if s := newBrowser(t).get(d.request(client, nil)); s.status != http.StatusServiceUnavailable || !strings.Contains(s.text, "paused") {
		t.Errorf("%d %s", s.status, s.text)
	}
	if status, _ := d.registration(map[string]any{"redirect_uris": []string{callback}}); status != http.StatusTooManyRequests {
		t.Errorf("a registration gets %d", status)
	}
}

// TestBlockedClients may not even ask.
func TestBlockedClients(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	access, refresh := d.tokens(client)
	if err := d.store.SetClientStatus(t.Context(), client, oauth.Blocked, d.clock()); err != nil {
		t.Fatal(err)
	}
	if d.good(access) {
		t.Error("a token of a blocked client is good")
	}
	if status, v := d.refresh(client, refresh, nil); status != 401 || v["error"] != "invalid_client" {
		t.Errorf("%d %v", status, v)
	}
	if s := newBrowser(t).get(d.request(client, nil)); s.status != http.StatusForbidden {
		t.Errorf("%d %s", s.status, s.text)
	}
}

// TestHeadAndPrefetchAskNothing is attack 30.
func TestHeadAndPrefetchAskNothing(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	if resp, err := http.Head(d.request(client, nil)); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD: %v, %v", resp, err)
	}
	req, err := http.NewRequest(http.MethodGet, d.request(client, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Purpose", "prefetch;prerender")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if all, err := d.queue.Pending(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d questions were asked, %v", len(all), err)
	}
}

// TestWhatNobodySeesAsksNothing: a web page that loads the address as a picture, in a frame or by a script has nobody look
// at a number.
func TestWhatNobodySeesAsksNothing(t *testing.T) {
	d := newDesk(t)
	address := d.request(d.register(callback), nil)
	for dest, want := range map[string]int{"image": 403, "iframe": 403, "script": 403, "empty": 403, "document": 200} {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Sec-Fetch-Dest", dest)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		open, _ := d.showing()
		if resp.StatusCode != want || open == 1 != (want == 200) {
			t.Errorf("as %s: %d, %d questions wait", dest, resp.StatusCode, open)
		}
		if want == 200 {
			_ = d.queue.Withdraw(t.Context(), d.pending().ID)
		}
	}
}

// documents is the web as far as clients publish on it.
type documents struct {
	of  map[string]cimd.Document
	err error
	n   int
}

func (d *documents) Fetch(_ context.Context, id, _ string) (cimd.Fetched, error) {
	d.n++
	if d.err != nil {
		return cimd.Fetched{}, d.err
	}
	doc, ok := d.of[id]
	if !ok {
		return cimd.Fetched{}, errors.New("answered 404")
	}
	return cimd.Fetched{Document: doc, ETag: "1", Expires: time.Date(2026, 11, 1, 13, 0, 0, 0, time.UTC)}, nil
}

// TestPublishedClients is attacks 12 to 14, and rule 11: a document that cannot be had.
func TestPublishedClients(t *testing.T) {
	const id = "https://app.example/client.json"
	web := &documents{of: map[string]cimd.Document{id: {ClientID: id, ClientName: "App", RedirectURIs: []string{callback}}}}
	d := newDesk(t, func(s *oauth.Server) { s.Documents = web })
	access, _ := d.tokens(id)
	if !d.good(access) {
		t.Fatal("no token")
	}
	if h, err := d.server.Verify(t.Context(), access); err != nil || h.Client.Kind != oauth.Published {
		t.Errorf("%+v, %v", h.Client, err)
	}
	newBrowser(t).get(d.request(id, nil))
	_ = d.queue.Withdraw(t.Context(), d.pending().ID)
	if web.n != 1 {
		t.Errorf("the document was fetched %d times within its time", web.n)
	}
	for _, other := range []string{id + "/", "https://App.example/client.json", "https://app.example/client.json?x"} {
		if s := newBrowser(t).get(d.request(other, nil)); s.number != "" {
			t.Errorf("%s is taken for %s", other, id)
		}
	}
	// The document names another redirect URI: it may be asked for, but what was given stays with the old one.
	d.pass(2 * time.Hour)
	web.of[id] = cimd.Document{ClientID: id, ClientName: "App", RedirectURIs: []string{"https://evil.example/cb"}}
	if s := newBrowser(t).get(d.request(id, nil)); s.number != "" {
		t.Error("a redirect URI is taken that the document has no more")
	}
	if s := newBrowser(t).get(d.request(id, url.Values{"redirect_uri": {"https://evil.example/cb"}})); s.number == "" {
		t.Errorf("the new one: %d %s", s.status, s.text)
	}
	q := d.pending()
	if !strings.Contains(fmt.Sprint(q.Preview.Warnings), "evil.example") {
		t.Errorf("the owner is warned %q", q.Preview.Warnings)
	}
	_ = d.queue.Withdraw(t.Context(), q.ID)
	// It cannot be fetched: the last good one counts for a client that was let in, for a week.
	d.pass(2 * time.Hour)
	web.err = errors.New("answered 403")
	if s := newBrowser(t).get(d.request(id, url.Values{"redirect_uri": {"https://evil.example/cb"}})); s.number == "" {
		t.Errorf("stale: %d %s", s.status, s.text)
	}
	_ = d.queue.Withdraw(t.Context(), d.pending().ID)
	d.pass(8 * 24 * time.Hour)
	if s := newBrowser(t).get(d.request(id, url.Values{"redirect_uri": {"https://evil.example/cb"}})); s.number != "" || s.status != http.StatusBadRequest {
		t.Errorf("after a week: %d %s", s.status, s.text)
	}
	const claude = "https://claude.ai/oauth/mcp-oauth-client-metadata"
	if s := newBrowser(t).get(d.request(claude, url.Values{"redirect_uri": {"https://claude.ai/api/mcp/auth_callback"}})); s.number == "" {
		t.Errorf("a built-in document: %d %s", s.status, s.text)
	}
}
