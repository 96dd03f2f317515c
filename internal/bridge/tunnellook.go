package bridge

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"postern/internal/settings"
	"postern/server/oauth"
	"postern/tunnel"
)

// Look is what was found when one thing of the tunnel was looked at.
type Look struct {
	What, Says string
	Bad        bool
}

// clockSlack is how far a clock may be off: tokens and codes are good for minutes.
const clockSlack = 2 * time.Minute

// LookAtTunnel tries whether Postern can be reached from outside: the way out, the address, what answers there, and the
// clock. What the owner does not use is not looked at.
func (b *Bridge) LookAtTunnel(ctx context.Context) ([]Look, error) {
	set, err := b.Settings(ctx)
	if err != nil {
		return nil, err
	}
	t, err := b.Tunnel(ctx)
	if err != nil {
		return nil, err
	}
	if t.Needs != "" && !t.On() {
		return []Look{{What: "tunnel", Says: "not set up: Postern is reached from this computer alone"}}, nil
	}
	var all []Look
	if set.Tunnel.Provider == settings.Ngrok {
		all = append(all, b.lookAtNgrok(ctx, set.Tunnel)...)
	}
	if !t.On() {
		if t.State == string(tunnel.Failed) {
			return append(all, Look{What: "tunnel", Says: t.Detail, Bad: true}), nil
		}
		return append(all, Look{What: "tunnel", Says: "off"}), nil
	}
	if !t.Up() {
		return append(all, Look{What: "tunnel", Says: t.State + ": " + t.Detail, Bad: true}), nil
	}
	issuer := t.URL[:len(t.URL)-len(oauth.Path)]
	f := b.tried(ctx, issuer)
	all = append(all, Look{What: "public address", Says: f.says, Bad: !f.ours})
	if f.ours {
		all = append(all, b.lookAtIssuer(ctx, issuer))
	}
	return append(all, b.lookAtClock(ctx)), nil
}

// lookAtClock compares the clock with Google's, which Postern needs anyway. Through the tunnel it would be its own.
func (b *Bridge) lookAtClock(ctx context.Context) Look {
	header, status, _ := b.publicJSON(ctx, "https://oauth2.googleapis.com/", &struct{}{}) // whatever it answers, it says when
	date, err := http.ParseTime(header.Get("Date"))
	if status == 0 || err != nil {
		return Look{What: "clock", Says: "not compared: Google does not answer"}
	}
	off := b.config.Now().Sub(date).Abs()
	return Look{What: "clock", Says: fmt.Sprintf("%v off", off.Round(time.Second)), Bad: off > clockSlack}
}

// lookAtNgrok tries whether ngrok's service can be reached, and whether there is an authtoken.
func (b *Bridge) lookAtNgrok(ctx context.Context, t settings.Tunnel) []Look {
	within, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	edge := Look{What: "ngrok's service"}
	says, err := b.ngrok(t, "").Diagnose(within)
	if edge.Says = says; err != nil {
		edge.Says, edge.Bad = err.Error(), true
	}
	token := Look{What: "ngrok account", Says: "its authtoken is in the vault, its domain is " + t.Domain}
	if _, err := b.authtoken(ctx); err != nil {
		token.Says, token.Bad = err.Error(), true
	}
	return []Look{edge, token}
}

// lookAtIssuer asks the public address for the metadata of its authorization server (RFC 8414), whose issuer must be that
// address to the letter, or else clients refuse it.
func (b *Bridge) lookAtIssuer(ctx context.Context, issuer string) Look {
	look := Look{What: "issuer", Bad: true}
	var m struct {
		Issuer string `json:"issuer"`
	}
	_, status, err := b.publicJSON(ctx, issuer+oauth.ServerPath, &m)
	switch {
	case err != nil:
		look.Says = err.Error()
	case status != http.StatusOK || m.Issuer != issuer:
		look.Says = fmt.Sprintf("%s says that its issuer is %.100q (HTTP %d)", issuer, m.Issuer, status)
	default:
		look.Says, look.Bad = m.Issuer, false
	}
	return look
}
