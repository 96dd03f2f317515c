package guard_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postern/server/guard"
)

// pipes is a listener without a network, so that time can be the test's own.
type pipes struct{ conns chan net.Conn }

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (p pipes) Close() error { return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7878} }

// dial opens a connection to a server for h within a bubble of synctest. It is closed when the test is over.
func dial(t *testing.T, h http.HandlerFunc) net.Conn {
	t.Helper()
	p := pipes{make(chan net.Conn, 1)}
	s := guard.NewServer(h)
	done := make(chan error, 1)
	go func() { done <- s.Serve(p) }()
	client, server := net.Pipe()
	p.conns <- server
	t.Cleanup(func() {
		client.Close()
		close(p.conns)
		s.Close()
		<-done
	})
	return client
}

// TestSlowClients lets time pass for clients that stand still (attack 52): each is let go, and the others are not.
func TestSlowClients(t *testing.T) {
	// drip writes piece after piece, one every interval, and returns how long the server bore it.
	drip := func(conn net.Conn, pieces []string, interval time.Duration) time.Duration {
		began := time.Now()
		for _, piece := range pieces {
			if _, err := io.WriteString(conn, piece); err != nil {
				break
			}
			time.Sleep(interval)
		}
		return time.Since(began)
	}
	read := func(conn net.Conn) chan string {
		all := make(chan string, 1)
		go func() { b, _ := io.ReadAll(conn); all <- string(b) }()
		return all
	}
	t.Run("header", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(http.ResponseWriter, *http.Request) { t.Error("it was served") })
			answered := read(conn)
			if took := drip(conn, strings.Split("GET / HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("X-A: b\r\n", 100), ""), time.Second); took > 12*time.Second {
				t.Errorf("a header may take %s", took)
			}
			<-answered
		})
	})
	t.Run("idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(http.ResponseWriter, *http.Request) {})
			answered := read(conn)
			began := time.Now()
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			<-answered
			if took := time.Since(began); took < time.Minute || took > 3*time.Minute {
				t.Errorf("a connection is kept for %s", took)
			}
		})
	})
	t.Run("body", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var failed error
			conn := dial(t, func(w http.ResponseWriter, r *http.Request) { _, failed = io.ReadAll(r.Body); w.WriteHeader(408) })
			answered := read(conn)
			took := drip(conn, append([]string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"}, strings.Split(strings.Repeat("x", 1000), "")...), time.Second)
			if text := <-answered; took > 15*time.Second || failed == nil || !strings.HasPrefix(text, "HTTP/1.1 408") {
				t.Errorf("a body may take %s: %v %q", took, failed, text)
			}
		})
	})
	t.Run("body that nobody reads", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })
			answered := read(conn)
			took := drip(conn, append([]string{"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"}, strings.Split(strings.Repeat("x", 1000), "")...), time.Second)
			if text := <-answered; took > 15*time.Second || !strings.HasPrefix(text, "HTTP/1.1 401") {
				t.Errorf("a body may take %s: %q", took, text)
			}
		})
	})
	t.Run("body over a slow line", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			n := 0
			conn := dial(t, func(_ http.ResponseWriter, r *http.Request) { b, _ := io.ReadAll(r.Body); n = len(b) })
			answered := read(conn)
			const pieces = 60 // ten minutes of 20 kB a second, ten seconds apart
			_, _ = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", pieces*200_000)
			for range pieces {
				if _, err := conn.Write(make([]byte, 200_000)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(9 * time.Second)
			}
			if <-answered; n != pieces*200_000 {
				t.Errorf("%d bytes came", n)
			}
		})
	})
	t.Run("long call after a body", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				select {
				case <-r.Context().Done():
					t.Error("the call was cancelled")
				case <-time.After(time.Hour):
				}
				_, _ = io.WriteString(w, "done")
			})
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
			if text := <-read(conn); !strings.HasSuffix(text, "done") {
				t.Errorf("%q", text)
			}
		})
	})
	t.Run("reader", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ended := make(chan time.Duration, 1)
			conn := dial(t, func(w http.ResponseWriter, _ *http.Request) {
				began := time.Now()
				for {
					if _, err := w.Write(make([]byte, 1<<10)); err != nil {
						ended <- time.Since(began)
						return
					}
				}
			})
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if took := <-ended; took > time.Minute { // nobody reads
				t.Errorf("an answer waited %s for its reader", took)
			}
		})
	})
	t.Run("stream that is quiet", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(w http.ResponseWriter, r *http.Request) {
				for range 5 {
					time.Sleep(time.Hour)
					_, _ = io.WriteString(w, "event\n")
					if err := http.NewResponseController(w).Flush(); err != nil {
						t.Error(err)
					}
				}
			})
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if text := <-read(conn); strings.Count(text, "event") != 5 {
				t.Errorf("%q", text)
			}
		})
	})
	t.Run("answer written long before its end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "done") // which is sent when the handler returns
				time.Sleep(time.Hour)
			})
			_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			if text := <-read(conn); !strings.HasSuffix(text, "done") {
				t.Errorf("%q", text)
			}
		})
	})
	t.Run("second request much later than the first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			conn := dial(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				time.Sleep(time.Minute)
				_, _ = io.WriteString(w, "done")
			})
			in := bufio.NewReader(conn)
			for range 3 {
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi")
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(res.Body); string(b) != "done" || err != nil {
					t.Fatalf("%q %v", b, err)
				}
				time.Sleep(time.Minute)
			}
		})
	})
}

