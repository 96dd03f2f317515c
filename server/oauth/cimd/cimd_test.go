package cimd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const id = "https://example.com/client.json" // the name in the certificates of httptest

const document = `{"client_id":"` + id + `","client_name":"App","redirect_uris":["https://example.com/cb"]}`

// publisher is a client's maker on the public internet, as far as a Fetcher can tell.
func publisher(t *testing.T, serve http.HandlerFunc) *Fetcher {
	t.Helper()
	srv := httptest.NewTLSServer(serve)
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return &Fetcher{
		RootCAs: roots, Proxy: direct,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
		},
		Connect: func(ctx context.Context, _, address string) (net.Conn, error) {
			if address != "93.184.216.34:443" {
				return nil, fmt.Errorf("connecting to %s", address)
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", srv.Listener.Addr().String())
		},
	}
}

func direct(*http.Request) (*url.URL, error) { return nil, nil }

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, body)
	}
}

func TestFetch(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f := publisher(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" || r.Host != "example.com" {
			t.Errorf("the request has Accept-Encoding %q and Host %q", r.Header.Get("Accept-Encoding"), r.Host)
		}
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Cache-Control", "public, max-age=3600")
		if r.Header.Get("If-None-Match") == `"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		answer(document)(w, r)
	})
	f.Now = func() time.Time { return now }
	got, err := f.Fetch(t.Context(), id, "")
	want := Fetched{Document: Document{id, "App", []string{"https://example.com/cb"}}, ETag: `"1"`, Expires: now.Add(time.Hour)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	got, err = f.Fetch(t.Context(), id, `"1"`)
	if err != nil || !got.NotModified || !got.Expires.Equal(now.Add(time.Hour)) {
		t.Errorf("with the ETag: %+v, %v", got, err)
	}
}

// TestAddressIsCheckedBeforeFetching is attack 10 of the design's suite.
func TestAddressIsCheckedBeforeFetching(t *testing.T) {
	f := &Fetcher{Proxy: direct, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		t.Error("a name was resolved")
		return nil, errors.New("no")
	}}
	for name, id := range map[string]string{
		"http": "http://example.com/c", "no path": "https://example.com", "a slash alone": "https://example.com/", "here": "https://example.com/./c",
		"up": "https://example.com/a/../c", "encoded dots": "https://example.com/%2e%2e/c", "fragment": "https://example.com/c#x", "empty fragment": "https://example.com/c#",
		"user": "https://u:p@example.com/c", "empty user": "https://@example.com/c", "port 22": "https://example.com:22/c", "empty port": "https://example.com:/c", "IPv4": "https://93.184.216.34/c",
		"IPv6": "https://[2606:2800:220:1::1]/c", "decimal": "https://2130706433/c", "hex": "https://0x7f.0.0.1/c", "localhost": "https://localhost/c", "one label": "https://intranet/c",
		"trailing dot": "https://example.com./c", "capitals": "https://Example.com/c", "backslash": `https://example.com\@evil.example/c`, "line break": "https://example.com/c\r\nX: y",
		"other letters": "https://exämple.com/c", "long": "https://example.com/" + strings.Repeat("a", 600), "empty": "",
	} {
		if _, err := f.Fetch(t.Context(), id, ""); err == nil {
			t.Errorf("%s: %q is taken", name, id)
		}
	}
	if err := CheckID("https://example.com:443/c"); err != nil {
		t.Errorf("the usual port: %v", err)
	}
}

