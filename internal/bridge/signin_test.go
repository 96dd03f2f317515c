package bridge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"postern/auth"
	"postern/internal/desk"
	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/fakegoogletest"
)

// googled is a bridge before a stand-in Google, with an owner who goes through its pages.
type googled struct {
	*Bridge
	t      *testing.T
	google *fakegoogle.Google
	visits sync.WaitGroup
	ticked []string // scopes; nil for a page that is left open
}

func withGoogle(t *testing.T, c Config) *googled {
	t.Helper()
	g := &googled{t: t, google: fakegoogletest.New(t)}
	g.google.AddAccount(fakegoogle.Account{Email: "ada@example.com"})
	g.google.AddClient(fakegoogle.Client{ID: "1.apps.googleusercontent.com", Secret: "not-so-secret"})
	t.Cleanup(g.visits.Wait)
	c.Browser = func(address string) error {
		if g.ticked != nil {
			g.visits.Go(func() { g.visit(address, g.ticked) })
		}
		return nil
	}
	g.Bridge = openAt(t, c)
	new(shelf).put(g.Bridge)
	g.Profiles.HTTP = &http.Client{Transport: g.google.Transport()}
	if _, _, err := g.ImportGoogleClient(t.Context(), []byte(clientJSON)); err != nil {
		t.Fatal(err)
	}
	return g
}

var formID = regexp.MustCompile(`name="id" value="([^"]+)"`)

// visit is one tab, in which ada ticks scopes and says yes.
func (g *googled) visit(address string, scopes []string) {
	jar, _ := cookiejar.New(nil)
	google := g.google.Transport()
	hc := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: answer(func(r *http.Request) (*http.Response, error) {
		if r.URL.Hostname() == "127.0.0.1" {
			return http.DefaultTransport.RoundTrip(r)
		}
		return google.RoundTrip(r)
	})}
	read := func(resp *http.Response, err error) (string, string) {
		if err != nil {
			g.t.Errorf("the browser: %v", err)
			return "", ""
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b), resp.Header.Get("Location")
	}
	page, _ := read(hc.Get(address))
	form := func() string {
		if m := formID.FindStringSubmatch(page); m != nil {
			return m[1]
		}
		g.t.Errorf("Google's page has no form: %s", page)
		return ""
	}
	if strings.Contains(page, `data-step="account"`) {
		page, _ = read(hc.PostForm("https://accounts.google.com/signin/account", url.Values{"id": {form()}, "email": {"ada@example.com"}}))
	}
	_, back := read(hc.PostForm("https://accounts.google.com/signin/consent", url.Values{"id": {form()}, "answer": {"allow"}, "scope": scopes}))
	read(hc.Get(back))
}

// gmailScopes is all that a sign-in for mail asks for.
func gmailScopes(t *testing.T) []string {
	t.Helper()
	s, err := SignIn("x", []string{"gmail"}, false)
	if err != nil {
		t.Fatal(err)
	}
	return s.Scopes
}

