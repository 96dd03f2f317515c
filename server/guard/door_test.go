package guard_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/option"

	"postern/internal/approval"
	"postern/internal/store"
	"postern/internal/tool"
	"postern/internal/workspace/gmail"
	"postern/server"
	"postern/server/guard"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
	"postern/server/peek"
)

// door is one side as the bridge builds it: a real listener, the front, the guard and the MCP server behind it, with
// the tokens of a real store.
type door struct {
	t        *testing.T
	issuer   string
	store    *store.Store
	pepper   opaque.Pepper
	tokens   *oauth.Server
	guard    *guard.Guard
	front    *guard.Front
	live     guard.Live
	sessions guard.Sessions
	server   *server.Server
	http     *server.HTTP
	runner   *tool.Runner
	web      *http.Server
	client   *http.Client
	waits    chan struct{} // told when calendar_wait runs
	freed    chan error    // told why it ended
	sent     chan string   // told what gmail_note wrote

	mu      sync.Mutex // guards the fields below
	now     time.Time
	origins []string
	widened []string // scopes that the owner was asked for
	paused  bool
	passed  int // requests that the guard passed on
}

// The profiles of the tests.
var (
	home = tool.Profile{ID: "p1", Name: "home", Email: "home@example.com", Health: "valid"}
	work = tool.Profile{ID: "p2", Name: "work", Email: "work@example.org", Health: "valid"}
)

// newDoor opens a door; with changes it before it opens.
func newDoor(t *testing.T, with ...func(*door)) *door {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{
		t: t, store: s, pepper: opaque.NewPepper(), issuer: "http://" + l.Addr().String(), now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
		waits: make(chan struct{}, 200), freed: make(chan error, 200), sent: make(chan string, 200),
		client: &http.Client{Timeout: 25 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	queue := &approval.Queue{Store: s, Poll: time.Millisecond, Alive: func(approval.Process) bool { return true }}
	d.runner = &tool.Runner{
		Sets: []tool.Set{gmail.Tools, d.calendar()}, Profiles: owned{d}, Defaults: s, Queue: queue, Hold: time.Millisecond,
		Policy: func(context.Context) tool.Policy { return tool.Policy{} },
	}
	d.tokens = &oauth.Server{
		Issuer: d.issuer, Store: s, Approver: queue, Catalogue: catalogue{d.runner}, Now: d.clock,
		Pepper: func() (opaque.Pepper, error) { return d.pepper, nil },
	}
	d.server = &server.Server{Runner: d.runner, ClientOf: d.clientOf, Version: "1.0", Labels: func(_ context.Context, id string) ([]string, error) {
		return []string{"Label of " + id}, nil
	}}
	d.sessions.Now = d.clock
	d.http = d.server.HTTP(&d.sessions)
	d.guard = &guard.Guard{
		Issuer: d.issuer, Tokens: d.tokens, Basic: []string{"gmail:read", "calendar:read"}, Needs: d.server.Needs, Widen: d.widen,
		Paused: func() bool { return locked(d, func() bool { return d.paused }) }, Origins: d.allowed, Address: "this computer",
		Sessions: &d.sessions, Live: &d.live, Now: d.clock,
		Next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			locked(d, func() int { d.passed++; return 0 })
			d.http.ServeHTTP(w, r)
		}),
	}
	d.front = &guard.Front{Issuer: d.issuer, OAuth: d.tokens.Handler(), MCP: d.guard, Origins: d.allowed}
	for _, change := range with {
		change(d)
	}
	d.web = guard.NewServer(d.front)
	ended := make(chan error, 1)
	go func() { ended <- d.web.Serve(l) }()
	t.Cleanup(func() {
		d.live.Shut()
		d.client.CloseIdleConnections()
		d.web.Close()
		<-ended
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.runner.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
		s.Close()
	})
	return d
}

// locked runs f while d.mu is held.
func locked[T any](d *door, f func() T) T {
	d.mu.Lock()
	defer d.mu.Unlock()
	return f()
}

func (d *door) clock() time.Time  { return locked(d, func() time.Time { return d.now }) }
func (d *door) allowed() []string { return locked(d, func() []string { return d.origins }) }

// pass moves the clock.
func (d *door) pass(by time.Duration) {
	locked(d, func() int { d.now = d.now.Add(by); return 0 })
}

func (d *door) widen(_ context.Context, _ oauth.Holder, _ peek.Message, missing []string) bool {
	return locked(d, func() bool { d.widened = append(d.widened, strings.Join(missing, " ")); return true })
}

// asked returns the scopes that the owner was asked for since the last time.
func (d *door) asked() []string {
	return locked(d, func() []string { w := d.widened; d.widened = nil; return w })
}

func (d *door) passedOn() int { return locked(d, func() int { return d.passed }) }

