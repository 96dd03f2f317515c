package guard_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"postern/server/guard"
)

// publicSide is a public side without a network, within a bubble of synctest.
type publicSide struct {
	t    *testing.T
	line pipes
	log  bytes.Buffer
	all  []*guest
}

// guest is the client's end of a connection.
type guest struct {
	net.Conn
	in *bufio.Reader
}

// from is a connection that comes from an address.
type from struct {
	net.Conn
	address string
}

func (f *from) RemoteAddr() net.Addr { return at(f.address) }

type at string

func (at) Network() string  { return "tcp" }
func (a at) String() string { return string(a) }

// newPublicSide serves h at /mcp and elsewhere. It ends when the test does.
func newPublicSide(t *testing.T, h http.Handler) *publicSide {
	s := &publicSide{t: t, line: pipes{make(chan net.Conn)}}
	web := guard.NewPublicServer(&guard.Public{Next: h, MCP: "/mcp", Source: func(r *http.Request) string { return r.RemoteAddr }, Log: slog.New(slog.NewTextHandler(&s.log, nil))})
	done := make(chan error, 1)
	go func() { done <- web.Serve(s.line) }()
	t.Cleanup(func() {
		for _, g := range s.all {
			g.Close()
		}
		close(s.line.conns)
		web.Close()
		<-done
	})
	return s
}

// conn opens a connection from an address with its port.
func (s *publicSide) conn(address string) *guest {
	client, server := net.Pipe()
	g := &guest{client, bufio.NewReader(client)}
	s.all = append(s.all, g)
	s.line.conns <- &from{server, address}
	return g
}

// send sends bytes, as far as they are taken.
func (g *guest) send(text string) { go func() { _, _ = io.WriteString(g, text) }() }

// answer returns the status of the next answer, with "close" if it ends the connection; or that there is none.
func (g *guest) answer() string {
	resp, err := http.ReadResponse(g.in, nil)
	if err != nil {
		return "none"
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.Close {
		return fmt.Sprint(resp.StatusCode, " close")
	}
	return fmt.Sprint(resp.StatusCode)
}

func (g *guest) get(path string) string {
	g.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
	return g.answer()
}

// ended reports whether the server has closed the connection.
func (g *guest) ended() bool {
	_ = g.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := g.in.Peek(1)
	_ = g.SetReadDeadline(time.Time{})
	return err == io.EOF
}

var status = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	var code int
	if _, err := fmt.Sscan(strings.TrimPrefix(r.URL.Path, "/"), &code); err != nil {
		code = http.StatusOK
	}
	w.WriteHeader(code)
})

// TestWhoDoesNothingGoes: one address with all the connections that there may be keeps nobody out.
func TestWhoDoesNothingGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPublicSide(t, status)
		own := s.conn("192.0.2.1:1") // has rested for longer than all others
		if got := own.get("/mcp"); got != "200" {
			t.Fatal(got)
		}
		time.Sleep(time.Millisecond)
		var greedy []*guest
		for i := range 447 {
			g := s.conn(fmt.Sprintf("[2001:db8:1:%x::1]:%d", i%7, i+1)) // networks of a wide one
			if i < 100 {
				g.get("/mcp")
				time.Sleep(time.Millisecond)
			}
			greedy = append(greedy, g)
		}
		second := s.conn("198.51.100.1:1")
		if got := second.get("/mcp"); got != "200" {
			t.Errorf("somebody else gets %s", got)
		}
		for i := range 50 { // more of the greedy one's take their own room
			s.conn(fmt.Sprintf("[2001:db8:1:9::1]:%d", i+1))
		}
		synctest.Wait()
		for name, g := range map[string]*guest{"who was there before": own, "who came later": second} {
			if got := g.get("/mcp"); got != "200" {
				t.Errorf("%s gets %s", name, got)
			}
		}
		gone := 0
		for i, g := range greedy[:100] {
			if g.ended() {
				if gone++; i > 50 {
					t.Errorf("connection %d went, which has not rested for longest", i)
				}
			}
		}
		if gone != 51 {
			t.Errorf("%d connections went", gone)
		}
		if got := s.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "let_go=1") {
			t.Errorf("the log says %q", got)
		}
	})
}

