package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"postern/internal/control"
)

// Running is what a serving bridge says of itself to the owner's other processes.
type Running struct {
	PID        int       `json:"pid"`
	Version    string    `json:"version"`
	Sample     bool      `json:"sample,omitempty"` // it serves the sample account
	Local      string    `json:"local"`            // where /mcp is served on this computer
	Public     string    `json:"public,omitempty"` // and from outside
	Paused     bool      `json:"paused"`
	LockedDown bool      `json:"locked_down"`
	Pairing    time.Time `json:"pairing_until,omitzero"`
	Faces      int       `json:"faces"` // that show questions
}

// Running returns what the serving bridge of this state directory says, control.ErrNotRunning if there is none.
func (b *Bridge) Running(ctx context.Context) (r Running, err error) {
	err = b.control().Do(ctx, http.MethodGet, "/status", nil, &r)
	return r, err
}

func (b *Bridge) control() *control.Client { return control.Dial(b.Dir, b.config.Getenv) }

// news is what another process has done, so that the serving bridge looks at once and not at its next turn. It says
// nothing that the store does not say, and is believed in nothing else.
type news struct {
	Approvals bool     `json:"approvals,omitempty"` // a question was put or answered
	Activity  bool     `json:"activity,omitempty"`  // a call was recorded
	Ended     []string `json:"ended,omitempty"`     // ids of grants that were ended
}

// handler answers the owner's other processes.
func (s *service) handler(running func() Running) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		out := running()
		out.Paused, out.LockedDown, out.Faces = s.b.Paused(), s.b.LockedDown(), int(s.faces.Load())
		until, err := s.b.Pairing(r.Context())
		if err != nil {
			control.Fail(w, http.StatusInternalServerError, err)
			return
		}
		out.Pairing = until
		control.Reply(w, out)
	})
	mux.HandleFunc("GET /callers", func(w http.ResponseWriter, _ *http.Request) { control.Reply(w, s.callers.all()) })
	mux.HandleFunc("POST /news", func(w http.ResponseWriter, r *http.Request) {
		var n news
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			control.Fail(w, http.StatusBadRequest, err)
			return
		}
		for _, id := range n.Ended {
			s.live.End(id)
			s.http.End(id)
		}
		s.b.changed.ring()
		control.Reply(w, nil)
	})
	mux.HandleFunc("POST /lockdown", func(w http.ResponseWriter, r *http.Request) {
		if err := s.b.Lockdown(r.Context()); err != nil {
			control.Fail(w, http.StatusInternalServerError, err)
			return
		}
		control.Reply(w, nil)
	})
	return mux
}

// tell tells the serving bridge, if there is one, without waiting for it.
func (b *Bridge) tell(n news) {
	if b.service() != nil {
		b.changed.ring()
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

// Changed returns a channel that is closed when questions or calls have changed, or another process says so.
func (b *Bridge) Changed() <-chan struct{} { return b.changed.wait() }

// teller sends news one after the other, what came meanwhile together.
type teller struct {
	mu   sync.Mutex // guards the fields below
	next *news      // nil for none
	busy bool
}

func (t *teller) tell(n news, send func(news)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &news{}
	}
	t.next.Approvals, t.next.Activity = t.next.Approvals || n.Approvals, t.next.Activity || n.Activity
	t.next.Ended = append(t.next.Ended, n.Ended...)
	if t.busy {
		return
	}
	t.busy = true
	go func() {
		for {
			t.mu.Lock()
			n := t.next
			if t.next = nil; n == nil {
				t.busy = false
				t.mu.Unlock()
				return
			}
			t.mu.Unlock()
			send(*n)
		}
	}()
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
