package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type message struct {
	Text string `json:"text"`
}

func TestDoCarriesJSONBothWays(t *testing.T) {
	dir := short(t, 0o700)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		var m message
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			Fail(w, http.StatusBadRequest, err)
			return
		}
		m.Text += r.URL.Query().Get("more")
		Reply(w, m)
	})
	mux.HandleFunc("POST /nothing", func(w http.ResponseWriter, r *http.Request) { Reply(w, nil) })
	mux.HandleFunc("GET /refused", func(w http.ResponseWriter, r *http.Request) {
		Fail(w, http.StatusConflict, errors.New("it is settled already"))
	})
	mux.HandleFunc("GET /wordless", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	mux.HandleFunc("GET /odd", func(w http.ResponseWriter, r *http.Request) { Reply(w, func() {}) })
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://evil.example/", http.StatusFound)
	})
	mux.HandleFunc("GET /text", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "text") })
	serve(t, dir, noEnv, mux)
	client := Dial(dir, noEnv)

	out := message{"as before"}
	if err := client.Do(t.Context(), "POST", "/nothing", nil, &out); err != nil || out.Text != "as before" {
		t.Errorf("no answer: %v, %v", out, err)
	}
	if err := client.Do(t.Context(), "POST", "/echo?more=%21", message{"hello"}, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(message{"hello!"}, out); diff != "" {
		t.Error(diff)
	}
	if err := client.Do(t.Context(), "POST", "/echo", message{"hello"}, nil); err != nil {
		t.Errorf("with an answer that nobody wants: %v", err)
	}
	for _, c := range []struct {
		method, path string
		in           any
		status       int // 0 for an error that is no *Error
		text         string
	}{
		{"GET", "/refused", nil, 409, "it is settled already"},
		{"GET", "/wordless", nil, 418, "the bridge answered 418 I'm a teapot"},
		{"GET", "/unknown", nil, 404, "404 page not found"},
		{"POST", "/echo", nil, 400, "EOF"},
		{"POST", "/echo", message{strings.Repeat("x", MaxBody)}, 413, "the body is longer than 1048576 bytes"},
		{"GET", "/moved", nil, 302, ""},
		{"GET", "/odd", nil, 500, ""},
		{"GET", "/text", nil, 0, "reading the bridge's answer: invalid character 'e' in literal true (expecting 'r')"},
		{"GET", "evil.example/", nil, 0, `asking the bridge: the path "evil.example/" does not begin with a slash`},
		{"GET", "/%zz?code=hidden", nil, 0, `asking the bridge: the path "/%zz" is malformed`},
		{"GET", "x?code=hidden", nil, 0, `asking the bridge: the path "x" does not begin with a slash`},
		{"G T", "/", nil, 0, `asking the bridge: net/http: invalid method "G T"`},
		{"POST", "/echo", func() {}, 0, "asking the bridge: json: unsupported type: func()"},
	} {
		err := client.Do(t.Context(), c.method, c.path, c.in, &out)
		if err == nil {
			t.Errorf("%s %s: no error", c.method, c.path)
			continue
		}
		var refused *Error
		status := 0
		if errors.As(err, &refused) {
			status = refused.Status
		}
		if status != c.status || c.text != "" && err.Error() != c.text {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.path, status, err, c.status, c.text)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	stale := func(t *testing.T, path string) {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		l.Close()
	}
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"no state directory": func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		},
		"no socket":      func(*testing.T, string) {},
		"a stale socket": func(t *testing.T, dir string) { stale(t, Path(dir, noEnv)) },
		"a stale socket elsewhere": func(t *testing.T, dir string) {
			path := filepath.Join(short(t, 0o700), "s")
			stale(t, path)
			if err := writeInfo(dir, Info{PID: 1, Socket: path}); err != nil {
				t.Fatal(err)
			}
		},
		"nonsense": func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, infoName), []byte("nonsense"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a path that is no path": func(t *testing.T, dir string) {
			if err := writeInfo(dir, Info{PID: 1, Socket: "@relative"}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		dir := short(t, 0o700)
		prepare(t, dir)
		if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", name, err)
		}
		if err := Dial(dir, noEnv).Stream(t.Context(), "/", nil); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s, a stream: %v", name, err)
		}
	}
}

func TestAClientFindsTheBridgeWithoutItsEnvironment(t *testing.T) {
	unixOnly(t)
	dir := short(t, 0o700)
	l := serve(t, dir, runtimeEnv(short(t, 0o700)), peerHandler)
	if l.Path == Path(dir, noEnv) {
		t.Fatal("the environment makes no difference")
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); err != nil {
		t.Errorf("started without a runtime directory: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, infoName)); err != nil {
		t.Fatal(err)
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("with no trace of it: %v", err)
	}
}

func TestABridgeThatBreaksOffIsNotOneThatDoesNotRun(t *testing.T) {
	dir := short(t, 0o700)
	serve(t, dir, noEnv, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	if err := Dial(dir, noEnv).Do(t.Context(), "POST", "/", nil, nil); err == nil || errors.Is(err, ErrNotRunning) {
		t.Errorf("it may have done something: %v", err)
	}
}

func TestAHundredCallsAtOnce(t *testing.T) {
	dir := short(t, 0o700)
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if !r.Close {
			t.Error("a connection is kept, and would be tried again after the bridge has ended")
		}
		Reply(w, json.RawMessage(b))
	}))
	client := Dial(dir, noEnv)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			got := -1
			if err := client.Do(t.Context(), "POST", "/", i, &got); err != nil || got != i {
				t.Errorf("%d: %d, %v", i, got, err)
			}
		})
	}
	wg.Wait()
}
