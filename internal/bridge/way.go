package bridge

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
	"postern/tunnel/ngrok"
	"postern/tunnel/ownurl"
)

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

// way returns the one of that name, as the settings have it.
func (b *Bridge) way(name string, t settings.Tunnel, version string) (way, error) {
	if name == settings.OwnURL {
		return ownWay(t.URL, t.Behind)
	}
	return way{
		name: settings.Ngrok, issuer: "https://" + t.Domain, source: connectionSource, provider: b.ngrok(t, version),
		dead: func(f desk.Found) bool { return f.Code == ngrok.Offline }, advice: "end it, or revoke the authtoken at dashboard.ngrok.com/authtokens",
	}, nil
}

// issuer is where it will be shared, by the start of the program or as the settings have it; "" if that is not known.
func (b *Bridge) issuer(t settings.Tunnel) string {
	if s := b.service(); s != nil && s.share.fixed != nil {
		return s.share.fixed.issuer
	}
	w, err := b.way(t.Provider, t, "")
	if err != nil {
		return "" // there is no address yet
	}
	return w.issuer
}

func (b *Bridge) ngrok(t settings.Tunnel, version string) *ngrok.Provider {
	return &ngrok.Provider{Authtoken: b.authtoken, Domain: t.Domain, ConnectURL: t.ConnectURL, CAFile: t.CAFile, Version: version, Log: b.Log}
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