// TestWhatRunsStays: where all connections are busy, it is the new one that goes, and the log says so once a minute.
func TestWhatRunsStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		s := newPublicSide(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-leave
		}))
		var running []*guest
		for i := range 60 {
			g := s.conn(fmt.Sprintf("192.0.2.%d:1", i))
			g.send("GET /mcp HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\n\r\n")
			if resp, err := http.ReadResponse(g.in, nil); err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(err)
			}
			running = append(running, g)
		}
		rests := s.conn("203.0.113.1:1") // of a place that has fewer than who comes
		for i := range 448 - 61 {        // these are busy too, since somebody drags what was refused
			g := s.conn(fmt.Sprintf("198.51.100.%d:1", i%200))
			g.send("POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
		}
		synctest.Wait()
		for range 5 {
			if more := s.conn("198.51.100.1:1"); !more.ended() {
				t.Error("there is room for one more")
			}
		}
		for i, g := range running {
			if g.ended() {
				t.Errorf("a request of connection %d was cut", i)
			}
		}
		if rests.ended() {
			t.Error("it went for one of a place that has more")
		}
		if got := s.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "not_taken=1") {
			t.Errorf("the log says %q", got)
		}
		close(leave)
		time.Sleep(time.Minute) // nobody reads what the others are answered
		if got := s.conn("203.0.113.1:1").get("/mcp"); got != "200" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

// TestRefusalsEndTheirConnection from outside; what a client goes on from does not.
func TestRefusalsEndTheirConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPublicSide(t, status)
		for i, want := range []string{"200", "401", "403", "404 close", "413 close", "414 close", "421 close", "429 close", "503 close"} {
			if got := s.conn(fmt.Sprintf("192.0.2.%d:1", i)).get("/" + want[:3]); got != want {
				t.Errorf("%s is answered with %s", want, got)
			}
		}
		// And who drags what was refused has a second.
		for _, path := range []string{"/404", "/401"} {
			g := s.conn("192.0.2.99:1")
			g.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx")
			began := time.Now()
			if got := g.answer(); got != path[1:]+" close" || time.Since(began) > 2*time.Second {
				t.Errorf("%s is answered with %s after %v", path, got, time.Since(began))
			}
		}
		// Who has sent all of it may go on.
		g := s.conn("192.0.2.99:1")
		g.send("POST /401 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
		if got := g.answer(); got != "401" {
			t.Error(got)
		}
		began := time.Now()
		if got := g.get("/200"); got != "200" {
			t.Error(got)
		}
		if _, err := g.in.Peek(1); err != io.EOF || time.Since(began) > 3*time.Minute || time.Since(began) < 90*time.Second { // proxies use theirs again for up to 90 seconds
			t.Errorf("a connection rests for %v (%v)", time.Since(began), err)
		}
	})
}

// TestStrangersSendFast: a body without a token has five seconds, however long it is; with one it has as long as anywhere.
func TestStrangersSendFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPublicSide(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				w.WriteHeader(http.StatusRequestTimeout)
			}
		}))
		for header, want := range map[string]string{"": "408 close", "Authorization: Bearer x\r\n": "200"} {
			g := s.conn("192.0.2.1:1")
			var sent sync.WaitGroup
			sent.Go(func() {
				_, err := io.WriteString(g, "POST /mcp HTTP/1.1\r\nHost: x\r\n"+header+"Content-Length: 120000\r\n\r\n")
				for i := 0; i < 12 && err == nil; i++ { // ten kilobytes a second, more than the least
					_, err = g.Write(make([]byte, 10_000))
					time.Sleep(time.Second)
				}
			})
			began := time.Now()
			if got := g.answer(); got != want || want != "200" && time.Since(began) > 6*time.Second {
				t.Errorf("with %q: %s after %v", header, got, time.Since(began))
			}
			g.Close()
			sent.Wait()
		}
	})
}
