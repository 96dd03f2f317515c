package bridge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"postern/auth/vault"
	"postern/internal/control"
	"postern/internal/settings"
	"postern/tunnel"
)

// loggedOut is there in the store when the owner has had the authtoken forgotten: what is in the vault is not looked at for
// every picture of how things stand.
const loggedOut = "state.tunnel_logged_out"

// authtokenKey is where the authtoken of the owner's ngrok account lies in the vault.
const authtokenKey = "ngrok-authtoken"

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

// mended puts away that sharing has failed, and what was shared with the account of before, also in the bridge that runs.
func (b *Bridge) mended(ctx context.Context) error {
	b.carried.drop()
	if s := b.service(); s != nil {
		s.share.forget()
		return nil
	}
	if b.socket.Load() != nil {
		return nil
	}
	err := b.askSharing(ctx, "/tunnel/mended")
	var unknown *control.Error
	if errors.Is(err, errNotServed) || errors.As(err, &unknown) && unknown.Status == http.StatusNotFound { // an older version runs
		return nil
	}
	return err
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

// authtokenOf makes an authtoken of what the owner has copied, which may be the command in which ngrok shows it.
func authtokenOf(text string) (string, error) {
	words := strings.Fields(text)
	if len(words) == 4 && words[0] == "ngrok" && words[2] == "add-authtoken" {
		words = words[3:]
	}
	const where = "copy the one at dashboard.ngrok.com/get-started/your-authtoken"
	switch {
	case len(words) == 0:
		return "", errors.New("the authtoken is missing: " + where)
	case len(words) > 1 || len(words[0]) > 256 || strings.ContainsFunc(words[0], func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return "", errors.New("that is no authtoken: " + where)
	case strings.HasPrefix(words[0], "ak_") || strings.HasPrefix(words[0], "cr_"):
		return "", errors.New("that is the id of an API key or a credential, and no authtoken: " + where)
	}
	return words[0], nil
}

// CheckAuthtoken says why what the owner has given as their authtoken cannot be one, nil if it can.
func CheckAuthtoken(text string) error {
	_, err := authtokenOf(text)
	return err
}

// authtoken reads that of the owner's ngrok account. The environment is not looked at.
func (b *Bridge) authtoken(ctx context.Context) (string, error) {
	v, err := b.Vault(ctx)
	if err != nil {
		return "", err
	}
	token, err := v.Get(ctx, authtokenKey)
	if errors.Is(err, vault.ErrNotFound) {
		return "", &tunnel.Error{Reason: tunnel.NoAccount, Detail: `the authtoken of your ngrok account is not in the vault: run "postern tunnel login", or connect the account on the page Share`}
	}
	if err != nil {
		return "", fmt.Errorf("reading the vault: %w", err)
	}
	return string(token), nil
}