// TestSigningInFromAWindow: the address comes first, then that a browser has it; the profile is there, in words.
func TestSigningInFromAWindow(t *testing.T) {
	g := withGoogle(t, Config{Show: func(format string, _ ...any) { t.Errorf("it is said to a terminal: %s", format) }})
	var steps []desk.Step
	step := func(s desk.Step) { steps = append(steps, s) }
	g.ticked = gmailScopes(t)
	work, remarks, err := g.AddProfile(t.Context(), desk.SignIn{Name: "work"}, step)
	if err != nil || work.Name != "work" || work.Email != "ada@example.com" || !work.Valid() || !work.Default || !slices.Equal(work.Toolsets, []string{"gmail"}) || len(remarks) != 0 {
		t.Fatalf("%+v, %q, %v", work, remarks, err)
	}
	if len(steps) != 2 || !strings.HasPrefix(steps[0].URL, "https://accounts.google.com/") || steps[0].Opened || steps[1] != (desk.Step{URL: steps[0].URL, Opened: true}) {
		t.Errorf("steps %+v", steps)
	}

	g.ticked = g.ticked[:1]
	other, remarks, err := g.AddProfile(t.Context(), desk.SignIn{Name: "other"}, nil)
	if err != nil || other.Valid() || other.SameAs != "work" || len(remarks) != 2 || !strings.Contains(remarks[0], "not granted") || !strings.Contains(remarks[1], "work is the same account") {
		t.Errorf("with less than asked for: %+v, %q, %v", other, remarks, err)
	}
	steps, g.ticked = nil, gmailScopes(t)
	again, remarks, err := g.SignInAgain(t.Context(), "other", step)
	if err != nil || again.ID != other.ID || !again.Valid() || len(remarks) != 1 || len(steps) != 2 {
		t.Errorf("again: %+v, %q, %v, %+v", again, remarks, err, steps)
	}

	if err := g.RenameProfile(t.Context(), "other", "second"); err != nil {
		t.Error(err)
	}
	if err := g.UseProfile(t.Context(), "second"); err != nil {
		t.Error(err)
	}
	if err := g.RenameProfile(t.Context(), "second", "work"); !errors.Is(err, auth.ErrNameTaken) {
		t.Errorf("a name that is taken: %v", err)
	}
	if warning, err := g.RemoveProfile(t.Context(), "second"); err != nil || !strings.Contains(warning, `"work" uses it, too`) {
		t.Errorf("removing one of two of an account: %q, %v", warning, err)
	}
	if warning, err := g.RemoveProfile(t.Context(), "work"); err != nil || warning != "" {
		t.Errorf("removing the last: %q, %v", warning, err)
	}
	if left := snap(t, g.Bridge).Profiles; len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

// TestASignInThatIsCancelled leaves nothing behind, and the next one works.
func TestASignInThatIsCancelled(t *testing.T) {
	g := withGoogle(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := g.AddProfile(ctx, desk.SignIn{Name: "work"}, func(s desk.Step) {
		if s.Opened {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	g.ticked = gmailScopes(t)
	if _, _, err := g.AddProfile(t.Context(), desk.SignIn{Name: "work"}, nil); err != nil {
		t.Errorf("then: %v", err)
	}
}

// TestABrowserThatCannotBeOpened is no end: the address can be copied.
func TestABrowserThatCannotBeOpened(t *testing.T) {
	g := withGoogle(t, Config{})
	g.Profiles.Browser = func(string) error { return errors.New("there is none") }
	var steps []desk.Step
	p, _, err := g.AddProfile(t.Context(), desk.SignIn{Name: "work", ReadOnly: true}, func(s desk.Step) {
		steps = append(steps, s)
		g.visits.Go(func() { g.visit(s.URL, []string{"https://www.googleapis.com/auth/gmail.readonly"}) })
	})
	if err != nil || !p.Valid() || !p.ReadOnly || len(steps) != 1 || steps[0].Opened {
		t.Errorf("%+v, %v, %+v", p, err, steps)
	}
}

func TestWhatASignInRefuses(t *testing.T) {
	b := openAt(t, Config{Demo: true})
	new(shelf).put(b)
	for _, c := range []struct {
		name string
		err  func() error
		want string
	}{
		{"an unknown toolset", func() error {
			_, _, err := b.AddProfile(t.Context(), desk.SignIn{Name: "x", Toolsets: []string{"gmial"}}, nil)
			return err
		}, "there are gmail"},
		{"a bad name", func() error { _, _, err := b.AddProfile(t.Context(), desk.SignIn{Name: "a b"}, nil); return err }, "cannot be a profile's name"},
		{"no OAuth client", func() error { _, _, err := b.AddProfile(t.Context(), desk.SignIn{Name: "x"}, nil); return err }, "no OAuth client yet"},
		{"an unknown profile", func() error { _, _, err := b.SignInAgain(t.Context(), "x", nil); return err }, "no such profile"},
		{"the sample", func() error { _, _, err := b.SignInAgain(t.Context(), "demo", nil); return err }, "sample data"},
		{"the sample's end", func() error { _, err := b.RemoveProfile(t.Context(), "demo"); return err }, "sample data"},
		{"the sample's name", func() error { return b.RenameProfile(t.Context(), "demo", "x") }, "sample data"},
		{"the sample as default", func() error { return b.UseProfile(t.Context(), "demo") }, "sample data"},
	} {
		if err := c.err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