// TestHeaderBombs: many headers, and long ones, cost their sender the connection (attack 52).
func TestHeaderBombs(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	host := "Host: " + strings.TrimPrefix(d.issuer, "http://") + "\r\n"
	for name, headers := range map[string]string{
		"one of 1 MiB":   "X-A: " + strings.Repeat("a", 1<<20) + "\r\n",
		"100,000":        strings.Repeat("X-A: b\r\n", 100_000),
		"a huge Accept":  "Accept: " + strings.Repeat("text/event-stream;q=0.1,", 50_000) + "*/*\r\n",
		"a huge token":   "Authorization: Bearer mcpat_" + strings.Repeat("a", 1<<20) + "\r\n",
		"a huge session": "Mcp-Session-Id: " + strings.Repeat("a", 1<<20) + "\r\n",
	} {
		if a := d.try("POST /mcp HTTP/1.1\r\n" + host + headers + "Content-Length: 0\r\n\r\n"); a != "" && !strings.HasPrefix(a, "HTTP/1.1 431") {
			t.Errorf("%s: %.100q", name, a)
		}
	}
	// What fits is served, or refused as what it is.
	r := (&caller{d: d, era: modern, token: token}).post("tools/list", nil)
	r.Header.Set("Accept", "application/json, "+strings.Repeat("text/event-stream;q=0.1, ", 2000)+"*/*")
	if a := d.do(r); a.status != http.StatusOK {
		t.Errorf("a long Accept: %d", a.status)
	}
}

// try sends bytes as long as they are taken, and returns what came back.
func (d *door) try(text string) string {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.issuer, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(conn, text) }() // the server may close before all is written
	b, _ := io.ReadAll(conn)
	return string(b)
}

// TestManyCalls: a thousand calls at a time are answered or told to come back, and leave nothing behind (attack 52).
func TestManyCalls(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	c := &caller{d: d, era: modern, token: token}
	if a := d.do(c.post("tools/list", nil)); a.status != http.StatusOK {
		t.Fatal(a.status)
	}
	d.client.CloseIdleConnections()
	before := runtime.NumGoroutine()
	const calls = 1000
	requests := make([]*http.Request, calls)
	for i := range requests {
		requests[i] = c.post("tools/call", map[string]any{"name": "calendar_echo", "arguments": map[string]any{"text": "x"}})
	}
	statuses := make([]int, calls)
	var g sync.WaitGroup
	for i, r := range requests {
		g.Go(func() {
			res, err := d.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			_, _ = io.Copy(io.Discard, res.Body)
			statuses[i] = res.StatusCode
		})
	}
	g.Wait()
	n := map[int]int{}
	for _, s := range statuses {
		n[s]++
	}
	if n[200]+n[429] != calls || n[200] < 64 {
		t.Errorf("answers by status: %v", n)
	}
	d.idle()
	d.client.CloseIdleConnections()
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before+20 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond) // the connections end one by one; nothing tells when
	}
	if after := runtime.NumGoroutine(); after > before+20 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}
