package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/bridge"
	"postern/server/oauth"
)

func (f *face) clients() *cobra.Command {
	return noun("clients", "Apps that connect over HTTP, and what they may do",
		&cobra.Command{Use: "list", Short: "List the clients", Args: exactly(0), RunE: f.open(f.listClients)},
		&cobra.Command{Use: "show CLIENT", Short: "Show a client and its grants", Args: exactly(1), RunE: f.open(f.showClient)},
		&cobra.Command{Use: "revoke CLIENT|GRANT", Short: "Take back what a client was given, or one grant of it", Args: exactly(1), RunE: f.open(f.revokeClient)},
		&cobra.Command{Use: "block CLIENT", Short: "Take back what a client was given, and let it ask no more", Args: exactly(1), RunE: f.open(f.blockClient)},
		&cobra.Command{Use: "unblock CLIENT", Short: "Let a blocked client ask again", Args: exactly(1), RunE: f.open(f.unblockClient)},
		f.addClient(),
		&cobra.Command{Use: "secret CLIENT", Short: "Make a client that has a secret a new one", Args: exactly(1), RunE: f.open(f.newSecret)},
	)
}

func (f *face) listClients(ctx context.Context, b *bridge.Bridge, _ []string) error {
	all, err := clientRows(ctx, b)
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintln(f.out, "No client has registered yet. Start \"postern serve\" and give a client its address.")
		return nil
	}
	var rows [][]string
	for _, c := range all {
		rows = append(rows, []string{clip(line(c.Name), 24), clip(line(c.ID), 44), usedFrom(c.LastUsedAt, c.LastAddress, time.Now()), c.may(time.Now())})
	}
	return f.table([]string{"CALLS ITSELF", "CLIENT", "LAST USED", "MAY"}, rows)
}

// findClient returns the client that an id, its beginning, or a name that is one's alone, means.
func findClient(ctx context.Context, b *bridge.Bridge, what string) (clientRow, error) {
	all, err := clientRows(ctx, b)
	if err != nil {
		return clientRow{}, err
	}
	for _, matches := range []func(clientRow) bool{
		func(c clientRow) bool { return c.ID == what },
		func(c clientRow) bool { return what != "" && strings.HasPrefix(c.ID, what) },
		func(c clientRow) bool { return strings.EqualFold(c.Name, what) },
	} {
		found := slices.DeleteFunc(slices.Clone(all), func(c clientRow) bool { return !matches(c) })
		switch {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			return clientRow{}, fmt.Errorf("several clients are meant by %q: give the whole id from \"postern clients list\"", line(what))
		}
	}
	return clientRow{}, fmt.Errorf("there is no client %q: \"postern clients list\" shows them", line(what))
}

func (f *face) showClient(ctx context.Context, b *bridge.Bridge, args []string) error {
	c, err := findClient(ctx, b, args[0])
	if err != nil {
		return err
	}
	if f.json {
		return f.printJSON(c)
	}
	kinds := map[oauth.Kind]string{oauth.Published: "its maker publishes who it is", oauth.Dynamic: "it registered itself", oauth.Static: "you added it"}
	f.labelled("Calls itself", c.Name)
	f.labelled("Client", c.ID)
	f.labelled("Known since", c.CreatedAt.Local().Format(time.DateTime)+", "+kinds[c.Kind])
	f.labelled("Status", string(c.Status))
	if c.NeedsSecret {
		f.labelled("Secret", "needs a new one: postern clients secret "+c.ID)
	}
	for i, uri := range c.RedirectURIs {
		f.labelled(map[bool]string{true: "Redirects"}[i == 0], uri)
	}
	for _, g := range c.Grants {
		fmt.Fprintf(f.out, "\nGrant %s\n", line(g.ID))
		f.labelled("  Profiles", strings.Join(g.Profiles, ", "))
		f.labelled("  Scopes", strings.Join(g.Scopes, " "))
		f.labelled("  At", g.Resource)
		f.labelled("  Let in", g.CreatedAt.Local().Format(time.DateTime)+" by "+g.ApprovedVia)
		f.labelled("  Last used", usedFrom(g.LastUsedAt, g.LastAddress, time.Now()))
		for i, u := range g.ToolsUsed {
			f.labelled(map[bool]string{true: "  Tools used"}[i == 0], fmt.Sprintf("%s, %s, last %s", u.Tool, times(u.Calls), age(u.LastAt, time.Now())))
		}
		switch {
		case !g.RevokedAt.IsZero():
			f.labelled("  Ended", g.RevokedAt.Local().Format(time.DateTime)+": "+g.RevokeReason)
		case g.ExpiresAt.IsZero():
			f.labelled("  Until", "you revoke it")
		default:
			f.labelled("  Until", g.ExpiresAt.Local().Format(time.DateTime))
		}
	}
	return nil
}

