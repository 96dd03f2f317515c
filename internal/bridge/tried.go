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
	ours bool      // it is this Postern: its metadata names that address
	says string    // what it is, for the owner
	date time.Time // by the clock of who answers; zero if it does not say
}

// tried asks the public address for the metadata of the resource (RFC 9728), by the way that everybody goes. It counts as
// one request.
func (b *Bridge) tried(ctx context.Context, issuer string) found {
	var m struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
	}
	header, status, err := b.publicJSON(ctx, issuer+oauth.ResourcePath, &m)
	var f found
	f.date, _ = http.ParseTime(header.Get("Date"))
	code := header.Get("Ngrok-Error-Code") // which ngrok alone can send
	words := ngrok.Words(code)
	switch {
	case code != "" && words != "":
		f.says = fmt.Sprintf("%s: %s (%s)", issuer, words, code)
	case code != "":
		f.says = fmt.Sprintf("%s: ngrok answers %.40s", issuer, code)
	case status == 0:
		f.says = fmt.Sprintf("%s does not answer: %v", issuer, err)
	case err != nil || status != http.StatusOK:
		f.says = fmt.Sprintf("%s answers, but not as Postern: HTTP %d", issuer, status)
	case m.Resource != issuer+oauth.Path || len(m.Servers) != 1 || m.Servers[0] != issuer:
		f.says = fmt.Sprintf("%s answers for another address: %.100q", issuer, m.Resource)
	default:
		f.ours, f.says = true, issuer+" answers as it should"
	}
	return f
}

// publicJSON reads what stands at a public address. A status of 0 means that nothing answered.
func (b *Bridge) publicJSON(ctx context.Context, address string, into any) (http.Header, int, error) {
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Ngrok-Skip-Browser-Warning", "1") // it is none
	web := &http.Client{Transport: b.web(), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer web.CloseIdleConnections()
	resp, err := web.Do(r)
	if err != nil {
		return nil, 0, bare(err)
	}
	defer resp.Body.Close()
	return resp.Header, resp.StatusCode, json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(into)
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

// tryAgain is when the address is tried again that did not answer, the last time over and over: each try counts as a
// request.
var tryAgain = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}

// try tries whether the address answers, once it should, until it does.
func (h *share) try(ctx context.Context, r *sharing) {
	for n := 0; ; n++ {
		f := h.s.b.tried(ctx, r.way.issuer)
		if ctx.Err() != nil {
			return
		}
		h.keepFinding(r, finding{says: f.says, bad: !f.ours})
		if f.ours {
			return
		}
		select {
		case <-time.After(tryAgain[min(n, len(tryAgain)-1)]):
		case <-ctx.Done():
			return
		}
	}
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
