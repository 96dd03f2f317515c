package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/internal/desk"
	"postern/internal/settings"
	"postern/tunnel"
)

func (f *face) tunnel() *cobra.Command {
	return noun("tunnel", "Be reached from outside, by a phone or a web assistant", f.tunnelLogin(), f.tunnelLogout(), f.tunnelOn(), f.tunnelOff(), f.tunnelStatus(), f.tunnelShare())
}

func (f *face) tunnelLogin() *cobra.Command {
	domain := ""
	c := &cobra.Command{Use: "login", Short: "Connect your ngrok account: its authtoken, and its domain", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if err := f.mayLoosen(ctx, b); err != nil {
			return err
		}
		if err := b.MayChangeAccount(ctx); err != nil {
			return ownerMust{err}
		}
		set, err := b.Settings(ctx)
		if err != nil {
			return err
		}
		f.show("You need an account at ngrok (the free plan will do): https://dashboard.ngrok.com/signup\n")
		token, err := f.secret("Its authtoken, from https://dashboard.ngrok.com/get-started/your-authtoken: ")
		if err != nil {
			return err
		}
		if err := bridge.CheckAuthtoken(token); err != nil {
			return err
		}
		if domain == "" {
			if domain, err = f.asked("Its domain, from https://dashboard.ngrok.com/domains", set.Tunnel.Domain); err != nil {
				return err
			}
		}
		if err := b.TunnelLogin(ctx, token, domain); err != nil {
			return fmt.Errorf("connecting the ngrok account: %w", err)
		}
		now, err := b.Settings(ctx)
		if err != nil {
			return err
		}
		if was := set.Tunnel.Domain; was != "" && was != now.Tunnel.Domain {
			f.show("The address has changed from %s: clients from outside must be connected anew.", was)
		}
		return f.done(fmt.Sprintf("The authtoken is in the vault. From outside Postern will be https://%s/mcp.\nSwitch it on with: postern tunnel on", now.Tunnel.Domain), map[string]string{"domain": now.Tunnel.Domain})
	})}
	c.Flags().StringVar(&domain, "domain", "", "domain of the account, e.g. name.ngrok-free.dev")
	return c
}

func (f *face) tunnelLogout() *cobra.Command {
	return &cobra.Command{Use: "logout", Short: "Forget the authtoken of your ngrok account", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if err := b.TunnelLogout(ctx); err != nil {
			return fmt.Errorf("forgetting the authtoken: %w", err)
		}
		return f.done("The authtoken is forgotten. To make it worthless too: https://dashboard.ngrok.com/authtokens", map[string]bool{"logged_in": false})
	})}
}

func (f *face) tunnelOn() *cobra.Command {
	return &cobra.Command{Use: "on", Short: "Let Postern be reached from outside", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if err := f.mayLoosen(ctx, b); err != nil {
			return err
		}
		if f.terminal() && !f.json {
			f.show("Connecting…")
		}
		if err := b.ShareOn(ctx); err != nil {
			return ownerMust{fmt.Errorf("sharing: %w", err)}
		}
		t, err := f.tried(ctx, b)
		switch {
		case err != nil:
			return err
		case f.json:
			return f.printJSON(t)
		case !t.Up():
			return notUp(t)
		}
		return f.printShare(ctx, b, t)
	})}
}

// tried waits a moment until the address was tried from outside, and says how it stands then.
func (f *face) tried(ctx context.Context, b *bridge.Bridge) (desk.Tunnel, error) {
	const patience, again = 5 * time.Second, 100 * time.Millisecond
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		t, err := b.Tunnel(ctx)
		if err != nil || !t.Up() || t.Check.What != "" {
			return t, err
		}
		select {
		case <-time.After(again):
		case <-within.Done():
			return t, ctx.Err()
		}
	}
}

// notUp says that it is switched on, and is not up yet, or not any more.
func notUp(t desk.Tunnel) error {
	switch t.State {
	case tunnel.Off:
		return errNotShared
	case tunnel.Failed:
		return ownerMust{fmt.Errorf("sharing: %w", &tunnel.Error{Code: t.Code, Detail: line(t.Detail)})}
	}
	return ownerMust{fmt.Errorf("sharing is switched on but not up yet, and is tried further: %s. See how it goes with: postern tunnel status", strings.TrimSuffix(cmp.Or(line(t.Detail), "no answer so far"), "."))}
}

func (f *face) tunnelOff() *cobra.Command {
	return &cobra.Command{Use: "off", Short: "Be reached from this computer alone again", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		if err := b.ShareOff(ctx); err != nil {
			return fmt.Errorf("ending the sharing: %w", err)
		}
		return f.done("Nothing is shared. Clients keep what you gave them, for the next time.", map[string]bool{"shared": false})
	})}
}

func (f *face) tunnelStatus() *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Show how Postern is reached from outside", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		t, err := b.Tunnel(ctx)
		if err != nil {
			return err
		}
		if f.json {
			return f.printJSON(t)
		}
		set, err := b.Settings(ctx)
		if err != nil {
			return err
		}
		return f.table([]string{"", ""}, tunnelRows(t, set.Tunnel, time.Now()))
	})}
}

// tunnelRows says how a tunnel stands, a fact a row.
func tunnelRows(t desk.Tunnel, set settings.Tunnel, now time.Time) [][]string {
	rows := [][]string{{"state", string(t.State)}}
	add := func(label, text string) {
		if text != "" {
			rows = append(rows, []string{label, line(text)})
		}
	}
	if t.Detail != "" && t.Code != "" {
		t.Detail += " (" + t.Code + ")"
	}
	add("why", t.Detail)
	add("way", map[string]string{settings.Ngrok: "ngrok", settings.OwnURL: "a proxy of your own"}[t.Provider])
	switch {
	case t.URL != "":
		add("address", t.URL)
	case t.Provider == settings.Ngrok && set.Domain != "":
		add("address", "https://"+set.Domain+"/mcp, when it is on")
	case t.Provider == settings.OwnURL && set.URL != "":
		add("address", set.URL+"/mcp, when it is on")
	}
	if t.Provider == settings.OwnURL {
		add("proxy", "sends to http://"+t.Behind+", with the name of the host as it is")
	}
	if t.On() && !t.Since.IsZero() {
		add("since", moment(t.Since, now))
	}
	if !t.Until.IsZero() {
		add("ends", moment(t.Until, now)+", by itself")
	}
	if t.Account != "" {
		add("account", fmt.Sprintf("%s, plan %s", t.Account, cmp.Or(t.Plan, "not known")))
	}
	add("region", t.Region)
	if !t.LastCall.IsZero() {
		add("last call", age(t.LastCall, now))
	}
	if t.Requests > 0 || t.Limit > 0 {
		text := fmt.Sprintf("%d this month", t.Requests)
		if t.Limit > 0 {
			text = fmt.Sprintf("%d of %d this month", t.Requests, t.Limit)
		}
		if t.NearLimit() {
			text += ": most of what the plan allows; then ngrok answers in Postern's place until the next month"
		}
		add("requests", text)
	}
	add("tried", t.Check.Says)
	add("service", t.ConnectURL)
	add("certificates", t.CAFile)
	switch {
	case t.On():
		add("next", "postern tunnel share: how assistants are told; postern tunnel off: end it")
	case t.Needs != "":
		add("next", t.Needs)
	default:
		add("next", "postern tunnel on")
	}
	return rows
}
