package page

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	form     = Form{Request: "r-7f3k2m", Token: "csrf-for-tests"}
	claude   = Client{Name: "Claude", Published: "claude.ai"}
	claudeAI = Destination{Host: "claude.ai", Known: true}
	loopback = Destination{Host: "127.0.0.1:43121", Loopback: true, Known: true}
	cursor   = Destination{Scheme: "cursor", Known: true}
	evil     = Destination{Host: "claude.ai.evil.example", Resembles: "claude.ai"}
	mail     = []Scope{{Text: "Read your mail"}, {Text: "Write drafts and sort your mail"}, {Text: "Send mail as you", Asks: true}, {Text: "See your calendar"}}
	all      = append(append([]Scope{}, mail...), Scope{Text: "Invite people to events", Asks: true}, Scope{Text: "Read your files"},
		Scope{Text: "Change and create files"}, Scope{Text: "Share files", Asks: true}, Scope{Text: "Read your chats"}, Scope{Text: "Look up people"})
)

func waiting() Waiting {
	return Waiting{
		Form: form, Number: 47, State: Asked, ID: "c7f3", Left: 4*time.Minute + 40*time.Second,
		Client: claude, Destination: claudeAI, Scopes: mail, Here: "/authorize?request=r-7f3k2m",
		Code: &Code{Address: "/authorize?request=r-7f3k2m&code=1"},
	}
}

func with(p Waiting, change func(*Waiting)) Waiting { change(&p); return p }

// samples are the pages of the golden files, by the name of the file.
func samples() map[string]Page {
	const answer = "https://claude.ai/api/mcp/auth_callback?code=code-for-tests&iss=https%3A%2F%2Fowner.example&state=a%2Bb"
	return map[string]Page{
		"waiting-asked":    waiting(),
		"waiting-quiet":    with(waiting(), func(p *Waiting) { p.State, p.Code = Quiet, nil }),
		"waiting-noface":   with(waiting(), func(p *Waiting) { p.State, p.Number, p.Scopes = NoFace, 7, all }),
		"waiting-typing":   with(waiting(), func(p *Waiting) { p.Code.Typing = true }),
		"waiting-wrong":    with(waiting(), func(p *Waiting) { p.Code.Wrong, p.Code.Tries = true, 3 }),
		"waiting-spent":    with(waiting(), func(p *Waiting) { p.Code.Wrong = true }),
		"waiting-lacking":  with(waiting(), func(p *Waiting) { p.Code.Lacks = []string{"a Google account that is no longer there", "gmail:send"} }),
		"waiting-loopback": with(waiting(), func(p *Waiting) { p.Client, p.Destination, p.Code = Client{Name: "mcp-remote"}, loopback, nil }),
		"waiting-cursor":   with(waiting(), func(p *Waiting) { p.Client, p.Destination = Client{Name: "Cursor", ByOwner: true}, cursor }),
		"waiting-unknown": with(waiting(), func(p *Waiting) {
			p.State, p.Client, p.Destination, p.Scopes, p.Code = Quiet, Client{Name: "Claude"}, evil, all, nil
		}),
		"waiting-bare":     Waiting{},
		"approved":         Approved{Form: form, Client: claude, Destination: claudeAI},
		"approved-unknown": Approved{Form: form, Client: Client{Name: "Claude"}, Destination: evil},
		"finish":           Finish{Client: claude, Destination: claudeAI, Location: answer},
		"finish-loopback":  Finish{Destination: loopback, Location: "http://127.0.0.1:43121/callback?code=code-for-tests&state=s"},
		"finish-cursor":    Finish{Destination: cursor, Location: "cursor://anysphere.cursor-mcp/oauth/callback?code=code-for-tests&state=s"},
		"finish-denied":    Finish{Destination: claudeAI, Denied: true, Location: "https://claude.ai/api/mcp/auth_callback?error=access_denied&state=s"},
		"done":             Done{Client: claude, Destination: claudeAI, Location: answer},
		"done-denied":      Done{Client: claude, Denied: true},
		"done-late":        Done{Client: claude, Destination: claudeAI, Late: true},
		"problem-redirect": Problem{Kind: UnknownRedirect, Client: Client{Name: "Claude"}, Reference: "a1b2c3"},
		"problem-address":  Problem{Kind: WrongAddress, Detail: "http://127.0.0.1:7878/mcp"},
		"problem-toomany":  Problem{Kind: TooMany, Wait: 90 * time.Second},
		"problem-again":    Problem{Kind: TooMany, Client: claude, Wait: 90 * time.Second, Here: "/authorize?client_id=c"},
		"problem-lockdown": Problem{Kind: LockedDown},
		"problem-expired":  Problem{Kind: Expired, Client: claude},
	}
}

// write renders a page and fails the test if that fails.
func write(t *testing.T, p Page) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	if err := (Renderer{Nonce: func() string { return "NONCE" }}).Write(w, p); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestPagesAreAsBefore(t *testing.T) {
	seen := map[string]bool{}
	for name, p := range samples() {
		file := filepath.Join("testdata", name+".html")
		seen[filepath.Base(file)] = true
		got := write(t, p).Body.String()
		if len(got) >= 15_000 {
			t.Errorf("%s has %d bytes", name, len(got))
		}
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v; run the test with -update", err)
			continue
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s has changed; look at it in a browser and run the test with -update (-before +now):\n%s", name, diff)
		}
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("testdata/%s is of a page that is gone", f.Name())
		}
	}
}

