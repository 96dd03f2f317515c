package ngroktest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestEvents(t *testing.T) {
	e := start(t, &Edge{})
	next := make(chan struct{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: %d\n\n", i)
			w.(http.Flusher).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
			}
		}
	}))
	r, err := http.NewRequestWithContext(limit(t), http.MethodGet, e.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := e.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for i := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", i) || !lines.Scan() {
			t.Fatalf("event %d: %q, %v", i, lines.Text(), lines.Err())
		}
		next <- struct{}{} // the handler goes on only when this event has come
	}
	if lines.Scan() {
		t.Errorf("more: %q", lines.Text())
	}
}

func TestClientGone(t *testing.T) {
	for _, protocol := range []string{"h1", "h2"} {
		t.Run(protocol, func(t *testing.T) {
			e := start(t, &Edge{})
			began, gone := make(chan struct{}), make(chan struct{})
			serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.(http.Flusher).Flush()
				close(began)
				<-r.Context().Done()
				close(gone)
			}))
			if protocol == "h2" {
				answer, err := e.Client().Get(e.URL())
				if err != nil {
					t.Fatal(err)
				}
				receive(t, began, "the handler")
				answer.Body.Close()
			} else {
				conn, err := e.Dial(limit(t), e.Domain, "")
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", e.Domain)
				receive(t, began, "the handler")
				conn.Close()
			}
			receive(t, gone, "the end of the handler's context")
		})
	}
}

func TestLargeBodies(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		fmt.Fprintf(w, "%d %x %v %d\n", n, sum.Sum(nil), err, r.ContentLength)
		io.Copy(w, io.LimitReader(repeat('x'), 5<<20))
	}))
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MB
	for name, body := range map[string]io.Reader{"sized": bytes.NewReader(data), "chunked": struct{ io.Reader }{bytes.NewReader(data)}} {
		for _, expect := range []string{"", "100-continue"} {
			r, err := http.NewRequestWithContext(limit(t), http.MethodPost, e.URL(), body)
			if err != nil {
				t.Fatal(err)
			}
			if expect != "" {
				r.Header.Set("Expect", expect)
			}
			answer, err := e.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			line, rest, _ := bytes.Cut(got, []byte("\n"))
			size := r.ContentLength
			if name == "chunked" {
				size = -1
			}
			if want := fmt.Sprintf("%d %x <nil> %d", len(data), sha256.Sum256(data), size); string(line) != want || len(rest) != 5<<20 {
				t.Errorf("%s, expecting %q: %q and %d bytes, want %q", name, expect, line, len(rest), want)
			}
			body = bytes.NewReader(data)
			if name == "chunked" {
				body = struct{ io.Reader }{body}
			}
		}
	}
}

type repeat byte

func (b repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

// An agent that answers before it has the whole body is heard at once.
func TestEarlyAnswer(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}))
	conn, err := e.Dial(limit(t), e.Domain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000000\r\n\r\nthe beginning", e.Domain)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %s", answer.Status)
	}
}

// counter counts what is written.
type counter struct {
	io.Writer
	n *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// A reader that stalls holds its handler up and no other, and a cut lets the handler go.
func TestBackPressure(t *testing.T) {
	e := start(t, &Edge{})
	const size = 64 << 20
	var wrote atomic.Int64
	ended := make(chan struct{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			io.Copy(counter{w, &wrote}, io.LimitReader(repeat('x'), size))
			close(ended)
		}
	}))
	conn, err := e.Dial(limit(t), e.Domain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /large HTTP/1.1\r\nHost: %s\r\n\r\n", e.Domain)
	if _, err := io.ReadFull(conn, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	client := e.Client()
	for before := int64(-1); before != wrote.Load(); { // until it stands still for the length of 20 other requests
		before = wrote.Load()
		for range 20 {
			get(t, client, e.URL())
		}
	}
	if n := wrote.Load(); n == size {
		t.Error("the handler wrote everything to a client that does not read")
	}
	e.Cut()
	receive(t, ended, "the end of the handler")
	back(t, e)
}

// Nothing of the edge is left at work after Close, whatever was under way.
func TestNothingIsLeft(t *testing.T) {
	e := &Edge{Token: token}
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	began := make(chan struct{}, 3)
	serve(t, e, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-r.Context().Done()
	}))
	conn, err := e.Dial(limit(t), e.Domain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", e.Domain)
	idle, err := net.Dial("tcp", e.Addr()) // an agent that never says a word
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	answered := make(chan error, 2)
	client := e.Client()
	for range cap(answered) {
		// Uploads that the agent does not read: they fill the stream's window.
		r, err := http.NewRequestWithContext(limit(t), http.MethodPost, e.URL(), io.LimitReader(repeat('x'), 8<<20))
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			answer, err := client.Do(r)
			if err == nil {
				answer.Body.Close()
			}
			answered <- err
		}()
	}
	for range cap(began) {
		receive(t, began, "a handler")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	for range cap(answered) {
		receive(t, answered, "the end of an upload")
	}
	if err := e.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	// The goroutines of net/http and muxado end on their own a moment later.
	ours := regexp.MustCompile(`ngroktest\.\(\*?(Edge|session|carrier|forwarder)\)`)
	ctx := limit(t)
	for {
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		if !ours.Match(stacks) {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("still at work:\n%s", stacks)
		}
		runtime.Gosched()
	}
}

// A client in the middle of an upload learns of a cut without having to send more.
func TestCutDuringUpload(t *testing.T) {
	e := start(t, &Edge{})
	began := make(chan struct{})
	serve(t, e, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		io.Copy(io.Discard, r.Body)
	}))
	conn, err := e.Dial(limit(t), e.Domain, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nthe beginning", e.Domain)
	receive(t, began, "the handler")
	e.Cut()
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusBadGateway || answer.Header.Get("Ngrok-Error-Code") != "ERR_NGROK_3004" {
		t.Errorf("got %s %v", answer.Status, answer.Header)
	}
	back(t, e)
}
