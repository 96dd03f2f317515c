package cimd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"code.dny.dev/ssrf"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// Fetcher fetches documents. The zero value is ready for use. Its fields are set before the first Fetch.
type Fetcher struct {
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)         // asks DNS; nil: the system does
	Connect func(ctx context.Context, network, address string) (net.Conn, error) // to an address that was found to be public; nil: a net.Dialer
	Proxy   func(*http.Request) (*url.URL, error)                                // nil: http.ProxyFromEnvironment
	RootCAs *x509.CertPool                                                       // nil: the system's
	Timeout time.Duration                                                        // of a whole fetch; 3 s
	Now     func() time.Time                                                     // time.Now

	group  singleflight.Group
	mu     sync.Mutex // guards the fields below
	pace   *rate.Limiter
	failed map[string]failure
}

// Fetched is a document with what HTTP says of it.
type Fetched struct {
	Document    Document
	NotModified bool // the document of the given ETag still holds, and Document is empty
	ETag        string
	Expires     time.Time // when it should be fetched again
}

// failure is remembered for a while, in memory alone.
type failure struct {
	err   error
	until time.Time
}

// ErrBusy is returned when too many documents were fetched within a minute.
var ErrBusy = errors.New("too many clients were looked up within a minute: try again soon")

const (
	failureKept = 30 * time.Second
	maxFailures = 256
	perMinute   = 10
	shortest    = 5 * time.Minute // that a document is kept, whatever HTTP says
	longest     = 24 * time.Hour
)

// Fetch gets the document at id, which must pass CheckID; one with the given ETag need not be sent again. It follows no
// redirect, and connects to public addresses on port 443 alone; where a proxy is configured, that resolves the name.
func (f *Fetcher) Fetch(ctx context.Context, id, etag string) (Fetched, error) {
	if err := CheckID(id); err != nil {
		return Fetched{}, err
	}
	if err := f.admit(id); err != nil {
		return Fetched{}, err
	}
	got, err, _ := f.group.Do(id+"\x00"+etag, func() (any, error) {
		timeout := f.Timeout
		if timeout == 0 {
			timeout = 3 * time.Second
		}
		// Others may wait for the same document: who came first does not end it for them by going away.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		got, err := f.fetch(ctx, id, etag)
		if err != nil {
			f.remember(id, err)
		}
		return got, err
	})
	if err != nil {
		return Fetched{}, err
	}
	return got.(Fetched), nil
}

// admit says why nothing is fetched now: it failed a moment ago, or there were too many.
func (f *Fetcher) admit(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last, ok := f.failed[id]; ok && f.now().Before(last.until) {
		return last.err
	}
	if f.pace == nil {
		f.pace = rate.NewLimiter(rate.Every(time.Minute/perMinute), perMinute)
	}
	if !f.pace.AllowN(f.now(), 1) {
		return ErrBusy
	}
	return nil
}

func (f *Fetcher) remember(id string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failed == nil || len(f.failed) >= maxFailures {
		f.failed = map[string]failure{}
	}
	f.failed[id] = failure{err, f.now().Add(failureKept)}
}

func (f *Fetcher) fetch(ctx context.Context, id, etag string) (Fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, id, nil)
	if err != nil {
		return Fetched{}, fmt.Errorf("the client's address %q is no https address", clip(id))
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "postern")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	transport, err := f.transport(req)
	if err != nil {
		return Fetched{}, err
	}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req) // a client would follow redirects
	if err != nil {
		return Fetched{}, unreachable(ctx, req.URL.Host, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && etag != "" {
		return Fetched{NotModified: true, ETag: etag, Expires: f.expires(resp.Header)}, nil
	}
	switch kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); {
	case resp.StatusCode != http.StatusOK:
		return Fetched{}, fmt.Errorf("%s answered %d instead of the client's document", req.URL.Host, resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "":
		return Fetched{}, fmt.Errorf("%s sent the client's document compressed, which was not asked for", req.URL.Host)
	case err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json"):
		return Fetched{}, fmt.Errorf("%s sent something else than JSON as the client's document", req.URL.Host)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return Fetched{}, unreachable(ctx, req.URL.Host, err)
	}
	if len(body) > maxDocument {
		return Fetched{}, fmt.Errorf("the client's document has more than %d bytes", maxDocument)
	}
	d, err := Parse(id, body)
	if err != nil {
		return Fetched{}, err
	}
	return Fetched{Document: d, ETag: tag(resp.Header), Expires: f.expires(resp.Header)}, nil
}

// unreachable says that a host could not be reached, without what only helps who looks for hosts inside of a network.
func unreachable(ctx context.Context, host string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s did not send the client's document in time", host)
	case errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrProhibitedPort):
		return fmt.Errorf("%s is not on the public internet", host)
	}
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	if errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &invalid) {
		return fmt.Errorf("%s has a certificate that is not valid", host)
	}
	return fmt.Errorf("%s could not be reached for the client's document", host)
}

// transport is the way to one document: directly, to addresses that were looked at, or through the proxy alone.
func (f *Fetcher) transport(req *http.Request) (*http.Transport, error) {
	proxy := f.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	through, err := proxy(req)
	if err != nil {
		return nil, errors.New("the settings of the proxy are not valid")
	}
	t := &http.Transport{
		DisableCompression: true, DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10, ForceAttemptHTTP2: false,
		TLSClientConfig: &tls.Config{RootCAs: f.RootCAs, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 3 * time.Second,
		DialContext: f.dial,
	}
	if through != nil {
		t.Proxy = func(*http.Request) (*url.URL, error) { return through, nil }
		t.DialContext = (&net.Dialer{}).DialContext // the transport dials the proxy and nothing else
	}
	return t, nil
}

// dial connects to the first address of a host that is public. The name is resolved once: what was looked at is what is
// connected to.
func (f *Fetcher) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	resolve, connect := f.Resolve, f.Connect
	guard := ssrf.New(ssrf.WithPorts(443))
	if resolve == nil {
		resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if connect == nil {
		connect = (&net.Dialer{Control: guard.Safe}).DialContext
	}
	addresses, err := resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	failed := error(&net.DNSError{Err: "no address", Name: host, IsNotFound: true})
	for _, a := range addresses {
		a = a.Unmap()
		network := "tcp4"
		if a.Is6() {
			network = "tcp6"
		}
		at := net.JoinHostPort(a.String(), port)
		if err := guard.Safe(network, at, nil); err != nil {
			return nil, err // a host that also says it is inside is not tried outside
		}
		c, err := connect(ctx, network, at)
		if err == nil {
			return c, nil
		}
		failed = err
	}
	return nil, failed
}

// tag is the ETag, if it is one that can be sent back.
func tag(h http.Header) string {
	if e := h.Get("ETag"); len(e) <= 200 {
		return e
	}
	return ""
}

// expires is when a document should be fetched again (RFC 9111 section 4.2.1), within limits.
func (f *Fetcher) expires(h http.Header) time.Time {
	keep, known := time.Duration(0), false
	for directive := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(strings.ToLower(directive)), "=")
		switch name {
		case "no-store", "no-cache":
			return f.now().Add(shortest)
		case "max-age":
			if n, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32); err == nil {
				keep, known = time.Duration(n)*time.Second, true
			}
		}
	}
	if at, err := http.ParseTime(h.Get("Expires")); err == nil && !known {
		keep = at.Sub(f.now())
	}
	return f.now().Add(min(max(keep, shortest), longest))
}

func (f *Fetcher) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}
