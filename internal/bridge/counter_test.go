package bridge

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestTheCountOfRequestsIsWrittenOnce, also where the end of the tunnel and the hour to write come together.
func TestTheCountOfRequestsIsWrittenOnce(t *testing.T) {
	b := openAt(t, Config{})
	var c counter
	count := c.one(time.Now, func(*http.Request) bool { return false })
	const rounds, each = 20, 50
	for range rounds {
		for range each {
			count(nil)
		}
		var g sync.WaitGroup
		for range 8 {
			g.Go(func() { c.write(t.Context(), b) })
		}
		g.Wait()
	}
	if n, err := b.sharedRequests(t.Context()); err != nil || n != rounds*each || c.waiting() != 0 {
		t.Errorf("%d requests are written and %d wait, of %d (%v)", n, c.waiting(), rounds*each, err)
	}
}