func (f *face) revokeClient(ctx context.Context, b *bridge.Bridge, args []string) error {
	if g, err := b.Store.Grant(ctx, args[0]); err == nil {
		if err := b.RevokeGrant(ctx, g.ID, "you revoked it"); err != nil {
			return err
		}
		return f.done("The grant is revoked.", map[string]int{"revoked": 1})
	} else if !errors.Is(err, oauth.ErrNotFound) {
		return err
	}
	c, err := findClient(ctx, b, args[0])
	if err != nil {
		return err
	}
	n, err := b.RevokeClient(ctx, c.ID, "you revoked it")
	if err != nil {
		return err
	}
	words := "It had nothing that could be revoked."
	if n > 0 {
		words = fmt.Sprintf("%q is cut off.", line(c.Name))
	}
	return f.done(words, map[string]int{"revoked": n})
}

func (f *face) blockClient(ctx context.Context, b *bridge.Bridge, args []string) error {
	c, err := findClient(ctx, b, args[0])
	if err != nil {
		return err
	}
	if err := b.BlockClient(ctx, c.ID); err != nil {
		return err
	}
	return f.done(fmt.Sprintf("%q is cut off and may ask no more.", line(c.Name)), map[string]string{"blocked": c.ID})
}

func (f *face) unblockClient(ctx context.Context, b *bridge.Bridge, args []string) error {
	c, err := findClient(ctx, b, args[0])
	if err != nil {
		return err
	}
	if err := f.mayLoosen(ctx, b); err != nil {
		return err
	}
	if err := b.UnblockClient(ctx, c.ID); err != nil {
		return err
	}
	return f.done(fmt.Sprintf("%q may ask again.", line(c.Name)), map[string]string{"unblocked": c.ID})
}

// addClient registers a client that cannot register itself.
func (f *face) addClient() *cobra.Command {
	var redirects []string
	var secret bool
	c := &cobra.Command{Use: "add NAME", Short: "Register a client that cannot register itself", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
		added, err := b.AddClient(ctx, args[0], redirects, secret)
		if err != nil {
			return err
		}
		return f.added(added)
	})}
	c.Flags().StringArrayVar(&redirects, "redirect", nil, "redirect URI; may be given several times")
	c.Flags().BoolVar(&secret, "secret", false, "make a secret, for a client that wants one")
	return c
}

// newSecret gives a client another secret, which is as good as to let who asks for it speak for that client.
func (f *face) newSecret(ctx context.Context, b *bridge.Bridge, args []string) error {
	c, err := findClient(ctx, b, args[0])
	if err != nil {
		return err
	}
	if err := f.mayLoosen(ctx, b); err != nil {
		return err
	}
	added, err := b.NewSecret(ctx, c.ID)
	if err != nil {
		return err
	}
	return f.added(added)
}

// added shows a client that the owner has registered, and its secret, once.
func (f *face) added(c bridge.AddedClient) error {
	if f.json {
		return f.printJSON(c)
	}
	f.labelled("Client id", c.ID)
	if c.Secret != "" {
		f.labelled("Secret", c.Secret)
		fmt.Fprintln(f.out, "\nThe secret is shown this once.")
	}
	return nil
}
