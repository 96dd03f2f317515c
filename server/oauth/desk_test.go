package oauth_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"postern/internal/approval"
	"postern/internal/store"
	"postern/internal/tool"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

const (
	verifier = "a-verifier-of-forty-three-letters-or-more-0123"
	callback = "http://127.0.0.1:4567/callback"
)

var challenge = func() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}()

// catalogue is the scopes of two services.
type catalogue struct{}

func (catalogue) Scopes() []string {
	return []string{"gmail:read", "gmail:write", "gmail:send", "docs:read"}
}
func (catalogue) Basic() []string               { return []string{"gmail:read"} }
func (catalogue) Implies(has, want string) bool { return tool.Scope(has).Implies(tool.Scope(want)) }

// desk is an authorization server on a real listener, with its owner.
type desk struct {
	t      *testing.T
	store  *store.Store
	queue  *approval.Queue
	server *oauth.Server
	url    string
	pepper opaque.Pepper

	mu    sync.Mutex // guards the fields below
	now   time.Time
	open  bool   // the pairing window
	from  string // where requests come from
	shut  string
	ended []string
}

func newDesk(t *testing.T, change ...func(*oauth.Server)) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d := &desk{t: t, store: s, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), pepper: opaque.NewPepper(), open: true, from: "127.0.0.1"}
	d.queue = &approval.Queue{Store: s, Now: d.clock, Alive: func(approval.Process) bool { return true }}
	d.server, d.url = d.serve(change...)
	return d
}

// serve starts another server over the same store.
func (d *desk) serve(change ...func(*oauth.Server)) (*oauth.Server, string) {
	d.t.Helper()
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	d.t.Cleanup(srv.Close)
	s := &oauth.Server{
		Issuer: srv.URL, Store: d.store, Approver: d.queue, Catalogue: catalogue{}, Offers: d, Window: d, Now: d.clock,
		Pepper: func() (opaque.Pepper, error) { return d.pepper, nil },
		Closed: func() string { d.mu.Lock(); defer d.mu.Unlock(); return d.shut },
		Source: func(*http.Request) string { d.mu.Lock(); defer d.mu.Unlock(); return d.from },
		Ended:  func(id string) { d.mu.Lock(); defer d.mu.Unlock(); d.ended = append(d.ended, id) },
	}
	for _, c := range change {
		c(s)
	}
	handler = s.Handler()
	return s, srv.URL
}

func (d *desk) clock() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now }

func (d *desk) pass(t time.Duration) { d.mu.Lock(); defer d.mu.Unlock(); d.now = d.now.Add(t) }

// move has the requests from now on come from another address.
func (d *desk) move(to string) { d.mu.Lock(); defer d.mu.Unlock(); d.from = to }

// Open and Close make the desk the pairing window.
func (d *desk) Open(context.Context) bool { d.mu.Lock(); defer d.mu.Unlock(); return d.open }

func (d *desk) Close(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = false
	return nil
}

// Profiles and Scopes make the desk what the owner can give.
func (d *desk) Profiles(context.Context) ([]approval.Choice, error) {
	return []approval.Choice{{ID: "p1", Title: "work (ada@example.com)"}, {ID: "p2", Title: "home (ada@home.example)"}}, nil
}

func (d *desk) Scopes(_ context.Context, asked []string) ([]approval.Choice, error) {
	var all []approval.Choice
	for _, s := range catalogue.Scopes(catalogue{}) {
		all = append(all, approval.Choice{ID: s, Title: s, Asked: slices.Contains(asked, s), Risky: s == "gmail:send"})
	}
	return all, nil
}

// post sends a form and returns the status and the JSON of the answer.
func (d *desk) post(address string, form url.Values, change ...func(*http.Request)) (int, map[string]any, http.Header) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	var v map[string]any
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	_ = json.Unmarshal(b, &v) // not every answer has a body
	return resp.StatusCode, v, resp.Header
}

// register registers a client and returns its id.
func (d *desk) register(redirects ...string) string {
	d.t.Helper()
	status, v := d.registration(map[string]any{"client_name": "App", "redirect_uris": redirects})
	if status != http.StatusCreated {
		d.t.Fatalf("registering: %d %v", status, v)
	}
	return v["client_id"].(string)
}

func (d *desk) registration(metadata any) (int, map[string]any) {
	d.t.Helper()
	b, err := json.Marshal(metadata)
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.Post(d.url+"/register", "application/json", strings.NewReader(string(b)))
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	var v map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&v); err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, v
}

