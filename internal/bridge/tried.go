package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"postern/server/oauth"
	"postern/tunnel/ngrok"
)

// tryPatience is how long the own address may take to answer from outside.
const tryPatience = 10 * time.Second

// found is what answers at a public address.
type found struct {
	ours bool   // it is this Postern: its metadata names that address
	says string // what it is, for the owner
}

// tried asks the public address for its metadata (RFC 9728), by the way that everybody goes. It counts as one request.
func (b *Bridge) tried(ctx context.Context, issuer string) found {
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+oauth.ResourcePath, nil)
	if err != nil {
		return found{says: err.Error()}
	}
	r.Header.Set("Ngrok-Skip-Browser-Warning", "1") // it is none
	web := &http.Client{Transport: b.web(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer web.CloseIdleConnections()
	resp, err := web.Do(r)
	if err != nil {
		return found{says: fmt.Sprintf("%s does not answer: %v", issuer, bare(err))}
	}
	defer resp.Body.Close()
	if code := resp.Header.Get("Ngrok-Error-Code"); code != "" { // which ngrok alone can send
		if words := ngrok.Words(code); words != "" {
			return found{says: fmt.Sprintf("%s: %s (%s)", issuer, words, code)}
		}
		return found{says: fmt.Sprintf("%s: ngrok answers %s", issuer, code)}
	}
	var m struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&m); err != nil || resp.StatusCode != http.StatusOK {
		return found{says: fmt.Sprintf("%s answers, but not as Postern: HTTP %d", issuer, resp.StatusCode)}
	}
	if m.Resource != issuer+oauth.Path || len(m.Servers) != 1 || m.Servers[0] != issuer {
		return found{says: fmt.Sprintf("%s answers for another address: %.100q", issuer, m.Resource)}
	}
	return found{ours: true, says: issuer + " answers as it should"}
}

// bare is an error without the address that a http.Client puts before it.
func bare(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

// web is the way to the own address from outside.
func (b *Bridge) web() http.RoundTripper {
	if b.config.Web != nil {
		return b.config.Web
	}
	return network()
}

// try tries whether the address answers, once it should.
func (h *share) try(ctx context.Context, r *sharing) {
	f := h.s.b.tried(ctx, r.way.issuer)
	if ctx.Err() != nil {
		return
	}
	h.keepFinding(r, finding{says: f.says, bad: !f.ours})
}

// tryDead tries whether the address is dead, once it should be.
func (h *share) tryDead(ctx context.Context, r *sharing) {
	f := h.s.b.tried(ctx, r.way.issuer)
	if ctx.Err() != nil {
		return
	}
	is := finding{says: "the address is dead, as it should be (" + f.says + ")"}
	if f.ours {
		is = finding{says: r.way.issuer + " still answers as Postern: another one is shared there; end it, or revoke the authtoken at dashboard.ngrok.com/authtokens", bad: true}
	}
	if h.current() == r { // or else it may have been switched on again
		h.keepFinding(r, is)
	}
}

func (h *share) keepFinding(r *sharing, is finding) {
	r.mu.Lock()
	r.check = is
	r.mu.Unlock()
	if is.bad {
		h.s.b.Log.Warn("trying the public address", "found", is.says)
	}
	h.s.b.changed.ring()
}