// TestInsideIsNotReached is attack 11: whatever a name resolves to, nothing inside is connected to.
func TestInsideIsNotReached(t *testing.T) {
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer canary.Close()
	var reached atomic.Bool
	go func() {
		for {
			c, err := canary.Accept()
			if err != nil {
				return
			}
			reached.Store(true)
			c.Close()
		}
	}()
	for name, addresses := range map[string][]string{
		"this computer": {"127.0.0.1"}, "another way to say so": {"127.8.8.8"}, "unspecified": {"0.0.0.0"}, "metadata service": {"169.254.169.254"}, "10/8": {"10.0.0.5"},
		"172.16/12": {"172.16.0.1"}, "192.168/16": {"192.168.1.1"}, "carrier's": {"100.64.0.1"}, "IPv6 loopback": {"::1"}, "unique local": {"fc00::1"}, "link local": {"fe80::1"},
		"mapped": {"::ffff:127.0.0.1"}, "NAT64": {"64:ff9b::7f00:1"}, "6to4": {"2002:7f00:1::"}, "multicast": {"224.0.0.1"},
		"public, then private": {"93.184.216.34", "127.0.0.1"}, "private, then public": {"127.0.0.1", "93.184.216.34"},
	} {
		f := &Fetcher{Proxy: direct, Resolve: func(context.Context, string) ([]netip.Addr, error) {
			var all []netip.Addr
			for _, a := range addresses {
				all = append(all, netip.MustParseAddr(a))
			}
			return all, nil
		}, Connect: func(ctx context.Context, _, address string) (net.Conn, error) {
			if address == "93.184.216.34:443" {
				return nil, errors.New("refused") // so that the next address is looked at
			}
			return (&net.Dialer{}).DialContext(ctx, "tcp", canary.Addr().String())
		}}
		if _, err := f.Fetch(t.Context(), id, ""); err == nil || !strings.Contains(err.Error(), "not on the public internet") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if reached.Load() {
		t.Error("something inside was connected to")
	}
}

func TestNameIsResolvedOnce(t *testing.T) {
	lookups := 0
	f := publisher(t, answer(document))
	f.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		if lookups++; lookups > 1 {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}, nil
	}
	if _, err := f.Fetch(t.Context(), id, ""); err != nil || lookups != 1 {
		t.Errorf("%d lookups, %v", lookups, err)
	}
}

// TestTheGuardHoldsWithoutSeams would connect if only the seam were guarded.
func TestTheGuardHoldsWithoutSeams(t *testing.T) {
	f := &Fetcher{Proxy: direct, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}}
	if _, err := f.Fetch(t.Context(), id, ""); err == nil || !strings.Contains(err.Error(), "not on the public internet") {
		t.Errorf("%v", err)
	}
}

// TestAnswersThatAreNoDocument is attack 12.
func TestAnswersThatAreNoDocument(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://10.0.0.1/", http.StatusMovedPermanently)
		}, "answered 301"},
		"not found":   {http.NotFound, "answered 404"},
		"204":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "answered 204"},
		"304 unasked": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "answered 304"},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, document)
		}, "something else than JSON"},
		"no type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, document)
		}, "something else than JSON"},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			answer("\x1f\x8b")(w, nil)
		}, "compressed"},
		"huge": {answer(`{"client_id":"` + id + `","x":"` + strings.Repeat("a", 10<<20) + `"}`), "more than 5120 bytes"},
		"huge headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("a", 64<<10))
			answer(document)(w, nil)
		}, "could not be reached"},
		"other id": {answer(strings.ReplaceAll(document, id, id+"x")), "another client_id"},
	} {
		if _, err := publisher(t, c.serve).Fetch(t.Context(), id, ""); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestSlowAnswerEnds(t *testing.T) {
	release := make(chan struct{})
	f := publisher(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, "{")
		w.(http.Flusher).Flush()
		<-release
	})
	t.Cleanup(func() { close(release) })
	f.Timeout = 50 * time.Millisecond
	if _, err := f.Fetch(t.Context(), id, ""); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
}

func TestCertificateIsChecked(t *testing.T) {
	f := publisher(t, answer(document))
	f.RootCAs = x509.NewCertPool()
	if _, err := f.Fetch(t.Context(), id, ""); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
}

func TestProxyResolvesAndIsAllThatIsDialled(t *testing.T) {
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method + " " + r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &Fetcher{Proxy: func(*http.Request) (*url.URL, error) { return at, nil }, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		t.Error("the name was resolved here")
		return nil, errors.New("no")
	}}
	if _, err := f.Fetch(t.Context(), id, ""); err == nil {
		t.Error("a refusing proxy gave a document")
	}
	if got, want := asked.Load(), "CONNECT example.com:443"; got != want {
		t.Errorf("the proxy was asked %v, want %s", got, want)
	}
	if _, err := f.Fetch(t.Context(), "https://localhost/c", ""); err == nil || asked.Load() != "CONNECT example.com:443" {
		t.Errorf("through a proxy the name is not checked: %v", err)
	}
}

