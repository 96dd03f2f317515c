package retry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// answers is a transport that gives one answer after the other, and keeps the bodies that it got.
type answers struct {
	list   []any // a status, an *http.Response or an error
	bodies []string
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	a.bodies = append(a.bodies, body)
	next := a.list[min(len(a.bodies), len(a.list))-1]
	switch x := next.(type) {
	case error:
		return nil, x
	case *http.Response:
		return x, nil
	}
	return answer(next.(int), "", ""), nil
}

func answer(status int, body, after string) *http.Response {
	h := http.Header{}
	if after != "" {
		h.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

func TestWhatIsTriedAgain(t *testing.T) {
	reset := errors.New("connection reset by peer")
	dial := &net.OpError{Op: "dial", Err: reset}
	limited := func() any { return answer(403, `{"error":{"errors":[{"reason":"rateLimitExceeded"}]}}`, "") }
	for _, c := range []struct {
		name   string
		method string
		path   string
		first  any
		tries  int
	}{
		{"a read that failed", "GET", "/x", 503, 2},
		{"a read whose connection broke", "GET", "/x", reset, 2},
		{"a write that was put off", "POST", "/x", 429, 2},
		{"a write by a rate limit", "POST", "/x", limited(), 2},
		{"a write that was never sent", "POST", "/x", dial, 2},
		{"a write that failed: it may have happened", "POST", "/x", 500, 1},
		{"a write whose connection broke", "POST", "/x", reset, 1},
		{"a chunk of an upload", "PUT", "/upload/x", 503, 1},
		{"a refusal", "GET", "/x", 404, 1},
		{"another 403", "GET", "/x", answer(403, `{"error":{"errors":[{"reason":"forbidden"}]}}`, ""), 1},
		{"a wait that is too long", "GET", "/x", answer(429, "", "3600"), 1},
	} {
		a := &answers{list: []any{c.first, 200}}
		tr := Transport{Base: a, Sleep: func(context.Context, time.Duration) error { return nil }}
		r, err := http.NewRequestWithContext(t.Context(), c.method, "https://x.googleapis.com"+c.path, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(r)
		if len(a.bodies) != c.tries {
			t.Errorf("%s: %d tries, want %d (%v, %v)", c.name, len(a.bodies), c.tries, resp, err)
		}
		for _, b := range a.bodies {
			if b != "body" {
				t.Errorf("%s: the body was %q", c.name, b)
			}
		}
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	var slept time.Duration
	a := &answers{list: []any{answer(429, "", "7"), 200}}
	tr := Transport{Base: a, Sleep: func(_ context.Context, d time.Duration) error { slept = d; return nil }}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := tr.RoundTrip(r); err != nil || resp.StatusCode != 200 || slept != 7*time.Second {
		t.Errorf("%v, %v after %v", resp, err, slept)
	}
}

func TestThereIsAnEnd(t *testing.T) {
	a := &answers{list: []any{503}}
	tr := Transport{Base: a, Tries: 3, Sleep: func(context.Context, time.Duration) error { return nil }}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := tr.RoundTrip(r); err != nil || resp.StatusCode != 503 || len(a.bodies) != 3 {
		t.Errorf("%v, %v after %d tries", resp, err, len(a.bodies))
	}
	// A call without time left for a wait is not kept waiting.
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	a.bodies = nil
	if resp, err := tr.RoundTrip(r.WithContext(ctx)); err != nil || resp.StatusCode != 503 || len(a.bodies) != 1 {
		t.Errorf("without time: %v, %v after %d tries", resp, err, len(a.bodies))
	}
}
