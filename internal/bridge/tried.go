package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"postern/internal/desk"
	"postern/server/oauth"
	"postern/tunnel"
)

// tryPatience is how long the own address may take to answer from outside.
const tryPatience = 10 * time.Second

// tried asks the public address of a way for the metadata of the resource (RFC 9728), by the way that everybody goes. It
// counts as one request.
func (b *Bridge) tried(ctx context.Context, p tunnel.Provider, issuer string) desk.Found {
	var m struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
	}
	header, status, err := b.publicJSON(ctx, issuer+oauth.ResourcePath, b.probe, &m)
	instead := p.Instead(header)
	switch {
	case instead != nil:
		return desk.Found{What: desk.Instead, Code: instead.Code, Says: fmt.Sprintf("%s: %v", issuer, instead)}
	case status == 0:
		return desk.Found{What: desk.Silent, Says: fmt.Sprintf("%s does not answer: %v", issuer, err)}
	case err != nil || status != http.StatusOK:
		return desk.Found{What: desk.Stranger, Says: fmt.Sprintf("%s answers, but not as Postern: HTTP %d", issuer, status)}
	case m.Resource != issuer+oauth.Path || len(m.Servers) != 1 || m.Servers[0] != issuer:
		return desk.Found{What: desk.Misnamed, Says: fmt.Sprintf("%s answers for another address: %.100q", issuer, m.Resource)}
	}
	return desk.Found{What: desk.Answers, Says: issuer + " answers as it should"}
}

// publicJSON reads what stands at a public address; probe is for the own one. A status of 0 means that nothing answered.
func (b *Bridge) publicJSON(ctx context.Context, address, probe string, into any) (http.Header, int, error) {
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Ngrok-Skip-Browser-Warning", "1") // it is none
	if probe != "" {
		r.Header.Set(probeHeader, probe)
	}
	web := &http.Client{Transport: b.web(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer web.CloseIdleConnections()
	resp, err := web.Do(r)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer resp.Body.Close()
	return resp.Header, resp.StatusCode, json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(into)
}

// probeHeader carries what tells a try of the own address from a call, a random text of this process. It opens nothing.
const probeHeader = "Postern-Probe"

// probes reports whether a request is such a try.
func (b *Bridge) probes(r *http.Request) bool { return r.Header.Get(probeHeader) == b.probe }

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

// tryAgain is when the address is tried again that did not answer, and when it is whether it is dead, the last time over
// and over: each try counts as a request. One that answers is tried again after tryLater, or when the tunnel was cut.
var (
	tryAgain = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
	tryDead  = []time.Duration{time.Second, 5 * time.Second, 30 * time.Second}
)

const tryLater = time.Hour

// try tries whether the address answers, as long as it should.
func (h *share) try(r *sharing) {
	for bad := 0; ; {
		f := h.s.b.tried(r.ctx, r.way.provider, r.way.issuer)
		if r.ctx.Err() != nil {
			return
		}
		wait := tryLater
		if bad++; f.What == desk.Answers {
			bad = 0
		} else {
			wait = tryAgain[min(bad, len(tryAgain))-1]
		}
		if r.now().State == tunnel.Online { // or else the tunnel says itself what is wrong
			h.keepFound(r, f)
		}
		select {
		case <-time.After(wait):
		case <-r.again:
			bad = 0 // what was found is of before the cut
		case <-r.ctx.Done():
			return
		}
	}
}

// tryDead tries whether the address is dead, once it should be. What cannot be tried is no proof.
func (h *share) tryDead(r *sharing) {
	for n := 0; h.current() == r; n++ { // or else it was switched on again
		f := h.s.b.tried(h.s.life, r.way.provider, r.way.issuer)
		if h.s.life.Err() != nil || h.current() != r {
			return
		}
		switch {
		case f.What == desk.Answers:
			h.keepFound(r, desk.Found{What: desk.Alive, Says: r.way.issuer + " still answers as Postern: another one is shared there; " + r.way.advice})
		case r.way.dead(f):
			h.keepFound(r, desk.Found{What: desk.Dead, Says: "the address is dead, as it should be (" + f.Says + ")"})
			return
		default:
			h.keepFound(r, desk.Found{What: desk.Unseen, Says: "whether the address is dead could not be seen: " + f.Says})
		}
		wait := tryLater
		switch {
		case n < len(tryDead):
			wait = tryDead[n]
		case f.What != desk.Answers:
			return
		}
		select {
		case <-time.After(wait):
		case <-h.s.life.Done():
			return
		}
	}
}

func (h *share) keepFound(r *sharing, f desk.Found) {
	r.mu.Lock()
	r.check = f
	r.mu.Unlock()
	if f.Bad() {
		h.s.b.Log.Warn("trying the public address", "found", f.Says)
	}
	h.s.b.changed.ring()
}
