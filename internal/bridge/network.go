package bridge

import (
	"log/slog"
	"net/http"
	"time"

	"postern/internal/retry"
)

// network is the way to Google: the system's proxies, HTTP/2, and connections that are kept.
func network() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = 90 * time.Second
	return t
}

// google is a client to Google over base: what fails for a passing reason is tried again, and every try stands in the
// log, without its query.
func (b *Bridge) google(base http.RoundTripper) *http.Client {
	return &http.Client{Transport: retry.Transport{Base: logged{base, b.Log}}}
}

type logged struct {
	base http.RoundTripper
	log  *slog.Logger
}

func (l logged) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := l.base.RoundTrip(r)
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	l.log.Debug("google", "method", r.Method, "host", r.URL.Host, "path", r.URL.Path, "status", status, "ms", time.Since(began).Milliseconds())
	return resp, err
}
