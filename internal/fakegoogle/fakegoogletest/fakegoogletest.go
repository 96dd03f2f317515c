// Package fakegoogletest makes a fake Google whose every call and answer is judged by Google's discovery documents: a
// violation fails the test.
package fakegoogletest

import (
	"net/http"
	"sync"
	"testing"

	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/discovery"
)

// documents are shared by the tests of a package: reading them takes tens of milliseconds.
var documents sync.Map // id → func() (*discovery.Document, error)

func document(id string) (*discovery.Document, error) {
	load, _ := documents.LoadOrStore(id, sync.OnceValues(func() (*discovery.Document, error) { return discovery.Load(id) }))
	return load.(func() (*discovery.Document, error))()
}

// New returns a judged Google.
func New(t testing.TB) *fakegoogle.Google {
	g := fakegoogle.New(fakegoogle.Options{})
	Judge(t, g)
	return g
}

// Judge has every call and answer of g judged from now on.
func Judge(t testing.TB, g *fakegoogle.Google) {
	g.Judge = func(x fakegoogle.Exchange) {
		d, err := document(x.Service)
		if err != nil {
			t.Errorf("judging a call: %v", err)
			return
		}
		for _, wrong := range d.Judge(x) {
			t.Errorf("Google's discovery document: %s", wrong)
		}
	}
}

// Client returns an HTTP client that acts as the account with those scopes.
func Client(g *fakegoogle.Google, account string, scopes ...string) *http.Client {
	return &http.Client{Transport: bearer{g.Transport(), g.IssueToken(account, scopes...)}}
}

type bearer struct {
	base  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(r)
}