// request is a good authorization request, with changes; an empty value takes a parameter away.
func (d *desk) request(client string, change url.Values) string {
	v := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
		"state": {"the state"}, "scope": {"gmail:read gmail:write"}, "resource": {d.url + "/mcp"},
	}
	for name, values := range change {
		if v[name] = values; len(values) == 1 && values[0] == "" {
			delete(v, name)
		}
	}
	return d.url + "/authorize?" + v.Encode()
}

// browser is a person's browser, which follows no redirects.
type browser struct {
	*http.Client
	t *testing.T
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, t}
}

// shown is a page, or where the browser was sent.
type shown struct {
	status   int
	text     string // without marks
	number   string
	fields   url.Values // of its forms
	location *url.URL   // of a redirect, or of the page's link to the client
	header   http.Header
}

func (b *browser) get(address string) shown {
	b.t.Helper()
	resp, err := b.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(resp)
}

func (b *browser) send(address string, fields url.Values) shown {
	b.t.Helper()
	resp, err := b.PostForm(address, fields)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.read(resp)
}

var twoDigits = regexp.MustCompile(`class="number"[^>]*>(\d\d)<`)

func (b *browser) read(resp *http.Response) shown {
	b.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	s := shown{status: resp.StatusCode, fields: url.Values{}, header: resp.Header}
	if m := twoDigits.FindSubmatch(body); m != nil {
		s.number = string(m[1])
	}
	if s.location, err = resp.Location(); err == nil {
		return s
	}
	s.location = nil
	doc, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		b.t.Fatal(err)
	}
	for n := range doc.Descendants() {
		switch {
		case n.Type == html.TextNode:
			s.text += n.Data + " "
		case n.Data == "input":
			s.fields.Set(attr(n, "name"), attr(n, "value"))
		case n.Data == "a" && strings.Contains(attr(n, "href"), "iss="):
			if s.location, err = url.Parse(attr(n, "href")); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	return s
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// pending returns the one open question.
func (d *desk) pending() approval.Request {
	d.t.Helper()
	all, err := d.queue.Pending(d.t.Context())
	if err != nil || len(all) != 1 {
		d.t.Fatalf("%d questions, %v", len(all), err)
	}
	return all[0]
}

// allow is the owner's yes to the open question, with the number that a page shows.
func (d *desk) allow(number string, scopes ...string) {
	d.t.Helper()
	if len(scopes) == 0 {
		scopes = []string{"gmail:read"}
	}
	a := approval.Answer{Approved: true, Via: "test", Number: number, Terms: &approval.Terms{Profiles: []string{"p1"}, Scopes: scopes}}
	if err := d.queue.Answer(d.t.Context(), d.pending().ID, a); err != nil {
		d.t.Fatal(err)
	}
}

// code lets a client in and returns the code that its callback gets.
func (d *desk) code(client string, scopes ...string) string {
	d.t.Helper()
	b := newBrowser(d.t)
	page := b.get(d.request(client, nil))
	d.allow(page.number, scopes...)
	done := b.send(d.url+"/authorize/finish", page.fields)
	if done.location == nil || done.location.Query().Get("code") == "" {
		d.t.Fatalf("no code: %d %s", done.status, done.text)
	}
	return done.location.Query().Get("code")
}

// redeem exchanges a code, with changes to the request.
func (d *desk) redeem(client, code string, change url.Values) (int, map[string]any) {
	d.t.Helper()
	v := url.Values{"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}, "resource": {d.url + "/mcp"}}
	for name, values := range change {
		if v[name] = values; len(values) == 1 && values[0] == "" {
			delete(v, name)
		}
	}
	status, answer, _ := d.post(d.url+"/token", v)
	return status, answer
}

// tokens lets a client in and returns its tokens.
func (d *desk) tokens(client string, scopes ...string) (access, refresh string) {
	d.t.Helper()
	status, v := d.redeem(client, d.code(client, scopes...), nil)
	if status != http.StatusOK {
		d.t.Fatalf("redeeming: %d %v", status, v)
	}
	return v["access_token"].(string), v["refresh_token"].(string)
}

// refresh exchanges a refresh token, with changes to the request.
func (d *desk) refresh(client, token string, change url.Values) (int, map[string]any) {
	d.t.Helper()
	v := url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}}
	for name, values := range change {
		v[name] = values
	}
	status, answer, _ := d.post(d.url+"/token", v)
	return status, answer
}

// good reports whether an access token is one.
func (d *desk) good(token string) bool {
	d.t.Helper()
	_, err := d.server.Verify(d.t.Context(), token)
	return err == nil
}
