package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// raw sends bytes to the socket and returns the answer.
func raw(t *testing.T, path, request string) *http.Response {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() { _, _ = io.WriteString(c, request) }() // the server need not read it to the end
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestServeRefusesWhatIsNotFromAClientOfOurs(t *testing.T) {
	var asked atomic.Int32
	l := serve(t, short(t, 0o700), noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		Reply(w, len(b))
	}))
	const ours = "Host: postern\r\nPostern-Control: 1\r\n"
	full, over := strings.Repeat("x", MaxBody), strings.Repeat("x", MaxBody+1)
	for _, c := range []struct {
		name, request string
		want          int
	}{
		{"a client of ours", "GET / HTTP/1.1\r\n" + ours + "\r\n", 200},
		{"the longest body", fmt.Sprintf("POST / HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", ours, len(full), full), 200},
		{"the longest body in chunks", fmt.Sprintf("POST / HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", ours, len(full), full), 200},
		{"a body over the limit", fmt.Sprintf("POST / HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s", ours, len(over), over), 413},
		{"one in chunks", fmt.Sprintf("POST / HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", ours, len(over), over), 413},
		{"a length that is a lie", "POST / HTTP/1.1\r\n" + ours + "Content-Length: 1099511627776\r\n\r\n", 413},
		{"broken chunks", "POST / HTTP/1.1\r\n" + ours + "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", 400},
		{"no header of ours", "GET / HTTP/1.1\r\nHost: postern\r\n\r\n", 403},
		{"another version", "GET / HTTP/1.1\r\nHost: postern\r\nPostern-Control: 2\r\n\r\n", 403},
		{"another host", "GET / HTTP/1.1\r\nHost: localhost\r\nPostern-Control: 1\r\n\r\n", 403},
		{"another host in the target", "GET http://evil.example/ HTTP/1.1\r\n" + ours + "\r\n", 403},
		{"our host with a port", "GET / HTTP/1.1\r\nHost: postern:80\r\nPostern-Control: 1\r\n\r\n", 403},
		{"no host", "GET / HTTP/1.0\r\nPostern-Control: 1\r\n\r\n", 403},
		{"a web page", "POST / HTTP/1.1\r\n" + ours + "Origin: https://evil.example\r\nContent-Length: 0\r\n\r\n", 403},
		{"a page without an origin", "POST / HTTP/1.1\r\n" + ours + "Origin: null\r\nContent-Length: 0\r\n\r\n", 403},
		{"a form of a web page", "POST / HTTP/1.1\r\nHost: postern\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 403},
		{"garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"a header that is too long", "GET / HTTP/1.1\r\n" + ours + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
	} {
		before := asked.Load()
		resp := raw(t, l.Path, c.request)
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", c.name, resp.StatusCode, c.want)
		}
		if came := asked.Load() != before; came != (c.want == 200) {
			t.Errorf("%s: came through: %v", c.name, came)
		}
	}
}

func TestAHandlerKnowsWhoAsks(t *testing.T) {
	dir := short(t, 0o700)
	serve(t, dir, noEnv, peerHandler)
	var got Process
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, &got); err != nil {
		t.Fatal(err)
	}
	if got.UID != os.Geteuid() || got.PID != os.Getpid() && got.PID != 0 {
		t.Errorf("it is %+v", got)
	}
	if p, ok := Peer(httptest.NewRequest("GET", "/", nil)); ok {
		t.Errorf("a request from elsewhere is from %+v", p)
	}
}

func TestAHandlerNoticesThatTheClientGoes(t *testing.T) {
	dir := short(t, 0o700)
	entered, noticed := make(chan struct{}), make(chan struct{})
	serve(t, dir, noEnv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done() // the body is not read by it
		close(noticed)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-entered; cancel() }()
	if err := Dial(dir, noEnv).Do(ctx, "POST", "/", map[string]string{"a": "b"}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the client: %v", err)
	}
	<-noticed
}

func TestServeEndsWithItsContext(t *testing.T) {
	dir := short(t, 0o700)
	l := listening(t, dir, noEnv, Info{})
	ctx, cancel := context.WithCancel(t.Context())
	noticed := make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
			Reply(w, "last words")
			close(noticed)
		}))
	}()
	var got string
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, &got); err != nil || got != "last words" {
		t.Errorf("%q, %v", got, err)
	}
	<-noticed
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var running *RunningError
	if _, err := Listen(dir, noEnv, Info{}); !errors.As(err, &running) {
		t.Errorf("the lock is given up before Close: %v", err)
	}
	if err := Dial(dir, noEnv).Do(t.Context(), "GET", "/", nil, nil); !errors.Is(err, ErrNotRunning) {
		t.Errorf("afterwards: %v", err)
	}
}

func TestServeEndsWithItsListener(t *testing.T) {
	l := listening(t, short(t, 0o700), noEnv, Info{})
	ended := make(chan error)
	go func() { ended <- Serve(t.Context(), l, peerHandler) }()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
