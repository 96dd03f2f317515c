package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"postern/internal/control"
)

// Running is what the running bridge says of itself to the owner's other processes.
type Running struct {
	PID        int       `json:"pid"`
	Version    string    `json:"version"`
	Sample     bool      `json:"sample,omitempty"` // it serves the sample account
	Local      string    `json:"local"`            // where /mcp is served on this computer; "" if it is not
	Public     string    `json:"public,omitempty"` // and from outside
	Paused     bool      `json:"paused"`
	LockedDown bool      `json:"locked_down"`
	Pairing    time.Time `json:"pairing_until,omitzero"`
	Faces      int       `json:"faces"`             // that show questions
	Desktop    bool      `json:"desktop,omitempty"` // one of them is the desktop app
}

// Running returns what the running bridge of this state directory says, control.ErrNotRunning if there is none.
func (b *Bridge) Running(ctx context.Context) (r Running, err error) {
	err = b.control().Do(ctx, http.MethodGet, "/status", nil, &r)
	return r, err
}

func (b *Bridge) control() *control.Client { return control.Dial(b.Dir, b.config.Getenv) }

// Attend makes this process the one bridge of its state directory, and answers the owner's other processes until ctx
// ends, whether or not it serves clients: Serve does both for a while, this is for the desktop app, which goes on when
// Serve cannot, and has a window (OnShow) soon. Serve must have ended when ctx ends. ready is called once others are
// answered. If there is another bridge it returns a *control.RunningError.
func (b *Bridge) Attend(ctx context.Context, version string, ready func()) error {
	socket, err := b.listen(version)
	if err != nil {
		return err
	}
	defer b.hangUp(socket)
	b.desktop.expects.Store(true)
	defer b.desktop.expects.Store(false)
	ready()
	return control.Serve(ctx, socket, b.handler(version))
}

func (b *Bridge) listen(version string) (*control.Listener, error) {
	socket, err := control.Listen(b.Dir, b.config.Getenv, control.Info{Started: b.config.Now(), Version: version})
	if err == nil {
		b.socket.Store(socket)
	}
	return socket, err
}

func (b *Bridge) hangUp(socket *control.Listener) {
	b.socket.Store(nil)
	if err := socket.Close(); err != nil {
		b.Log.Warn("closing the control socket", "error", err)
	}
}

// handler answers the owner's other processes.
func (b *Bridge) handler(version string) http.Handler {
	mux := http.NewServeMux()
	for pattern, answer := range b.routes(version) {
		mux.HandleFunc(pattern, answer)
	}
	return mux
}

// routes are what the owner's other processes can ask for. None of it is reached over HTTP.
func (b *Bridge) routes(version string) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /status":         func(w http.ResponseWriter, r *http.Request) { b.serveStatus(w, r, version) },
		"GET /callers":        b.serveCallers,
		"GET /tunnel":         b.serveTunnel,
		"GET /tunnel/look":    b.serveLook,
		"POST /tunnel/mended": serveDone(b.mended),
		"POST /tunnel/on":     serveDone(b.ShareOn),
		"POST /tunnel/off":    serveDone(b.ShareOff),
		"POST /news":          b.serveNews,
		"POST /lockdown":      serveDone(b.Lockdown),
		"POST /lift":          serveDone(b.Lift),
		"POST /show":          b.desktop.serveShow,
	}
}

func (b *Bridge) serveStatus(w http.ResponseWriter, r *http.Request, version string) {
	out := Running{PID: os.Getpid(), Version: version, Sample: b.demo != nil}
	if now := b.running.Load(); now != nil {
		out.Local = now.Local
	}
	if s := b.service(); s != nil {
		out.Public = s.share.public()
	}
	out.Paused, out.LockedDown, out.Faces, out.Desktop = b.Paused(), b.LockedDown(), b.faces(), b.desktop.faces.Load() > 0
	until, err := b.Pairing(r.Context())
	if err != nil {
		control.Fail(w, http.StatusInternalServerError, err)
		return
	}
	out.Pairing = until
	control.Reply(w, out)
}

func (b *Bridge) serveCallers(w http.ResponseWriter, _ *http.Request) {
	if s := b.service(); s != nil {
		control.Reply(w, s.callers.all())
		return
	}
	control.Reply(w, nil) // nobody is connected where nothing is served
}

func (b *Bridge) serveNews(w http.ResponseWriter, r *http.Request) {
	var n news
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		control.Fail(w, http.StatusBadRequest, err)
		return
	}
	b.hear(context.WithoutCancel(r.Context()), n)
	control.Reply(w, nil)
}

// serveDone does something for them.
func serveDone(do func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r.Context()); err != nil {
			control.Fail(w, http.StatusConflict, err)
			return
		}
		control.Reply(w, nil)
	}
}
