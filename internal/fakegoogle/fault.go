package fakegoogle

import (
	"net/http"
	"strings"
	"time"
)

// Fault is something that goes wrong at Google.
type Fault struct {
	// Method is the id of the method that it strikes, or the beginning of several ids; "" means every one. The endpoints
	// beside the APIs are oauth2.token, oauth2.revoke, oauth2.tokeninfo, oauth2.userinfo and batch.
	Method string
	// Skip is how many calls are spared first.
	Skip int
	// Times is how often it strikes; 0 means always.
	Times int
	// Latency is added before the answer.
	Latency time.Duration
	// Failure is answered; nil to let the call through.
	Failure *Failure
	// Late lets the call take effect before Failure, Broken or Cut hide that.
	Late bool
	// Broken cuts the body of the answer in half.
	Broken bool
	// Cut ends the connection without an answer.
	Cut bool
}

// Inject makes f happen from now on.
func (g *Google) Inject(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f.Times == 0 {
		f.Times = -1
	}
	g.faults = append(g.faults, &f)
}

// ClearFaults ends all faults.
func (g *Google) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// SetLatency adds d to every answer, as a distant Google would; a batch counts as one.
func (g *Google) SetLatency(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latency = d
}

// strike returns the fault that strikes this call, and counts it.
func (g *Google) strike(method string) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, f := range g.faults {
		if f.Times == 0 || !strings.HasPrefix(method, f.Method) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return f
	}
	return nil
}

// withFaults serves a call, or lets what was injected happen instead.
func (g *Google) withFaults(rec *recorder, r *http.Request, method string, serve http.HandlerFunc) {
	f := g.strike(method)
	if f == nil {
		serve(rec, r)
		return
	}
	if f.Latency > 0 && !wait(r, f.Latency) {
		rec.cut = true
		return
	}
	if f.Late || f.Failure == nil && !f.Cut {
		serve(rec, r)
	}
	switch {
	case f.Cut:
		rec.cut = true
	case f.Failure != nil:
		*rec = *newRecorder()
		Fail(rec, *f.Failure)
	case f.Broken:
		rec.broken = true
		rec.body.Truncate(rec.body.Len() / 2)
	}
}

// pause waits as long as SetLatency says; false means that the client has gone.
func (g *Google) pause(r *http.Request) bool {
	g.mu.Lock()
	d := g.latency
	g.mu.Unlock()
	return d == 0 || wait(r, d)
}

func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-t.C:
		return true
	}
}

// RateLimited is the failure of too many calls by one user, with the seconds after which to try again.
func RateLimited(retryAfter string) Failure {
	f := Failure{Code: 429, Reason: "rateLimitExceeded", Domain: "usageLimits", Message: "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'."}
	if retryAfter != "" {
		f.Header = http.Header{"Retry-After": {retryAfter}}
	}
	return f
}
