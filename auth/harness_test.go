package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/auth/vault"
	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/fakegoogletest"
	"postern/internal/fakegoogle/gmail"
)

const (
	readMail  = "https://www.googleapis.com/auth/gmail.readonly"
	writeMail = "https://www.googleapis.com/auth/gmail.modify"
	clientID  = "1.apps.googleusercontent.com"
	labels    = "https://gmail.googleapis.com/gmail/v1/users/me/labels"
)

const installedJSON = `{"installed":{"client_id":"` + clientID + `","client_secret":"not-so-secret","project_id":"p","redirect_uris":["http://localhost"]}}`

// shelf is a vault in memory that can fail.
type shelf struct {
	mu    sync.Mutex // guards the fields below
	items map[string]string
	fail  func(op, key string) error
}

func (s *shelf) do(op, key string, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(op, key); err != nil {
			return err
		}
	}
	return f()
}

func (s *shelf) Kind() string { return "shelf" }

func (s *shelf) Get(_ context.Context, key string) (value []byte, err error) {
	err = s.do("get", key, func() error {
		v, ok := s.items[key]
		if !ok {
			return vault.ErrNotFound
		}
		value = []byte(v)
		return nil
	})
	return value, err
}

func (s *shelf) Set(_ context.Context, key string, value []byte) error {
	return s.do("set", key, func() error {
		if len(value) > vault.MaxValue {
			return fmt.Errorf("a value of %d bytes", len(value))
		}
		s.items[key] = string(value)
		return nil
	})
}

func (s *shelf) Delete(_ context.Context, key string) error {
	return s.do("delete", key, func() error { delete(s.items, key); return nil })
}

func (s *shelf) snapshot() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.items)
}

// book is an index in memory that can fail.
type book struct {
	mu       sync.Mutex // guards the fields below
	profiles map[string]Profile
	preset   string
	fail     func(op string) error
}

func (b *book) do(ctx context.Context, op string, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(op); err != nil {
			return err
		}
	}
	return f()
}

func (b *book) Profiles(ctx context.Context) (all []Profile, err error) {
	err = b.do(ctx, "list", func() error {
		all = slices.SortedFunc(maps.Values(b.profiles), func(x, y Profile) int { return strings.Compare(x.Name, y.Name) })
		return nil
	})
	return all, err
}

func (b *book) Profile(ctx context.Context, id string) (one Profile, err error) {
	err = b.do(ctx, "get", func() error {
		var ok bool
		if one, ok = b.profiles[id]; !ok {
			return ErrNotFound
		}
		return nil
	})
	return one, err
}

func (b *book) SaveProfile(ctx context.Context, p Profile) error {
	return b.do(ctx, "save", func() error {
		for _, o := range b.profiles {
			if o.ID != p.ID && strings.EqualFold(o.Name, p.Name) {
				return ErrNameTaken
			}
		}
		b.profiles[p.ID] = p
		return nil
	})
}

func (b *book) SetProfileState(ctx context.Context, id string, s State, reason string, at time.Time) error {
	return b.do(ctx, "state", func() error {
		p, ok := b.profiles[id]
		if !ok {
			return ErrNotFound
		}
		p.State, p.Reason, p.CheckedAt = s, reason, at
		b.profiles[id] = p
		return nil
	})
}

func (b *book) RemoveProfile(ctx context.Context, id string) error {
	return b.do(ctx, "remove", func() error { delete(b.profiles, id); return nil })
}

func (b *book) DefaultProfile(ctx context.Context) (id string, err error) {
	err = b.do(ctx, "default", func() error { id = b.preset; return nil })
	return id, err
}

func (b *book) SetDefaultProfile(ctx context.Context, id string) error {
	return b.do(ctx, "default", func() error { b.preset = id; return nil })
}

func (b *book) snapshot() map[string]Profile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.profiles)
}

// desk is an owner's desktop: profiles, a Google, and a browser with somebody who clicks.
type desk struct {
	*Profiles
	t      *testing.T
	google *fakegoogle.Google
	shelf  *shelf
	book   *book
	visits sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	now   time.Time
	shown []string
	pages []string // what the owner read at the end of each visit
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Now(), google: fakegoogletest.New(t), shelf: &shelf{items: map[string]string{}}, book: &book{profiles: map[string]Profile{}}}
	d.google.Now = d.clock
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		d.google.AddAccount(fakegoogle.Account{Email: email})
	}
	d.google.AddClient(fakegoogle.Client{ID: clientID, Secret: "not-so-secret"})
	d.google.Register(gmail.New(d.clock).Service())
	d.Profiles = &Profiles{
		Index: d.book, HTTP: &http.Client{Transport: d.google.Transport()}, Now: d.clock,
		Vault: func(context.Context) (vault.Vault, error) { return d.shelf, nil },
		Show: func(format string, args ...any) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.shown = append(d.shown, fmt.Sprintf(format, args...))
		},
	}
	if _, err := ImportGoogleClient(t.Context(), d.shelf, []byte(installedJSON)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.visits.Wait)
	return d
}

