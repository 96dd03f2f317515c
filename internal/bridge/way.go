package bridge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"postern/auth/vault"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/tunnel/ngrok"
	"postern/tunnel/ownurl"
)

// loggedOut is there in the store when the owner has had the authtoken forgotten: what is in the vault is not looked at for
// every picture of how things stand.
const loggedOut = "state.tunnel_logged_out"

// authtokenKey is where the authtoken of the owner's ngrok account lies in the vault.
const authtokenKey = "ngrok-authtoken"

// way is a way to be reached from outside, with what Postern must know of it. To add one is to add it here and to the
// settings.
type way struct {
	name     string // settings.Ngrok or settings.OwnURL
	provider tunnel.Provider
	issuer   string
	source   func(*http.Request) string // the address that a request came from
	fixed    bool                       // the start of the program has asked for it
	dead     func(desk.Found) bool      // whether that is what is found at an address that is dead
	advice   string                     // what to do when the address still answers as Postern
	behind   string                     // where the owner's own proxy sends to; "" without one
}

// provider returns the one of that name, as the settings have it.
func (b *Bridge) provider(name string, t settings.Tunnel, version string) tunnel.Provider {
	if name == settings.OwnURL {
		return &ownurl.Provider{}
	}
	return &ngrok.Provider{Authtoken: b.authtoken, Domain: t.Domain, ConnectURL: t.ConnectURL, CAFile: t.CAFile, Version: version, Log: b.Log}
}

// way returns the one of that name, as the settings have it.
func (b *Bridge) way(name string, t settings.Tunnel, version string) (way, error) {
	if name == settings.OwnURL {
		return ownWay(t.URL, t.Behind)
	}
	return way{
		name: settings.Ngrok, issuer: "https://" + t.Domain, source: connectionSource, provider: b.provider(name, t, version),
		dead: func(f desk.Found) bool { return f.Code == ngrok.Offline }, advice: "end it, or revoke the authtoken at dashboard.ngrok.com/authtokens",
	}, nil
}

// ownWay is the way through the owner's own proxy.
func ownWay(public, behind string) (way, error) {
	issuer, err := settings.PublicOrigin(public)
	if err != nil {
		return way{}, fmt.Errorf("the public address %q: %w", public, err)
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return way{}, err
	}
	return way{
		name: settings.OwnURL, issuer: issuer, source: proxySource, behind: behind, advice: "end it, or your proxy",
		provider: &ownurl.Provider{URL: u, Listen: func() (net.Listener, error) { return listenLocal(behind) }},
		dead:     func(f desk.Found) bool { return f.What != desk.Silent }, // the proxy itself says so
	}, nil
}

// needs is what must be done before the tunnel can be switched on, "" for nothing.
func (b *Bridge) needs(ctx context.Context, t settings.Tunnel) (string, error) {
	if t.Provider == settings.OwnURL {
		if t.URL == "" {
			return `the address at which your proxy is reached is not known yet: set it with "postern settings set tunnel.url https://..."`, nil
		}
		return "", nil
	}
	_, out, err := b.Store.Setting(ctx, loggedOut)
	if out || t.Domain == "" {
		return `your ngrok account is not known yet: run "postern tunnel login", or connect it on the page Share`, err
	}
	return "", err
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
