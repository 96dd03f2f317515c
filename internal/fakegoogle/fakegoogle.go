// Package fakegoogle is a whole Google in process: accounts, the sign-in and consent pages, tokens, and the APIs that
// are plugged into it, under Google's real host names. It answers the real client libraries, serves the demo account
// and stands in for Google in tests; it keeps everything in memory.
//
//	g := fakegoogle.New(fakegoogle.Options{})
//	g.AddAccount(fakegoogle.Account{Email: "ada@example.com"})
//	g.AddClient(fakegoogle.Client{ID: "id", Secret: "secret", Kind: fakegoogle.Installed})
//	g.Register(gmail.New(…).Service())
//	client := &http.Client{Transport: g.Transport()}
package fakegoogle

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base32"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options is what a Google is made with; the zero value is a working one.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is where tokens, codes and keys come from; nil means crypto/rand. It is read from several goroutines.
	Rand io.Reader
}

// Google is the fake. Its methods may be called at any time from any goroutine.
type Google struct {
	// Now is the clock that the services should use as well.
	Now func() time.Time
	// Judge sees every call of a service and its answer, also those within a batch; nil for none. It is set before the
	// first request.
	Judge func(Exchange)

	rand io.Reader

	mu              sync.Mutex // guards the fields below
	accounts        []Account
	clients         map[string]Client
	serviceAccounts map[string]*rsa.PublicKey
	services        []Service
	routes          map[string]*routes // by host; nil until the first request, and again after Register
	consents        map[string]*consent
	codes           map[string]*code
	grants          map[grantKey]*grant
	access          map[string]*accessToken
	refresh         map[string]*refreshToken
	uploads         map[string]*upload
	faults          []*Fault
	latency         time.Duration
	seen            []Seen
}

// New returns a Google without accounts, clients and services.
func New(o Options) *Google {
	g := &Google{
		Now: o.Now, rand: o.Rand, clients: map[string]Client{}, serviceAccounts: map[string]*rsa.PublicKey{}, consents: map[string]*consent{},
		codes: map[string]*code{}, grants: map[grantKey]*grant{}, access: map[string]*accessToken{}, refresh: map[string]*refreshToken{}, uploads: map[string]*upload{},
	}
	if g.Now == nil {
		g.Now = time.Now
	}
	if g.rand == nil {
		g.rand = rand.Reader
	}
	return g
}

// Register plugs a service in.
func (g *Google) Register(s Service) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.services = append(g.services, s)
	g.routes = nil
}

// random returns a text of n random bytes.
func (g *Google) random(n int) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(g.rand, b); err != nil {
		panic("fakegoogle: reading randomness: " + err.Error())
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// ServeHTTP answers as Google does under the host and path of r.
func (g *Google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if r.URL.Host != "" {
		host = r.URL.Host
	}
	host, _, _ = strings.Cut(host, ":")
	if !g.pause(r) {
		return
	}
	switch host + r.URL.Path {
	case "accounts.google.com/o/oauth2/v2/auth", "accounts.google.com/o/oauth2/auth":
		g.authorize(w, r)
	case "accounts.google.com/signin/account":
		g.chooseAccount(w, r)
	case "accounts.google.com/signin/consent":
		g.consentGiven(w, r)
	case "oauth2.googleapis.com/token", "www.googleapis.com/oauth2/v4/token", "accounts.google.com/o/oauth2/token":
		g.plain(w, r, "oauth2.token", g.token)
	case "oauth2.googleapis.com/revoke", "accounts.google.com/o/oauth2/revoke":
		g.plain(w, r, "oauth2.revoke", g.revoke)
	case "oauth2.googleapis.com/tokeninfo", "www.googleapis.com/oauth2/v2/tokeninfo", "www.googleapis.com/oauth2/v3/tokeninfo":
		g.plain(w, r, "oauth2.tokeninfo", g.tokeninfo)
	case "openidconnect.googleapis.com/v1/userinfo", "www.googleapis.com/oauth2/v3/userinfo", "www.googleapis.com/oauth2/v2/userinfo":
		g.plain(w, r, "oauth2.userinfo", g.userinfo)
	default:
		g.serveAPI(w, r, host)
	}
}

// plain serves an endpoint that is no API method, with the faults and the record of one.
func (g *Google) plain(w http.ResponseWriter, r *http.Request, id string, serve http.HandlerFunc) {
	rec := newRecorder()
	g.withFaults(rec, r, id, serve)
	g.note(r, id, rec.code)
	rec.send(w)
}