func (d *desk) clock() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now
}

func (d *desk) pass(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = d.now.Add(by)
}

func (d *desk) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.shown, "\n")
}

// page waits for the visits and returns what the owner read last.
func (d *desk) page() string {
	d.t.Helper()
	d.visits.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.pages) == 0 {
		return ""
	}
	return d.pages[len(d.pages)-1]
}

// owner makes the browser one in which somebody acts, beside the sign-in, as a person would.
func (d *desk) owner(act func(v *visit)) {
	d.Browser = func(address string) error {
		d.visits.Go(func() {
			jar, _ := cookiejar.New(nil)
			act(&visit{desk: d, address: address, client: &http.Client{Jar: jar, Transport: homeward(d.google.Transport()), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}})
		})
		return nil
	}
}

// homeward sends what is for this computer there, and the rest to Google.
func homeward(google http.RoundTripper) http.RoundTripper {
	return through(func(r *http.Request) (*http.Response, error) {
		if h := r.URL.Hostname(); h == "127.0.0.1" || h == "localhost" {
			return http.DefaultTransport.RoundTrip(r)
		}
		return google.RoundTrip(r)
	})
}

// through is a transport of one function.
type through func(*http.Request) (*http.Response, error)

func (f through) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// visit is one tab.
type visit struct {
	*desk
	address string
	client  *http.Client
}

func (v *visit) query() url.Values {
	u, err := url.Parse(v.address)
	if err != nil {
		v.t.Error(err)
	}
	return u.Query()
}

func (v *visit) read(resp *http.Response, err error) (string, *http.Response) {
	if err != nil {
		v.t.Errorf("the browser: %v", err)
		return "", &http.Response{Header: http.Header{}}
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b), resp
}

var hiddenID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// consent goes through Google's pages and returns where they send the browser.
func (v *visit) consent(email, answer string, scopes ...string) string {
	body, _ := v.read(v.client.Get(v.address))
	id := func() string {
		m := hiddenID.FindStringSubmatch(body)
		if m == nil {
			v.t.Errorf("Google's page has no form: %s", body)
			return ""
		}
		return m[1]
	}
	if strings.Contains(body, `data-step="account"`) {
		body, _ = v.read(v.client.PostForm("https://accounts.google.com/signin/account", url.Values{"id": {id()}, "email": {email}}))
	}
	_, resp := v.read(v.client.PostForm("https://accounts.google.com/signin/consent", url.Values{"id": {id()}, "answer": {answer}, "scope": scopes}))
	return resp.Header.Get("Location")
}

// back follows the browser to this computer and keeps the page for the owner.
func (v *visit) back(address string) string {
	body, _ := v.read(v.client.Get(address))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages = append(v.pages, body)
	return body
}

// allow is an owner who chooses the account, ticks these boxes and says yes.
func (d *desk) allow(email string, scopes ...string) {
	d.owner(func(v *visit) { v.back(v.consent(email, "allow", scopes...)) })
}

// add signs ada in.
func (d *desk) add(name string, scopes ...string) Profile {
	d.t.Helper()
	d.allow("ada@example.com", scopes...)
	one, err := d.Add(d.t.Context(), SignIn{Name: name, Toolsets: []string{"gmail"}, Scopes: scopes})
	if err != nil {
		d.t.Fatalf("Add: %v", err)
	}
	return one
}

// get asks Gmail for the labels as the profile.
func (d *desk) get(id string) (int, error) {
	hc, err := d.HTTPClient(d.t.Context(), id)
	if err != nil {
		return 0, err
	}
	resp, err := hc.Get(labels)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func (d *desk) wantGet(id string) {
	d.t.Helper()
	if code, err := d.get(id); err != nil || code != http.StatusOK {
		d.t.Errorf("a call as the profile: %d, %v", code, err)
	}
}

// nothingWritten says that the vault has the OAuth client alone, and the index nothing.
func (d *desk) nothingWritten() {
	d.t.Helper()
	items := d.shelf.snapshot()
	delete(items, clientKey)
	if len(items) > 0 || len(d.book.snapshot()) > 0 {
		d.t.Errorf("left behind: %v, %v", slices.Collect(maps.Keys(items)), d.book.snapshot())
	}
}

var errTest = errors.New("out of order")
