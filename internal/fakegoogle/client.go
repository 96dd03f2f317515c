package fakegoogle

import (
	"crypto/rsa"
	"net/netip"
	"net/url"
	"slices"
)

// Kind is what an OAuth client is.
type Kind int

// The kinds of client. An installed app may use any port of the loopback address (RFC 8252 section 7.3).
const (
	Installed Kind = iota
	Web
)

// Client is an OAuth client of a Google Cloud project.
type Client struct {
	ID, Secret   string
	Kind         Kind
	RedirectURIs []string // exact; of a web client
	Testing      bool     // the app is in Testing: its refresh tokens end after seven days
}

// AddClient makes c known to Google.
func (g *Google) AddClient(c Client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clients[c.ID] = c
}

// AddServiceAccount makes a service account known, with the key that its assertions are checked by.
func (g *Google) AddServiceAccount(email string, key *rsa.PublicKey) {
	g.mu.Lock()
	g.serviceAccounts[email] = key
	g.mu.Unlock()
	g.AddAccount(Account{Email: email})
}

func (g *Google) client(id string) (Client, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.clients[id]
	return c, ok
}

// redirects reports whether the client may be answered at uri.
func (c Client) redirects(uri string) bool {
	if c.Kind == Web {
		return slices.Contains(c.RedirectURIs, uri)
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || u.Fragment != "" {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback()
}
