// Package retry makes requests to Google again that failed for a passing reason, with back-off and within the
// request's own time. A request that may have had its effect is never repeated.
package retry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Transport is an http.RoundTripper over another.
type Transport struct {
	Base  http.RoundTripper                                     // nil means http.DefaultTransport
	Tries int                                                   // in all; 0 means 5
	Sleep func(ctx context.Context, d time.Duration) error      // nil waits for real
	Log   func(r *http.Request, status int, err error, try int) // nil for none; called after every try
}

// maxWait is the longest single wait, also for a Retry-After: a call that must wait longer is told so at once.
const maxWait = 30 * time.Second

// RoundTrip sends the request, and again while the failure is a passing one and the request may be repeated.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	tries := t.Tries
	if tries == 0 {
		tries = 5
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 400*time.Millisecond, 8*time.Second
	for try := 1; ; try++ {
		resp, err := base.RoundTrip(r)
		if t.Log != nil {
			status := 0
			if resp != nil {
				status = resp.StatusCode
			}
			t.Log(r, status, err, try)
		}
		if try >= tries || !passing(r, resp, err) {
			return resp, err
		}
		next, ok := again(r)
		if !ok {
			return resp, err
		}
		d := wait.NextBackOff()
		if resp != nil {
			if asked, ok := retryAfter(resp.Header.Get("Retry-After")); ok {
				d = asked
			}
		}
		if d > maxWait || !fits(r.Context(), d) {
			return resp, err
		}
		if resp != nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
			resp.Body.Close()
		}
		if t.sleep(r.Context(), d) != nil {
			return nil, r.Context().Err()
		}
		r = next
	}
}

// passing reports whether the failure may be over soon, and the request did nothing or may be repeated.
func passing(r *http.Request, resp *http.Response, err error) bool {
	if err != nil {
		if r.Context().Err() != nil {
			return false
		}
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return true // nothing was sent
		}
		return repeatable(r)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		return true // refused before anything was done
	case resp.StatusCode == http.StatusForbidden:
		return rateLimited(resp)
	case resp.StatusCode == http.StatusInternalServerError, resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable, resp.StatusCode == http.StatusGatewayTimeout:
		return repeatable(r)
	}
	return false
}

// repeatable reports whether doing the request twice is the same as doing it once.
func repeatable(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		// A chunk of an upload is counted by the uploader itself.
		return !strings.HasPrefix(r.URL.Path, "/upload/") && !strings.HasPrefix(r.URL.Path, "/resumable/")
	}
	// As http.Transport has it: the empty header says so of a request that only reads, and is not sent.
	_, ok := r.Header["Idempotency-Key"]
	return ok
}

// rateLimited reports whether a 403 is one of Google's rate limits. The body is put back.
func rateLimited(resp *http.Response) bool {
	b, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(b), resp.Body), resp.Body}
	return err == nil && (bytes.Contains(b, []byte(`"rateLimitExceeded"`)) || bytes.Contains(b, []byte(`"userRateLimitExceeded"`)))
}

// again returns the request with a fresh body.
func again(r *http.Request) (*http.Request, bool) {
	next := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return next, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	next.Body = body
	return next, err == nil
}

// retryAfter reads the header of RFC 9110 section 10.2.3.
func retryAfter(v string) (time.Duration, bool) {
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return time.Duration(n) * time.Second, true
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// fits reports whether there is time for a wait and another try.
func fits(ctx context.Context, d time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > d+time.Second
}

func (t Transport) sleep(ctx context.Context, d time.Duration) error {
	if t.Sleep != nil {
		return t.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
