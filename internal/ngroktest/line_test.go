package ngroktest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// states is a server's ConnState that counts.
type states struct{ opened, closed chan net.Conn }

func newStates() states {
	return states{make(chan net.Conn, 1000), make(chan net.Conn, 1000)}
}

func (s states) note(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.opened <- conn
	case http.StateClosed:
		s.closed <- conn
	}
}

func TestRequestsOfOneConnectionShareALine(t *testing.T) {
	e := start(t, &Edge{})
	lines := newStates()
	serveWith(t, e, &http.Server{Handler: mirror, ConnState: lines.note})
	for from, outside := range map[string]string{"127.0.0.7": "198.18.0.7", "127.0.0.8": "198.18.0.8"} {
		conn, err := e.Dial(limit(t), e.Domain, from)
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		for range 3 {
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", e.Domain)
			answer, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := parse(t, string(body)); got.Address != outside {
				t.Errorf("request from %s came from %s, want %s", from, got.Address, outside)
			}
		}
		if n := len(lines.opened); n != 1 {
			t.Errorf("%d lines for the client at %s", n, from)
		}
		conn.Close()
		if line, want := receive(t, lines.closed, "the end of the line"), <-lines.opened; line != want {
			t.Error("another line ended")
		}
	}
}

func TestAgentClosesTheLine(t *testing.T) {
	e := start(t, &Edge{})
	lines := newStates()
	serveWith(t, e, &http.Server{Handler: text("hello"), ConnState: lines.note, IdleTimeout: time.Millisecond})
	client := e.Client()
	for range 10 {
		if answer, body := get(t, client, e.URL()); body != "hello" {
			t.Fatalf("got %s %q", answer.Status, body)
		}
		receive(t, lines.closed, "the end of the line")
	}
}

func TestCutsUnderLoad(t *testing.T) {
	e := start(t, &Edge{})
	serve(t, e, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil && n == 400_000 {
			w.Write(make([]byte, 300_000))
		}
	}))
	ctx, cancel := context.WithCancel(limit(t))
	var clients sync.WaitGroup
	whole := make(chan struct{}, 100_000)
	for range 6 {
		clients.Go(func() {
			for client := e.Client(); ctx.Err() == nil; {
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL(), bytes.NewReader(make([]byte, 400_000)))
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := client.Do(r)
				if err != nil {
					continue // cut in the middle
				}
				if n, err := io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode == http.StatusOK && n == 300_000 {
					whole <- struct{}{}
				}
				answer.Body.Close()
			}
		})
	}
	for range 3 {
		for range 20 {
			receive(t, whole, "a request that succeeds")
		}
		e.Cut()
		back(t, e)
	}
	cancel()
	clients.Wait()
}