func TestFailuresAreRememberedAWhile(t *testing.T) {
	calls := 0
	f := publisher(t, func(w http.ResponseWriter, r *http.Request) { calls++; http.NotFound(w, r) })
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f.Now = func() time.Time { return now }
	for range 3 {
		if _, err := f.Fetch(t.Context(), id, ""); err == nil {
			t.Fatal("a missing document was found")
		}
	}
	if calls != 1 {
		t.Errorf("%d requests within a moment", calls)
	}
	now = now.Add(failureKept)
	if _, err := f.Fetch(t.Context(), id, ""); err == nil || calls != 2 {
		t.Errorf("later: %d requests, %v", calls, err)
	}
}

func TestTenAMinute(t *testing.T) {
	f := publisher(t, answer(document))
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f.Now = func() time.Time { return now }
	for i := range perMinute {
		if _, err := f.Fetch(t.Context(), id, ""); err != nil {
			t.Fatalf("fetch %d: %v", i, err)
		}
	}
	if _, err := f.Fetch(t.Context(), id, ""); !errors.Is(err, ErrBusy) {
		t.Errorf("the eleventh: %v", err)
	}
	now = now.Add(6 * time.Second)
	if _, err := f.Fetch(t.Context(), id, ""); err != nil {
		t.Errorf("later: %v", err)
	}
}

func TestOneFetchAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		release := make(chan struct{})
		f := &Fetcher{Proxy: direct, Timeout: time.Hour, Resolve: func(context.Context, string) ([]netip.Addr, error) {
			calls.Add(1)
			<-release
			return nil, errors.New("no such host")
		}}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { f.Fetch(t.Context(), id, "") })
		}
		synctest.Wait()
		close(release)
		all.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d lookups", n)
		}
	})
}

