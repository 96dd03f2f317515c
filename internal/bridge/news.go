package bridge

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"postern/internal/control"
)

// news is what another process has done, so that the serving bridge looks at once and not at its next turn. It says
// nothing that the store or the vault does not say, and is believed in nothing else.
type news struct {
	Approvals bool     `json:"approvals,omitempty"` // a question was put or answered
	Activity  bool     `json:"activity,omitempty"`  // a call was recorded
	Settings  bool     `json:"settings,omitempty"`  // a setting was changed, or the pairing window
	Profiles  bool     `json:"profiles,omitempty"`  // a profile was changed
	Clients   bool     `json:"clients,omitempty"`   // a client was registered
	Vault     bool     `json:"vault,omitempty"`     // the owner's OAuth client was changed
	Ended     []string `json:"ended,omitempty"`     // ids of grants that were ended
	Changed   []string `json:"changed,omitempty"`   // ids of grants that were changed
}

func (n *news) add(more news) {
	n.Approvals, n.Activity = n.Approvals || more.Approvals, n.Activity || more.Activity
	n.Settings, n.Profiles = n.Settings || more.Settings, n.Profiles || more.Profiles
	n.Clients, n.Vault = n.Clients || more.Clients, n.Vault || more.Vault
	n.Ended, n.Changed = append(n.Ended, more.Ended...), append(n.Changed, more.Changed...)
}

// lastNews is how long a process that ends waits for the serving bridge to hear of what it did.
const lastNews = 500 * time.Millisecond

// hear does what news from another process calls for, and rings.
func (b *Bridge) hear(ctx context.Context, n news) {
	if s := b.service(); s != nil {
		for _, id := range n.Ended {
			s.live.End(id)
			s.http.End(id)
		}
		for _, id := range n.Changed {
			s.narrow(ctx, id)
		}
		if n.Settings || n.Profiles || len(n.Changed) > 0 { // what clients are shown follows from all three
			s.http.Changed()
		}
	}
	if n.Settings {
		b.followSettings(ctx)
	}
	if n.Vault && b.looked.once() {
		go b.LookAtVault(ctx) // it ends by itself
	}
	b.changed.ring()
}

// tell tells the serving bridge, if there is one, without waiting for it.
func (b *Bridge) tell(n news) {
	if b.service() != nil || b.socket.Load() != nil {
		n.Vault = false // this process knows already
		b.hear(context.Background(), n)
		return
	}
	b.teller.tell(n, func(n news) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := b.control().Do(ctx, http.MethodPost, "/news", n, nil); err != nil && !errors.Is(err, control.ErrNotRunning) {
			b.Log.Debug("telling the bridge", "error", err)
		}
	})
}

// Changed returns a channel that is closed when something has changed that a Snapshot shows, here or by another process
// that says so. The store may have it a moment later.
func (b *Bridge) Changed() <-chan struct{} { return b.changed.wait() }

// teller sends news one after the other, what came meanwhile together.
type teller struct {
	mu   sync.Mutex    // guards the fields below
	next *news         // nil for none
	busy chan struct{} // closed when all is sent; nil if it is
}

func (t *teller) tell(n news, send func(news)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &news{}
	}
	t.next.add(n)
	if t.busy != nil {
		return
	}
	busy := make(chan struct{})
	t.busy = busy
	go func() {
		defer close(busy)
		for {
			t.mu.Lock()
			n := t.next
			if t.next = nil; n == nil {
				t.busy = nil
				t.mu.Unlock()
				return
			}
			t.mu.Unlock()
			send(*n)
		}
	}()
}

// wait waits until all is sent, but not longer than limit.
func (t *teller) wait(limit time.Duration) {
	t.mu.Lock()
	busy := t.busy
	t.mu.Unlock()
	if busy == nil {
		return
	}
	select {
	case <-busy:
	case <-time.After(limit):
	}
}

// bell wakes all who wait for it.
type bell struct {
	mu sync.Mutex // guards the field below
	ch chan struct{}
}

func (l *bell) wait() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ch == nil {
		l.ch = make(chan struct{})
	}
	return l.ch
}

func (l *bell) ring() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ch != nil {
		close(l.ch)
		l.ch = nil
	}
}
