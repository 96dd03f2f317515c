package page

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const patience = 40 * time.Second

// startBrowser starts Chromium, and returns with the context that drives it a function that returns what stood in its
// console since the last call.
func startBrowser(t *testing.T) (context.Context, func() []string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("chromium is missing; scripts/setup installs it")
		}
		t.Skip("chromium is not installed; scripts/setup installs it")
	}
	if testing.Short() {
		t.Skip("drives a browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // the tests may run as root
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(390, 844),
		chromedp.WSURLReadTimeout(patience),
	)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		bounded, end := context.WithTimeout(ctx, 10*time.Second)
		defer end()
		_ = chromedp.Cancel(bounded) // closes the browser before its folder is removed
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil { // starts it; a limit on this first context would end the browser
		t.Fatalf("starting Chromium: %v", err)
	}
	var mu sync.Mutex
	var console []string
	err = chromedp.Listen(ctx, func(event any) {
		var text string
		switch e := event.(type) {
		case *log.EventEntryAdded:
			text = fmt.Sprintf("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		case *runtime.EventExceptionThrown:
			text = "exception: " + e.ExceptionDetails.Text
		default:
			return
		}
		mu.Lock()
		defer mu.Unlock()
		console = append(console, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		said := console
		console = nil
		return said
	}
}

func browse(t *testing.T, ctx context.Context, what string, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := chromedp.Do(bounded, steps...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// issuer serves the pages as the authorization server does, with a client that waits for its code on another origin.
type issuer struct {
	*httptest.Server
	client   *httptest.Server
	state    atomic.Value // State
	finished chan http.Header
	codes    chan string
	came     atomic.Int32 // how often the client was sent an answer
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{finished: make(chan http.Header, 9), codes: make(chan string, 9)}
	i.state.Store(Quiet)
	clients := http.NewServeMux()
	clients.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		i.came.Add(1)
		i.codes <- r.URL.RawQuery + r.Referer()
		fmt.Fprint(w, "<p id=arrived>welcome")
	})
	clients.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	i.client = httptest.NewServer(clients)
	t.Cleanup(i.client.Close)

	mux := http.NewServeMux()
	show := func(w http.ResponseWriter, p Page) {
		if err := (Renderer{}).Write(w, p); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		state := i.state.Load().(State)
		if state == Allowed {
			show(w, Approved{Form: form, Client: claude, Destination: loopback})
			return
		}
		show(w, with(waiting(), func(p *Waiting) { p.State, p.Destination = state, loopback }))
	})
	mux.HandleFunc("GET "+StatusPath, func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue(FieldRequest) != form.Request {
			t.Errorf("the page asks for the status of %q", r.FormValue(FieldRequest))
		}
		if err := WriteStatus(w, Status{State: i.state.Load().(State), Left: time.Minute}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST "+FinishPath, func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue(FieldRequest) != form.Request || r.PostFormValue(FieldToken) != form.Token {
			t.Errorf("the finish form carries %v", r.PostForm)
		}
		i.finished <- r.Header
		show(w, Finish{Destination: loopback, Location: i.client.URL + "/callback?code=code-for-tests&state=a%27b%28c"})
	})
	mux.HandleFunc("POST "+CodePath, func(w http.ResponseWriter, r *http.Request) {
		show(w, with(waiting(), func(p *Waiting) { p.Code.Wrong, p.Code.Tries = true, 4 }))
	})
	mux.HandleFunc("GET /unsafe", func(w http.ResponseWriter, r *http.Request) {
		show(w, Problem{})
		fmt.Fprint(w, "<script>document.title = 'ran'</script>")
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// arrives waits until the client has been sent its answer.
func (i *issuer) arrives(t *testing.T) {
	t.Helper()
	select {
	case got := <-i.codes:
		if want := "code=code-for-tests&state=a%27b%28c"; got != want {
			t.Errorf("the client is sent %q, want %q", got, want)
		}
	case <-time.After(patience):
		t.Fatal("the browser never came to the client")
	}
}

func TestWaitingPageInABrowser(t *testing.T) {
	ctx, console := startBrowser(t)
	i := newIssuer(t)

	browse(t, ctx, "a page with a foreign script", chromedp.Navigate(i.URL+"/unsafe"), chromedp.WaitReady(chromedp.CSS("main")))
	if said := console(); len(said) == 0 {
		t.Fatal("the console does not tell of a script that the policy forbids, so this test would see nothing")
	}

	browse(t, ctx, "waiting", chromedp.Navigate(i.URL+"/authorize"), chromedp.WaitVisible(chromedp.CSS(`[data-step="quiet"]`)), chromedp.WaitNotVisible(chromedp.CSS(`[data-step="asked"]`)))
	i.state.Store(Asked)
	browse(t, ctx, "the desktop shows the question", chromedp.WaitVisible(chromedp.CSS(`[data-step="asked"]`)), chromedp.WaitNotVisible(chromedp.CSS(`[data-step="quiet"]`)), chromedp.WaitNotVisible(chromedp.CSS("#terminal")))
	browse(t, ctx, "unfolding", chromedp.Click(chromedp.CSS("#code summary")), chromedp.WaitVisible(chromedp.CSS("#typed")))
	browse(t, ctx, "typing", chromedp.SendKeys(chromedp.CSS("#typed"), "abcd-efgh\r"))
	browse(t, ctx, "a wrong code", chromedp.WaitVisible(chromedp.CSS("#wrong")))
	i.state.Store(Allowed)
	browse(t, ctx, "the owner's yes", chromedp.WaitVisible(chromedp.CSS("#arrived")))
	i.arrives(t)
	select {
	case h := <-i.finished:
		if got := h.Get("Sec-Fetch-Site"); got != "same-origin" {
			t.Errorf("the finish form comes with Sec-Fetch-Site %q", got)
		}
	default:
		t.Error("the client was sent its answer without the finish form")
	}
	if n := i.came.Load(); n != 1 || len(i.finished) > 0 {
		t.Errorf("the client was sent %d answers, and the finish form came %d times too often", n, len(i.finished))
	}
	for _, line := range console() {
		t.Errorf("console: %s", line)
	}

	browse(t, ctx, "back", chromedp.Navigate(i.URL+"/authorize"), chromedp.WaitVisible(chromedp.CSS("#arrived")))
	i.arrives(t)
}

func TestWaitingPageWithoutScripts(t *testing.T) {
	ctx, console := startBrowser(t)
	i := newIssuer(t)
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := chromedp.Call(bounded, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	browse(t, ctx, "waiting", chromedp.Navigate(i.URL+"/authorize"), chromedp.WaitVisible(chromedp.CSS("#terminal pre")))
	i.state.Store(Allowed)
	browse(t, ctx, "the page loads itself again", chromedp.WaitVisible(chromedp.CSS("form#finish button")), chromedp.Click(chromedp.CSS("form#finish button")))
	i.arrives(t)
	if n := i.came.Load(); n != 1 {
		t.Errorf("the client was sent %d answers", n)
	}
	for _, line := range console() {
		t.Errorf("console: %s", line)
	}
}
