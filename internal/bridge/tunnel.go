package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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

// errSharedNow is why the account cannot be changed.
var errSharedNow = errors.New(`Postern is shared through ngrok now: switch that off first, e.g. with "postern tunnel off"`)

// MayChangeAccount says why the account cannot be changed now, nil if it can.
func (b *Bridge) MayChangeAccount(ctx context.Context) error {
	if t, err := b.Tunnel(ctx); err == nil && t.On() && t.Provider == settings.Ngrok {
		return errSharedNow
	}
	return nil
}

// TunnelLogin keeps the authtoken of the owner's ngrok account in the vault, and its domain in the settings: from then on
// that is the address of Postern from outside.
func (b *Bridge) TunnelLogin(ctx context.Context, token, domain string) error {
	token, err := authtokenOf(token)
	if err != nil {
		return err
	}
	if strings.TrimSpace(domain) == "" {
		return errors.New("the domain is missing: yours is at dashboard.ngrok.com/domains, e.g. name.ngrok-free.dev")
	}
	host, err := settings.Domain(domain)
	if err != nil {
		return fmt.Errorf("the domain %q: %w", domain, err)
	}
	if err := b.MayChangeAccount(ctx); err != nil {
		return err
	}
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	if err := v.Set(ctx, authtokenKey, []byte(token)); err != nil {
		return fmt.Errorf("writing the vault: %w", err)
	}
	if err := b.Store.DeleteSetting(ctx, loggedOut); err != nil {
		return err
	}
	if err := b.SetSetting(ctx, "tunnel.domain", host); err != nil {
		return err
	}
	if err := b.SetSetting(ctx, "tunnel.provider", settings.Ngrok); err != nil {
		return err
	}
	return b.mended(ctx)
}

// mended puts away that sharing has failed.
func (b *Bridge) mended(ctx context.Context) error {
	t, err := b.Tunnel(ctx)
	if err != nil || t.State != tunnel.Failed {
		return err
	}
	if s := b.service(); s != nil {
		s.share.forget()
		return nil
	}
	return b.ShareOff(ctx)
}

// TunnelLogout forgets the authtoken. The domain stays: clients know Postern by it.
func (b *Bridge) TunnelLogout(ctx context.Context) error {
	if err := b.MayChangeAccount(ctx); err != nil {
		return err
	}
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	if err := v.Delete(ctx, authtokenKey); err != nil {
		return fmt.Errorf("writing the vault: %w", err)
	}
	if err := b.Store.SetSetting(ctx, loggedOut, "true"); err != nil {
		return err
	}
	return b.mended(ctx)
}

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
	return b.shareFor(ctx, set.OffAfter)
}

// shareFor does so as the settings say, but for that time, less than zero for no end.
func (b *Bridge) shareFor(ctx context.Context, after time.Duration) error {
	s := b.service()
	if s == nil {
		return errNotServed
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
	r, err := s.share.on(w, after)
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
