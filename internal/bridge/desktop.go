package bridge

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"postern/internal/approval"
	"postern/internal/control"
)

// desktop is what the bridge knows of the desktop app that shows it.
type desktop struct {
	faces   atomic.Int32
	expects atomic.Bool // a window will be there, see Attend
	shows   bell        // rung when show has changed

	mu   sync.Mutex // guards the field below
	show func()     // shows its window; nil if there is none
}

// windowPatience is how long a second start waits for the window of a first that has just begun.
const windowPatience = 1500 * time.Millisecond

// ErrNoWindow is returned by ShowRunning for a bridge that runs without a desktop app.
var ErrNoWindow = errors.New(`Postern runs already, but without a window: end "postern serve" first, then open the app again`)

// AddFace says that a face shows the questions to the owner, until remove is called.
func (b *Bridge) AddFace() (remove func()) {
	s := b.service()
	if s == nil {
		return func() {}
	}
	s.faces.Add(1)
	return func() { s.faces.Add(-1) }
}

// AddDesktopFace says that the desktop app shows the questions to the owner, until remove is called, whether or not
// clients are served. As long as it does, a yes is not taken at a command line unless the owner has said so in it.
func (b *Bridge) AddDesktopFace() (remove func()) {
	b.desktop.faces.Add(1)
	return sync.OnceFunc(func() { b.desktop.faces.Add(-1) })
}

// faces counts the faces that show questions.
func (b *Bridge) faces() int {
	n := b.desktop.faces.Load()
	if s := b.service(); s != nil {
		n += s.faces.Load()
	}
	return int(n)
}

// OnShow says how the window is shown when the owner starts the app a second time; nil for no window. show is called from
// any goroutine and returns at once.
func (b *Bridge) OnShow(show func()) {
	b.desktop.mu.Lock()
	b.desktop.show = show
	b.desktop.mu.Unlock()
	b.desktop.shows.ring()
}

// ShowRunning has the running bridge show its window. It returns ErrNoWindow if that has none, control.ErrNotRunning if
// there is no bridge.
func (b *Bridge) ShowRunning(ctx context.Context) error {
	err := b.control().Do(ctx, http.MethodPost, "/show", nil, nil)
	var refused *control.Error
	if errors.As(err, &refused) && (refused.Status == http.StatusConflict || refused.Status == http.StatusNotFound) { // an older one has no such route
		return ErrNoWindow
	}
	return err
}

func (d *desktop) serveShow(w http.ResponseWriter, r *http.Request) {
	show := d.window(r.Context())
	if show == nil && d.expects.Load() {
		control.Fail(w, http.StatusServiceUnavailable, errors.New("Postern is just starting or ending: try again"))
		return
	}
	if show == nil {
		control.Fail(w, http.StatusConflict, ErrNoWindow)
		return
	}
	show()
	control.Reply(w, nil)
}

// window returns how the window is shown, nil if there is none, also not in a moment.
func (d *desktop) window(ctx context.Context) func() {
	ctx, cancel := context.WithTimeout(ctx, windowPatience)
	defer cancel()
	for {
		changed := d.shows.wait()
		d.mu.Lock()
		show := d.show
		d.mu.Unlock()
		if show != nil || !d.expects.Load() {
			return show
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// Answer settles a question, see approval.Queue.
func (b *Bridge) Answer(ctx context.Context, id string, a approval.Answer) error {
	return b.Queue.Answer(ctx, id, a)
}

// Revise has an action changed before it is done, see approval.Queue.
func (b *Bridge) Revise(ctx context.Context, id string, changes map[string]string) error {
	return b.Queue.Revise(ctx, id, changes)
}
