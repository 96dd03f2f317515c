package bridge

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// tunnelRequests is where the store keeps how many requests came from outside in a month: "2026-11 1234".
const tunnelRequests = "state.tunnel_requests"

// counter counts the requests from outside. The zero value is ready.
type counter struct {
	writing sync.Mutex // held by the one that writes

	mu      sync.Mutex // guards the fields below
	unsaved int
	last    time.Time
}

// one returns what counts one request. That by which Postern tries its own address counts for the plan, but nobody has
// called with it.
func (c *counter) one(now func() time.Time, own func(*http.Request) bool) func(*http.Request) {
	return func(r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.unsaved++
		if !own(r) {
			c.last = now()
		}
	}
}

// lastCall is when the last request came, zero if none did.
func (c *counter) lastCall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// waiting is how many are not written yet.
func (c *counter) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unsaved
}

// total is how many requests came from outside this month, those that are not written yet with them.
func (c *counter) total(ctx context.Context, b *Bridge) (int, error) {
	c.writing.Lock() // or else those that are just being written are counted twice, or not at all
	defer c.writing.Unlock()
	n, err := b.sharedRequests(ctx)
	return n + c.waiting(), err
}

// write adds what was counted to what the store has. What cannot be written waits.
func (c *counter) write(ctx context.Context, b *Bridge) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n := c.waiting()
	if n == 0 {
		return
	}
	had, err := b.sharedRequests(ctx)
	if err == nil {
		err = b.Store.SetSetting(ctx, tunnelRequests, fmt.Sprintf("%s %d", month(b.config.Now()), had+n))
	}
	if err != nil {
		b.Log.Error("counting the requests from outside", "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsaved -= n
}

// sharedRequests is how many requests the store says came from outside this month.
func (b *Bridge) sharedRequests(ctx context.Context) (int, error) {
	value, ok, err := b.Store.Setting(ctx, tunnelRequests)
	if err != nil || !ok {
		return 0, err
	}
	var of string
	var n int
	if _, err := fmt.Sscanf(value, "%s %d", &of, &n); err != nil || of != month(b.config.Now()) {
		return 0, nil // of another month, or nothing that this version has written
	}
	return n, nil
}

func month(t time.Time) string { return t.UTC().Format("2006-01") }
