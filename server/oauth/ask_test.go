package oauth_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// showing returns how many questions are open, and how many of them show by themselves.
func (d *desk) showing() (open, show int) {
	d.t.Helper()
	all, err := d.queue.Pending(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, q := range all {
		if !q.Offer.Quiet {
			show++
		}
	}
	return len(all), show
}

// TestParallelRequests come at the same moment: no more wait, and no more show, than one after the other.
func TestParallelRequests(t *testing.T) {
	for range 20 {
		d := newDesk(t)
		var clients []string
		for range 5 {
			clients = append(clients, d.register(callback))
		}
		var g sync.WaitGroup
		for _, client := range clients {
			g.Go(func() {
				resp, err := http.Get(d.request(client, nil))
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}
		g.Wait()
		if open, show := d.showing(); open != 3 || show != 1 {
			t.Fatalf("%d questions wait, %d show", open, show)
		}
		d.pass(time.Minute)
	}
}
