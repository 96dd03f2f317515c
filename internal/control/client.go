package control

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNotRunning says that there is no bridge: no socket, or one that nobody listens at. Nothing was sent.
var ErrNotRunning = errors.New(`no bridge is running: start one with "postern serve" or open the desktop app`)

// Error is a refusal by the bridge.
type Error struct {
	Status  int    // of HTTP
	Message string // what the bridge said
}

// Error returns what the bridge said.
func (e *Error) Error() string {
	return cmp.Or(e.Message, fmt.Sprintf("the bridge answered %d %s", e.Status, http.StatusText(e.Status)))
}

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 16 << 20

// Client talks to the bridge of a state directory. Every call has a connection of its own, so a Client outlives the
// bridge, needs no closing, and may be used by several goroutines.
type Client struct {
	dir       string
	getenv    func(string) string
	transport *http.Transport
}

// Dial returns a Client. It connects only for a call, and looks each time where the bridge is. A nil getenv means
// os.Getenv.
func Dial(dir string, getenv func(string) string) *Client {
	c := &Client{dir: dir, getenv: getenv}
	c.transport = &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return c.connect(ctx) },
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
	}
	return c
}

// Do makes one request with in as its JSON body, unless in is nil, and reads the answer into out, unless out is nil or
// the answer is empty. A refusal is an *Error, a missing bridge ErrNotRunning. Only ctx limits how long it takes.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("reading the bridge's answer: %w", err)
	case len(b) > maxAnswer:
		return fmt.Errorf("reading the bridge's answer: it is longer than %d bytes", maxAnswer)
	case out == nil || len(b) == 0:
		return nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("reading the bridge's answer: %w", err)
	}
	return nil
}

// send makes a request and returns the answer if it is no refusal.
func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	bare, _, _ := strings.Cut(path, "?") // what follows is for the bridge alone
	if !strings.HasPrefix(path, "/") {
		return nil, fmt.Errorf("asking the bridge: the path %q does not begin with a slash", clip(bare))
	}
	if _, err := url.Parse("http://" + host + path); err != nil {
		return nil, fmt.Errorf("asking the bridge: the path %q is malformed", clip(bare))
	}
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("asking the bridge: %w", err)
		}
		if len(b) > MaxBody { // the bridge would say so, but close the connection while it is written
			return nil, &Error{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is longer than %d bytes", MaxBody)}
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+host+path, body)
	if err != nil {
		return nil, fmt.Errorf("asking the bridge: %w", err)
	}
	r.Header.Set(header, headerValue)
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.transport.RoundTrip(r) // redirects are not followed: there are none
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrNotRunning):
		return nil, ErrNotRunning
	case err != nil:
		return nil, fmt.Errorf("asking the bridge: %w", err)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		defer resp.Body.Close()
		return nil, refusal(resp)
	}
	return resp, nil
}

// refusal reads what the bridge said, also if it was not one of ours who said it, as http.ServeMux of an unknown path.
func refusal(resp *http.Response) error {
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // the status alone is enough
	var f failure
	if json.Unmarshal(b, &f) != nil {
		f.Error = clip(strings.TrimSpace(string(b)))
	}
	return &Error{resp.StatusCode, f.Error}
}

// connect opens a connection to the bridge and sees to it that it is a process of the same user who will hear what is
// said: anybody could have made a directory under os.TempDir.
func (c *Client) connect(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	failed := ErrNotRunning
	for _, path := range c.paths() {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if err != nil {
			if !nobody(err) && failed == ErrNotRunning {
				failed = err
			}
			continue
		}
		if _, err := same(conn.(*net.UnixConn)); err != nil {
			conn.Close()
			return nil, fmt.Errorf("the control socket %q is not trusted, nothing was sent: %w", path, err)
		}
		return conn, nil
	}
	return nil, failed
}

// paths returns where the bridge may listen, likeliest first: where it says, and where it would with this process's
// environment.
func (c *Client) paths() []string {
	var paths []string
	for _, path := range []string{readInfo(c.dir).Socket, Path(c.dir, c.getenv)} {
		if filepath.IsAbs(path) && fits(path) && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}
