package bridge

import (
	"context"
	"errors"
	"net/http"
	"time"

	"postern/internal/control"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
)

// sharePatience is how long ShareOn waits for the address to answer.
const sharePatience = 20 * time.Second

// errNotServed is returned where a bridge would have to serve clients first.
var errNotServed = errors.New(`nothing serves clients: start the desktop app, or "postern serve", and try again`)

// ShareOn has Postern reached from outside: by what the start of the program has asked for, or else as the settings say and
// for as long. It waits a while until the address answers; if it does not by then, it is tried further.
func (b *Bridge) ShareOn(ctx context.Context) error {
	s := b.service()
	switch {
	case s != nil:
	case b.socket.Load() != nil: // this is the bridge that would serve
		return errNotServed
	default:
		return b.askSharing(ctx, "/tunnel/on")
	}
	if s.share.fixed != nil {
		return s.share.restart(ctx)
	}
	set, err := b.Settings(ctx)
	if err != nil {
		return err
	}
	needs, err := b.needs(ctx, set.Tunnel)
	if err != nil {
		return err
	}
	if needs != "" {
		return errors.New(needs)
	}
	w, err := b.way(set.Tunnel.Provider, set.Tunnel, s.version)
	if err != nil {
		return err
	}
	r, err := s.share.on(w, spanOf(s.share.now(), set.OffAfter))
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, sharePatience)
	defer cancel()
	if err := r.settle(within); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return ctx.Err()
}

// ShareOff ends that, at once. Nothing is shared where nothing is served.
func (b *Bridge) ShareOff(ctx context.Context) error {
	if s := b.service(); s != nil {
		s.share.cut()
	}
	b.carried.drop() // from here on nothing is resumed; what just was is found by looking again
	if s := b.service(); s != nil {
		s.share.spare()
		return nil
	}
	if b.socket.Load() != nil {
		return nil
	}
	if err := b.askSharing(ctx, "/tunnel/off"); !errors.Is(err, errNotServed) {
		return err
	}
	return nil
}

// askSharing has the running bridge do it.
func (b *Bridge) askSharing(ctx context.Context, path string) error {
	err := b.control().Do(ctx, http.MethodPost, path, nil, nil)
	if errors.Is(err, control.ErrNotRunning) {
		return errNotServed
	}
	return err
}

// Tunnel says how Postern is reached from outside.
func (b *Bridge) Tunnel(ctx context.Context) (desk.Tunnel, error) {
	if b.service() == nil && b.socket.Load() == nil {
		var t desk.Tunnel
		if err := b.control().Do(ctx, http.MethodGet, "/tunnel", nil, &t); !errors.Is(err, control.ErrNotRunning) {
			return t, err
		}
	}
	set, err := b.Settings(ctx)
	if err != nil {
		return desk.Tunnel{}, err
	}
	t := desk.Tunnel{Provider: set.Tunnel.Provider, State: tunnel.Off}
	if t.Needs, err = b.needs(ctx, set.Tunnel); err != nil {
		return t, err
	}
	if t.Provider == settings.OwnURL {
		t.Behind = set.Tunnel.Behind
	}
	if s := b.service(); s != nil {
		s.share.fill(&t)
		if !t.On() && t.State != tunnel.Failed && s.share.issuer() != b.issuer(set.Tunnel) {
			t.Check = desk.Found{} // of another address than the one that the owner sees
		}
		t.Requests, err = s.share.count.total(ctx, b)
	} else {
		t.Requests, err = b.sharedRequests(ctx)
	}
	if t.Provider == settings.Ngrok {
		t.ConnectURL, t.CAFile = set.Tunnel.ConnectURL, set.Tunnel.CAFile
	}
	return t, err
}

// serveTunnel answers the owner's other processes about it.
func (b *Bridge) serveTunnel(w http.ResponseWriter, r *http.Request) {
	t, err := b.Tunnel(r.Context())
	if err != nil {
		control.Fail(w, http.StatusInternalServerError, err)
		return
	}
	control.Reply(w, t)
}
