// Package demo is the sample account: a fake Google with one believable mailbox, which is the same for everybody on the
// same day. Nothing in it is real, and nothing leaves the process.
package demo

import (
	"net/http"
	"sync"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/gmail"
)

// Name is the name of the profile, Email its address.
const (
	Name  = "demo"
	Email = "demo@postern.example"
)

// Scopes are what the profile was granted.
var Scopes = []string{api.GmailModifyScope, api.GmailSettingsBasicScope}

// Demo is a running sample account.
type Demo struct {
	Google *fakegoogle.Google
	Mail   *gmail.Server

	fill sync.Once
	now  func() time.Time

	mu    sync.Mutex // guards the fields below
	token string
	renew time.Time
}

// New returns a sample account. Its mailbox is written when it is first asked for: starting costs nothing.
func New(now func() time.Time) *Demo {
	g := fakegoogle.New(fakegoogle.Options{Now: now})
	d := &Demo{Google: g, Mail: gmail.New(now), now: now}
	g.AddAccount(fakegoogle.Account{Email: Email, Name: "Dana Winter", GivenName: "Dana", FamilyName: "Winter"})
	g.Register(d.Mail.Service())
	return d
}

// HTTPClient returns a client that is signed in to the account.
func (d *Demo) HTTPClient() *http.Client { return &http.Client{Transport: d} }

// RoundTrip serves a request with the account's token. It implements http.RoundTripper.
func (d *Demo) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	d.fill.Do(func() {
		err = d.write()
	})
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+d.bearer())
	return d.Google.Transport().RoundTrip(r)
}

// bearer returns an access token that is good for a while.
func (d *Demo) bearer() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now := d.now(); now.After(d.renew) {
		d.token, d.renew = d.Google.IssueToken(Email, Scopes...), now.Add(30*time.Minute)
	}
	return d.token
}
