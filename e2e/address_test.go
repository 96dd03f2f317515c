//go:build e2e

package e2e

import (
	"net/url"
	"slices"
	"strings"
)

// address is that of a request which a browser or Postern made.
type address struct{ url, referrer string }

// address takes one.
func (r *record) address(a address) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addresses = append(r.addresses, a)
}

// issuer makes the address of a bridge known: no code is sent there in an address.
func (r *record) issuer(url string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.issuers = append(r.issuers, url)
}

// letIn says that a browser brings one more code to a client, or to Postern.
func (r *record) letIn() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.codes++
}

// readAddresses puts the addresses into the record, without what OAuth has in them: the state of a request, and the code
// of the one answer (RFC 6749 section 4.1.2). Both are secrets from then on.
func (r *record) readAddresses() {
	out := r.log("the address of a request")
	answers := map[string]string{} // the address of the answer by its code
	for _, a := range r.addresses {
		u, err := url.Parse(a.url)
		if err != nil {
			r.t.Errorf("a request went to %q: %v", a.url, err)
			continue
		}
		own := slices.Contains(r.issuers, u.Scheme+"://"+u.Host)
		query := u.Query()
		if state := query.Get("state"); state != "" {
			r.state(state)
			query.Del("state")
		}
		if code := query.Get("code"); code != "" && !own && len(query["code"]) == 1 {
			r.secret("a code", code)
			query.Del("code")
			if before, ok := answers[code]; ok && before != a.url {
				r.t.Errorf("a code stands in two addresses, %s and %s", before, a.url)
			}
			answers[code] = a.url
		}
		u.RawQuery = query.Encode()
		_, _ = out.Write([]byte(u.String() + "\n"))
		if !strings.HasPrefix(a.referrer, u.Scheme+"://"+u.Host+"/") { // a page may tell its own server where it is
			_, _ = out.Write([]byte("from " + a.referrer + "\n"))
		}
	}
	if len(answers) < r.codes {
		r.t.Errorf("%d codes were seen, want %d: the browser was not watched", len(answers), r.codes)
	}
}
