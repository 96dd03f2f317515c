package oauth_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"postern/internal/approval"
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

// TestNoesCountWithoutTheBrowser: whoever floods does not come back to hear the answer.
func TestNoesCountWithoutTheBrowser(t *testing.T) {
	d := newDesk(t)
	client := d.register(callback)
	for range 2 {
		newBrowser(t).get(d.request(client, nil))
		if _, show := d.showing(); show != 1 {
			t.Fatalf("%d show before two noes", show)
		}
		d.pass(4 * time.Minute)
		if err := d.queue.Answer(t.Context(), d.pending().ID, approval.Answer{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		after time.Duration
		show  int
	}{{0, 0}, {5*time.Minute + time.Second, 0}, {time.Minute, 1}} {
		d.pass(c.after)
		newBrowser(t).get(d.request(client, nil))
		if open, show := d.showing(); open != 1 || show != c.show {
			t.Errorf("%v later %d wait, %d show", c.after, open, show)
		}
		if err := d.queue.Withdraw(t.Context(), d.pending().ID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALateNoCounts also if the visit itself is forgotten by then.
func TestALateNoCounts(t *testing.T) {
	d := newDesk(t)
	var clients []string
	for range 3 {
		clients = append(clients, d.register(callback))
		d.pass(12 * time.Second)
	}
	for _, client := range clients[:2] {
		newBrowser(t).get(d.request(client, nil))
	}
	d.pass(4 * time.Minute)
	all, err := d.queue.Pending(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d questions, %v", len(all), err)
	}
	for _, q := range all {
		if err := d.queue.Answer(t.Context(), q.ID, approval.Answer{}); err != nil {
			t.Fatal(err)
		}
	}
	d.pass(7 * time.Minute)
	newBrowser(t).get(d.request(clients[2], nil))
	if _, show := d.showing(); show != 0 {
		t.Errorf("%d show seven minutes after two noes", show)
	}
}