func TestHeadersAreExact(t *testing.T) {
	for name, c := range map[string]struct {
		page   Page
		status int
		more   map[string]string
	}{
		"waiting":          {waiting(), http.StatusOK, nil},
		"approved":         {Approved{}, http.StatusOK, nil},
		"finish":           {Finish{Location: "https://claude.ai/cb?code=x"}, http.StatusOK, nil},
		"done":             {Done{}, http.StatusOK, nil},
		"problem":          {Problem{Kind: UnknownClient}, http.StatusBadRequest, nil},
		"blocked":          {Problem{Kind: Blocked}, http.StatusForbidden, nil},
		"expired":          {Problem{Kind: Expired}, http.StatusGone, nil},
		"wrong address":    {Problem{Kind: WrongAddress}, http.StatusMisdirectedRequest, nil},
		"too many":         {Problem{Kind: TooMany, Wait: 1500 * time.Millisecond}, http.StatusTooManyRequests, map[string]string{"Retry-After": "2"}},
		"asks already":     {Problem{Kind: AsksAlready, Wait: time.Minute}, http.StatusConflict, map[string]string{"Retry-After": "60"}},
		"paused":           {Problem{Kind: Paused}, http.StatusServiceUnavailable, nil},
		"of no known kind": {Problem{Kind: "?"}, http.StatusInternalServerError, nil},
	} {
		w := write(t, c.page)
		want := http.Header{
			"Content-Type":               {"text/html; charset=utf-8"},
			"Content-Security-Policy":    {"default-src 'none'; style-src 'nonce-NONCE'; script-src 'nonce-NONCE'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
			"X-Frame-Options":            {"DENY"},
			"Referrer-Policy":            {"no-referrer"},
			"Cache-Control":              {"no-store"},
			"Cross-Origin-Opener-Policy": {"same-origin"},
			"X-Content-Type-Options":     {"nosniff"},
		}
		for k, v := range c.more {
			want.Set(k, v)
		}
		if diff := cmp.Diff(want, w.Header()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
	}
}

func TestNonceIsFreshForEachResponse(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		w := httptest.NewRecorder()
		if err := (Renderer{}).Write(w, waiting()); err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(w.Header().Get("Content-Security-Policy"), "style-src 'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if len(nonce) < 22 || seen[nonce] {
			t.Fatalf("the nonce %q is short or was there before", nonce)
		}
		seen[nonce] = true
		for _, tag := range []string{"<style", "<script"} {
			if n, all := strings.Count(w.Body.String(), tag+` nonce="`+nonce+`"`), strings.Count(w.Body.String(), tag); n != 1 || all != 1 {
				t.Errorf("%d of %d %s elements have the nonce", n, all, tag)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	w := httptest.NewRecorder()
	if err := WriteStatus(w, Status{State: Asked, Left: 3 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Body.String(), `{"state":"asked","left":"3 min left"}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	want := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}, "Referrer-Policy": {"no-referrer"}, "X-Content-Type-Options": {"nosniff"}}
	if diff := cmp.Diff(want, w.Header()); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKindOfProblemHasItsWords(t *testing.T) {
	for kind, w := range whats {
		body := write(t, Problem{Kind: kind}).Body.String()
		if w.title == "" || w.text == "" || w.next == "" || w.status < 400 || !strings.Contains(body, w.title) || !strings.Contains(body, "<code>"+string(kind)+"</code>") {
			t.Errorf("%s lacks words, or the page does not show them", kind)
		}
	}
}

func TestWhatMustNotBeShownIsAnErrorAndWritesNothing(t *testing.T) {
	for name, p := range map[string]Page{
		"a script as the redirect URI":    Finish{Location: "javascript:alert(1)"},
		"the same in other letters":       Finish{Location: "JavaScript:alert(1)"},
		"data":                            Finish{Location: "data:text/html,x"},
		"a file":                          Done{Location: "file:///etc/passwd"},
		"no scheme":                       Finish{Location: "//evil.example/"},
		"no host":                         Finish{Location: "https:/x"},
		"nothing":                         Finish{},
		"a line end":                      Finish{Location: "https://claude.ai/\r\n"},
		"a tab in the scheme":             Finish{Location: "java\tscript:alert(1)"},
		"a quote":                         Finish{Location: `https://claude.ai/"onmouseover=alert(1)`},
		"not ASCII":                       Finish{Location: "https://clаude.ai/"},
		"another host to load again from": Waiting{Here: "//evil.example/"},
		"the same with a backslash":       Waiting{Here: `/\evil.example/`},
		"a script to load again from":     Waiting{Here: "javascript:alert(1)"},
		"another host to try again":       Problem{Kind: TooMany, Wait: time.Second, Here: "//evil.example/"},
		"another host for the code":       Waiting{Code: &Code{Address: "https://evil.example/"}},
		"a code without a way back":       Waiting{Code: &Code{Address: "/x", Wrong: true}},
		"a broken escape":                 Finish{Location: "https://claude.ai/%zz"},
		"a right code without a way back": Waiting{Code: &Code{Address: "/x", Lacks: []string{"x"}}},
		"three digits":                    Waiting{Number: 100},
		"a state that does not wait":      Waiting{State: Allowed},
	} {
		w := httptest.NewRecorder()
		if err := (Renderer{}).Write(w, p); err == nil || w.Body.Len() > 0 || len(w.Header()) > 0 {
			t.Errorf("%s: error %v, headers %v, %d bytes", name, err, w.Header(), w.Body.Len())
		}
	}
}