func TestExpires(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	f := &Fetcher{Now: func() time.Time { return now }}
	for name, c := range map[string]struct {
		header http.Header
		want   time.Duration
	}{
		"nothing said": {http.Header{}, shortest},
		"an hour":      {http.Header{"Cache-Control": {"max-age=3600"}}, time.Hour},
		"a second":     {http.Header{"Cache-Control": {"max-age=1"}}, shortest},
		"a year":       {http.Header{"Cache-Control": {"max-age=31536000"}}, longest},
		"not at all":   {http.Header{"Cache-Control": {"no-store, max-age=3600"}}, shortest},
		"Expires":      {http.Header{"Expires": {now.Add(2 * time.Hour).Format(http.TimeFormat)}}, 2 * time.Hour},
		"max-age wins": {http.Header{"Cache-Control": {"max-age=3600"}, "Expires": {now.Add(2 * time.Hour).Format(http.TimeFormat)}}, time.Hour},
		"nonsense":     {http.Header{"Cache-Control": {"max-age=soon"}, "Expires": {"0"}}, shortest},
	} {
		if got := f.expires(c.header).Sub(now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(members string) string {
		return `{"client_id":"` + id + `","client_name":"App","redirect_uris":["https://example.com/cb"],` + members + `}`
	}
	for name, c := range map[string]struct{ body, want string }{
		"nothing":             {``, "no JSON object"},
		"list":                {`[]`, "no JSON object"},
		"cut":                 {document[:40], "not valid JSON"},
		"two":                 {document + document, "something follows"},
		"member twice":        {with(`"client_name":"Claude"`), "stands twice"},
		"member in two cases": {with(`"Client_Name":"Claude"`), "stands twice"},
		"no id":               {`{"client_name":"App","redirect_uris":["https://example.com/cb"]}`, "another client_id"},
		"id in another case":  {strings.ReplaceAll(document, id, strings.ToUpper(id)), "another client_id"},
		"slash added":         {strings.ReplaceAll(document, id, id+"/"), "another client_id"},
		"no name":             {strings.ReplaceAll(document, `"App"`, `" "`), "no client_name"},
		"no redirect":         {strings.ReplaceAll(document, `["https://example.com/cb"]`, `[]`), "1 to 10"},
		"bad redirect":        {strings.ReplaceAll(document, `https://example.com/cb`, `http://example.com/cb`), "must be https"},
		"wrong type":          {strings.ReplaceAll(document, `"App"`, `7`), "wrong type"},
		"secret":              {with(`"client_secret":"x"`), "holds a secret"},
		"secret's end":        {with(`"client_secret_expires_at":0`), "holds a secret"},
		"proves by secret":    {with(`"token_endpoint_auth_method":"client_secret_post","token_endpoint_auth_methods_supported":["none"]`), "prove itself by a secret"},
		"proves by key alone": {with(`"token_endpoint_auth_method":"private_key_jwt"`), "there is none alone"},
		"other grant types":   {with(`"grant_types":["implicit"]`), "authorization_code"},
		"other responses":     {with(`"response_types":["token"]`), "response type code"},
	} {
		if _, err := Parse(id, []byte(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, members := range []string{`"token_endpoint_auth_method":"none"`, `"logo_uri":"http://x"`, `"token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["none","private_key_jwt"]`} {
		if _, err := Parse(id, []byte(with(members))); err != nil {
			t.Errorf("%s: %v", members, err)
		}
	}
}

func TestPinned(t *testing.T) {
	for _, p := range append(pinned, Document{ClientID: "https://chatgpt.com/oauth/abc-123/client.json"}) {
		d, ok := Pinned(p.ClientID)
		if !ok || CheckID(p.ClientID) != nil {
			t.Errorf("%s: %v, %v", p.ClientID, ok, CheckID(p.ClientID))
		}
		body := fmt.Sprintf(`{"client_id":%q,"client_name":%q,"redirect_uris":["%s"]}`, d.ClientID, d.ClientName, strings.Join(d.RedirectURIs, `","`))
		if _, err := Parse(p.ClientID, []byte(body)); err != nil {
			t.Errorf("%s: %v", p.ClientID, err)
		}
	}
	for _, id := range []string{"https://chatgpt.com/oauth/../client.json", "https://chatgpt.com/oauth/a/b/client.json", "https://claude.ai/", "https://chatgpt.com.evil.example/oauth/abcd/client.json"} {
		if d, ok := Pinned(id); ok {
			t.Errorf("%s is pinned: %+v", id, d)
		}
	}
}

func TestConnectionIsTLS12AtLeast(t *testing.T) {
	srv := httptest.NewUnstartedServer(answer(document))
	srv.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	srv.StartTLS()
	defer srv.Close()
	f := publisher(t, answer(document))
	f.RootCAs.AddCert(srv.Certificate())
	f.Connect = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", srv.Listener.Addr().String())
	}
	if _, err := f.Fetch(t.Context(), id, ""); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(id, []byte(document))
	f.Add("https://claude.ai/oauth/mcp-oauth-client-metadata", []byte(`{"client_id":"https://claude.ai/oauth/mcp-oauth-client-metadata","client_name":"x","redirect_uris":["http://localhost/cb"]}`))
	f.Add("https://a.b/c?d", []byte(`{"CLIENT_ID":1,"client_id":2}`))
	f.Fuzz(func(t *testing.T, id string, body []byte) {
		d, err := Parse(id, body)
		if err != nil {
			return
		}
		if d.ClientID != id || strings.TrimSpace(d.ClientName) == "" || len(d.RedirectURIs) == 0 || len(d.RedirectURIs) > maxRedirectURIs {
			t.Fatalf("%q is read as %+v", body, d)
		}
		if CheckID(id) == nil {
			u, err := url.Parse(id)
			if err != nil || u.Scheme != "https" || u.User != nil || !strings.Contains(u.Hostname(), ".") || u.Fragment != "" {
				t.Fatalf("%q is taken for an address", id)
			}
		}
	})
}
