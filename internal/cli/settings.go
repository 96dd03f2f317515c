package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"postern/internal/approval"
	"postern/internal/bridge"
	"postern/internal/settings"
)

func (f *face) settings() *cobra.Command {
	return noun("settings", "What you can set",
		&cobra.Command{Use: "list", Short: "List all settings", Args: exactly(0), RunE: f.open(f.listSettings)},
		&cobra.Command{Use: "get KEY", Short: "Print a setting", Args: exactly(1), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, args []string) error {
			v, _, err := settings.Get(ctx, b.Store, args[0])
			if err != nil {
				return err
			}
			if f.json {
				return f.printJSON(map[string]string{"key": args[0], "value": v})
			}
			_, err = fmt.Fprintln(f.out, line(v))
			return err
		})},
		&cobra.Command{Use: "set KEY VALUE", Short: "Change a setting", Args: exactly(2), RunE: f.open(f.setSetting)},
	)
}

type settingRow struct {
	Key     string `json:"key"`
	Value   string `json:"value"`
	Default string `json:"default"`
	Doc     string `json:"doc"`
}

func (f *face) listSettings(ctx context.Context, b *bridge.Bridge, _ []string) error {
	var all []settingRow
	var rows [][]string
	for _, k := range settings.Keys() {
		v, _, err := settings.Get(ctx, b.Store, k.Name)
		if err != nil {
			return err
		}
		all = append(all, settingRow{k.Name, v, k.Default, k.Doc})
		if v == "" {
			v = "-"
		}
		rows = append(rows, []string{k.Name, v, k.Doc})
	}
	if f.json {
		return f.printJSON(all)
	}
	return f.table([]string{"KEY", "VALUE", "WHAT IT IS"}, rows)
}

// setSetting changes a setting. One that says what the owner is asked about is changed in a terminal only, and not by
// what a connected or waiting program has started: else an assistant with a shell would switch the question off.
func (f *face) setSetting(ctx context.Context, b *bridge.Bridge, args []string) error {
	k, err := settings.Find(args[0])
	if err != nil {
		return err
	}
	was, _, err := settings.Get(ctx, b.Store, k.Name)
	if err != nil {
		return err
	}
	if k.Name == besideDesktop && !stricter(k, was, args[1]) {
		return ownerMust{fmt.Errorf("setting %s: only Postern's window can switch that on: see Settings there", k.Name)}
	}
	if k.Guards && !stricter(k, was, args[1]) {
		if err := f.mayLoosen(ctx, b); err != nil {
			return fmt.Errorf("setting %s: %w", k.Name, err)
		}
	}
	if err := b.SetSetting(ctx, k.Name, args[1]); err != nil {
		return err
	}
	fmt.Fprintf(f.out, "%s is now %q.\n", k.Name, line(args[1]))
	if t, err := b.Tunnel(ctx); err == nil && t.On() && strings.HasPrefix(k.Name, "tunnel.") && k.Name != "tunnel.off_after" {
		f.say("Postern is shared now, as it was before: this counts from the next time that sharing is switched on.")
	}
	return nil
}

// stricter reports whether a value in place of another cannot loosen anything: anybody may make Postern ask or refuse more.
func stricter(k settings.Key, was, value string) bool {
	switch k.Name {
	case "read_only":
		return value == "true"
	case "approvals.cli", besideDesktop, "approvals.elicitation":
		return value == "false"
	case "exchange.folder":
		return false
	case "tunnel.off_after":
		return value == "1h" // no choice is shorter
	case "tunnel.behind", "tunnel.ca_file", "tunnel.connect_url", "tunnel.domain", "tunnel.provider", "tunnel.url":
		return false // they say through whose hands everything goes
	case "http.origins":
		return value == ""
	}
	return value == "deny" || value == "ask" && was == "allow"
}

// mayLoosen says why this command line may not let more happen than the owner has set, see approval.MayLoosen.
func (f *face) mayLoosen(ctx context.Context, b *bridge.Bridge) error {
	pending, err := b.Queue.Pending(ctx)
	if err != nil {
		return err
	}
	askers, err := b.Connected(ctx)
	if err != nil {
		return err
	}
	for _, r := range pending {
		askers = append(askers, r.Asker)
	}
	if err := approval.MayLoosen(approval.Face{Process: approval.Self(), Terminal: f.terminal()}, askers...); err != nil {
		return ownerMust{err}
	}
	return nil
}
