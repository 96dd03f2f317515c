package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const hour = time.Hour // for a heartbeat or a patience that is not meant to matter

func TestAStreamThatTheServerEnds(t *testing.T) {
	dir := short(t, 0o700)
	result := make(chan error, 1)
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events := make(chan message, 3)
		for _, text := range []string{"one", "two\nlines", ""} {
			events <- message{text}
		}
		close(events)
		result <- Stream(w, r, events)
	}))
	var got []message
	err := Dial(dir, noEnv).Stream(t.Context(), "/", func(b json.RawMessage) error {
		var m message
		err := json.Unmarshal(b, &m)
		got = append(got, m)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]message{{"one"}, {"two\nlines"}, {""}}, got); diff != "" {
		t.Error(diff)
	}
	if err := <-result; err != nil {
		t.Errorf("the server: %v", err)
	}
}

func TestAnEventArrivesAtOnce(t *testing.T) {
	dir := short(t, 0o700)
	events := make(chan int)
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := stream(w, r, events, hour, hour); err != nil {
			t.Error(err)
		}
	}))
	got := make(chan string)
	ended := make(chan error)
	go func() {
		ended <- Dial(dir, noEnv).Stream(t.Context(), "/", func(b json.RawMessage) error {
			got <- string(b)
			return nil
		})
	}()
	for i := range 3 { // each is sent after the one before it has arrived
		events <- i
		if s := <-got; s != fmt.Sprint(i) {
			t.Errorf("%s instead of %d", s, i)
		}
	}
	close(events)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAClientThatGoesEndsTheStream(t *testing.T) {
	enough := errors.New("enough")
	for name, leave := range map[string]func(cancel func()) error{
		"its context ends": func(cancel func()) error { cancel(); return nil },
		"it has enough":    func(func()) error { return enough },
	} {
		dir := short(t, 0o700)
		result := make(chan error)
		ended := serveOne(t, dir, func(w http.ResponseWriter, r *http.Request) {
			events := make(chan int, 1)
			events <- 1
			result <- stream(w, r, events, hour, hour)
		})
		ctx, cancel := context.WithCancel(t.Context())
		err := Dial(dir, noEnv).Stream(ctx, "/", func(json.RawMessage) error { return leave(cancel) })
		if !errors.Is(err, context.Canceled) && err != enough {
			t.Errorf("%s: the client: %v", name, err)
		}
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the server: %v", name, err)
		}
		cancel()
		ended()
	}
}

// serveOne is serve for a part of a test, until the returned function is called.
func serveOne(t *testing.T, dir string, h http.HandlerFunc) (end func()) {
	t.Helper()
	l := listening(t, dir, noEnv, Info{})
	ended := make(chan error)
	go func() { ended <- Serve(t.Context(), l, h) }()
	return func() {
		if err := errors.Join(l.Close(), <-ended); err != nil {
			t.Error(err)
		}
	}
}

func TestAServerThatStopsEndsItsStreams(t *testing.T) {
	dir := short(t, 0o700)
	l := listening(t, dir, noEnv, Info{})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			events := make(chan int, 1)
			events <- 1
			_ = stream(w, r, events, hour, hour) // the context's
		}))
	}()
	if err := Dial(dir, noEnv).Stream(t.Context(), "/", func(json.RawMessage) error { stop(); return nil }); err != nil {
		t.Errorf("the client: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAStreamBeats(t *testing.T) {
	l := serve(t, short(t, 0o700), noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = stream[int](w, r, nil, time.Millisecond, hour) // the client goes
	}))
	_, body := open(t, l.Path)
	for range 3 {
		if line, err := body.ReadString('\n'); line != "\n" || err != nil {
			t.Fatalf("%q, %v", line, err)
		}
	}
}

func TestABeatIsNoEvent(t *testing.T) {
	dir := short(t, 0o700)
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", linesType)
		_, _ = io.WriteString(w, "\n\n1\n\n2\n\n") // the client shows whether it came
	}))
	var got []string
	err := Dial(dir, noEnv).Stream(t.Context(), "/", func(b json.RawMessage) error { got = append(got, string(b)); return nil })
	if diff := cmp.Diff([]string{"1", "2"}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAClientThatDoesNotReadEndsTheStream(t *testing.T) {
	dir := short(t, 0o700)
	result := make(chan error)
	l := serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events := make(chan string)
		go func() {
			for {
				select {
				case events <- strings.Repeat("x", 64<<10):
				case <-r.Context().Done():
					return
				}
			}
		}()
		result <- stream(w, r, events, hour, 50*time.Millisecond)
	}))
	open(t, l.Path)
	if err := <-result; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// open asks for a stream as a client that reads for itself.
func open(t *testing.T, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: postern\r\nPostern-Control: 1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(resp.Body)
}

func TestAStreamThatBreaksOff(t *testing.T) {
	for name, c := range map[string]struct {
		typ, body string
		abort     bool
		want      int // events
	}{
		"in the middle":    {linesType, "1\n2", true, 1},
		"between lines":    {linesType, "1\n2\n", true, 2},
		"without an end":   {linesType, "1\n2", false, 1},
		"with no JSON":     {linesType, "1\nnonsense\n", false, 1},
		"with a long line": {linesType, "1\n\"" + strings.Repeat("x", maxAnswer) + "\"\n", false, 1},
		"no stream":        {"application/json", "1\n", false, 0},
		"no type":          {"", "1\n", false, 0},
	} {
		dir := short(t, 0o700)
		end := serveOne(t, dir, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", c.typ)
			_, _ = io.WriteString(w, c.body) // the client may go
			_ = http.NewResponseController(w).Flush()
			if c.abort {
				panic(http.ErrAbortHandler)
			}
		})
		got := 0
		err := Dial(dir, noEnv).Stream(t.Context(), "/", func(json.RawMessage) error { got++; return nil })
		if err == nil || errors.Is(err, ErrNotRunning) || got != c.want {
			t.Errorf("%s: %d events, want %d, and %v", name, got, c.want, err)
		}
		end()
	}
}

func TestARefusedStream(t *testing.T) {
	dir := short(t, 0o700)
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Fail(w, http.StatusForbidden, errors.New("not for you"))
	}))
	err := Dial(dir, noEnv).Stream(t.Context(), "/", nil)
	var refused *Error
	if !errors.As(err, &refused) || *refused != (Error{http.StatusForbidden, "not for you"}) {
		t.Errorf("%v", err)
	}
}