// clientOf is the client of a grant, as the bridge makes it.
func (d *door) clientOf(_ context.Context, h oauth.Holder) (tool.Client, error) {
	c := tool.Client{Key: "grant:" + h.Grant.ID, Name: h.Client.Name, Tier: tool.CompleteTier, Profiles: append([]string{}, h.Grant.Profiles...), Scopes: []tool.Scope{}}
	for _, s := range h.Token.Scopes {
		c.Scopes = append(c.Scopes, tool.Scope(s))
	}
	return c, nil
}

// owned are two profiles whose Google answers nothing.
type owned struct{ d *door }

func (o owned) List(context.Context) ([]tool.Profile, error) {
	all := []tool.Profile{home, work}
	for i := range all {
		for _, t := range gmail.Tools.Tools {
			all[i].Scopes = append(all[i].Scopes, strings.Fields(strings.Join(t.Google, " "))...)
		}
	}
	return all, nil
}

func (owned) HTTPClient(context.Context, string) (*http.Client, error) {
	return &http.Client{Transport: noGoogle{}}, nil
}
func (owned) Default(context.Context) (string, error) { return home.ID, nil }

type noGoogle struct{}

func (noGoogle) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("there is no Google here")
}

// catalogue is the scopes that the tools need.
type catalogue struct{ r *tool.Runner }

func (c catalogue) Scopes() []string {
	var all []string
	for _, s := range tool.Scopes() {
		all = append(all, string(s))
	}
	return all
}
func (catalogue) Basic() []string               { return []string{"gmail:read", "calendar:read"} }
func (catalogue) Implies(has, want string) bool { return tool.Scope(has).Implies(tool.Scope(want)) }

type said string

func (s said) Markdown() string { return string(s) }

type google struct{}

func openGoogle(context.Context, ...option.ClientOption) (*google, error) { return &google{}, nil }

type noteInput struct {
	Text string `json:"text,omitempty" jsonschema:"What to say."`
}

// calendar is tools of the test's own: one that answers at once, one that waits until it is cancelled, one that writes.
func (d *door) calendar() tool.Set {
	return tool.Set{Name: "calendar", Title: "Sample", Tools: []tool.Tool{
		tool.Read(openGoogle, "calendar_echo", "Say it again.", func(ctx context.Context, _ *google, in noteInput) (said, error) {
			return said(tool.From(ctx).Profile.Name + " says " + in.Text), nil
		}),
		tool.Read(openGoogle, "calendar_wait", "Wait for ever.", func(ctx context.Context, _ *google, _ noteInput) (said, error) {
			d.waits <- struct{}{}
			<-ctx.Done()
			d.freed <- context.Cause(ctx)
			return "", ctx.Err()
		}),
		tool.Write(openGoogle, "calendar_note", "Write it down.", func(_ context.Context, _ *google, in noteInput) (said, error) {
			d.sent <- in.Text
			return "noted", nil
		}),
		tool.Outward(openGoogle, "calendar_invite", "Invite.", func(_ context.Context, _ *google, in noteInput) (tool.Plan[string], error) {
			return tool.Plan[string]{Frozen: in.Text, Preview: approval.Preview{Title: "Invite"}}, nil
		}, func(_ context.Context, _ *google, f string) (said, error) { return said(f), nil }),
	}}
}

// grant lets a client in and returns the id of its grant and an access token.
func (d *door) grant(scopes []string, profiles ...string) (id, token string) {
	d.t.Helper()
	id, token = "g_"+strings.ToLower(opaque.New(opaque.Browser)[6:18]), opaque.New(opaque.Access)
	now := d.clock()
	if err := d.store.AddClient(d.t.Context(), oauth.Client{ID: "c_" + id, Kind: oauth.Dynamic, Name: "Tester", RedirectURIs: []string{"http://127.0.0.1/cb"}, Status: oauth.New, CreatedAt: now}, 1000); err != nil {
		d.t.Fatal(err)
	}
	if len(profiles) == 0 {
		profiles = []string{home.ID, work.ID}
	}
	sorted := slices.Sorted(slices.Values(scopes))
	g := oauth.Grant{ID: id, ClientID: "c_" + id, Resource: d.issuer + oauth.Path, RedirectURI: "http://127.0.0.1/cb", Profiles: profiles, Scopes: sorted, CreatedAt: now, ExpiresAt: now.Add(180 * 24 * time.Hour)}
	if err := d.store.AddGrant(d.t.Context(), g, oauth.Token{Hash: d.pepper.Hash(token), GrantID: id, Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(30 * 24 * time.Hour)}); err != nil {
		d.t.Fatal(err)
	}
	return id, token
}

// all is every scope of the tools.
var all = []string{"gmail:send", "calendar:invite"}

func TestADoorOpensInBothEras(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for _, e := range []era{legacy, modern} {
		a, m := d.caller(e, token).call("calendar_echo", map[string]any{"text": "hello"})
		if a.status != http.StatusOK || !strings.Contains(string(m.Result), "home says hello") {
			t.Errorf("%s: %d %s", e, a.status, a.body)
		}
	}
}
