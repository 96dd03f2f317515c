package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"postern/internal/control"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/server/oauth"
	"postern/tunnel"
	"postern/tunnel/ownurl"
)

// Look is what was found when one thing was looked at.
type Look struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// clockSlack is how far a clock may be off: tokens and codes are good for minutes.
const clockSlack = 2 * time.Minute

// LookAtTunnel tries whether Postern can be reached from outside: the way out, the address, what answers there, and the
// clock. What the owner does not use is not looked at. It is the bridge that serves which looks, if there is one.
func (b *Bridge) LookAtTunnel(ctx context.Context) ([]Look, error) {
	if b.socket.Load() == nil {
		var all []Look
		if err := b.control().Do(ctx, http.MethodGet, "/tunnel/look", nil, &all); !errors.Is(err, control.ErrNotRunning) {
			return all, err
		}
	}
	set, err := b.Settings(ctx)
	if err != nil {
		return nil, err
	}
	t, err := b.Tunnel(ctx)
	if err != nil {
		return nil, err
	}
	if t.Needs != "" && !t.On() {
		return []Look{{"tunnel", true, "not set up: Postern is reached from this computer alone"}}, nil
	}
	var p tunnel.Provider = &ownurl.Provider{} // it is only asked what its service says, and an own proxy has none
	if t.Provider == settings.Ngrok {
		p = b.ngrok(set.Tunnel, "")
	}
	var all []Look
	if d, ok := p.(tunnel.Diagnoser); ok {
		all = append(all, lookAtService(ctx, p.Name(), d))
	}
	if t.Provider == settings.Ngrok {
		all = append(all, b.lookAtAccount(ctx, set.Tunnel.Domain))
	}
	switch {
	case t.State == tunnel.Off:
		return append(all, Look{"tunnel", true, "off"}), nil
	case !t.Up():
		return append(all, Look{"tunnel", false, string(t.State) + ": " + cmp.Or(t.Detail, "no answer so far")}), nil
	}
	issuer := strings.TrimSuffix(t.URL, oauth.Path)
	f := b.tried(ctx, p, issuer)
	all = append(all, Look{"public address", !f.Bad(), f.Says})
	if f.What == desk.Answers {
		all = append(all, b.lookAtIssuer(ctx, issuer))
	}
	return append(all, b.lookAtClock(ctx)), nil
}

// serveLook answers the owner's other processes.
func (b *Bridge) serveLook(w http.ResponseWriter, r *http.Request) {
	all, err := b.LookAtTunnel(r.Context())
	if err != nil {
		control.Fail(w, http.StatusInternalServerError, err)
		return
	}
	control.Reply(w, all)
}

// lookAtClock compares the clock with Google's, which Postern needs anyway. Through the tunnel it would be its own.
func (b *Bridge) lookAtClock(ctx context.Context) Look {
	header, status, _ := b.publicJSON(ctx, "https://oauth2.googleapis.com/", "", &struct{}{}) // whatever it answers, it says when
	date, err := http.ParseTime(header.Get("Date"))
	if status == 0 || err != nil {
		return Look{"clock", true, "not compared: Google does not answer"}
	}
	off := b.config.Now().Sub(date).Abs()
	return Look{"clock", off <= clockSlack, fmt.Sprintf("%v off", off.Round(time.Second))}
}

// lookAtService tries whether the service of a way can be reached.
func lookAtService(ctx context.Context, name string, d tunnel.Diagnoser) Look {
	within, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	look := Look{What: name + "'s service"}
	says, err := d.Diagnose(within)
	if look.Says, look.OK = says, err == nil; err != nil {
		look.Says = err.Error()
	}
	return look
}

// lookAtAccount looks whether there is an authtoken.
func (b *Bridge) lookAtAccount(ctx context.Context, domain string) Look {
	if _, err := b.authtoken(ctx); err != nil {
		return Look{"ngrok account", false, err.Error()}
	}
	return Look{"ngrok account", true, "its authtoken is in the vault, its domain is " + domain}
}

// lookAtIssuer asks the public address for the metadata of its authorization server (RFC 8414), whose issuer must be that
// address to the letter, or else clients refuse it.
func (b *Bridge) lookAtIssuer(ctx context.Context, issuer string) Look {
	look := Look{What: "issuer"}
	var m struct {
		Issuer string `json:"issuer"`
	}
	_, status, err := b.publicJSON(ctx, issuer+oauth.ServerPath, b.probe, &m)
	switch {
	case err != nil:
		look.Says = err.Error()
	case status != http.StatusOK || m.Issuer != issuer:
		look.Says = fmt.Sprintf("%s says that its issuer is %.100q (HTTP %d)", issuer, m.Issuer, status)
	default:
		look.Says, look.OK = m.Issuer, true
	}
	return look
}
