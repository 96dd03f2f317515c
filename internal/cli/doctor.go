package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"postern/auth"
	"postern/auth/vault"
	"postern/internal/bridge"
)

// finding is what doctor found of one thing.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

func (f *face) doctor() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Look for what does not work, and say what to do", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		found := []finding{stateFinding(b)}
		found = append(found, vaultFindings(ctx, b)...)
		if browser() == nil {
			found = append(found, finding{"browser", true, "none here: a sign-in prints an address to open"})
		}
		all, err := f.checked(ctx, b, true)
		if err != nil {
			found = append(found, finding{"profiles", false, err.Error()})
		}
		for _, p := range all {
			found = append(found, finding{"profile " + p.Name, p.State == auth.Valid, bridge.Health(p)})
		}
		found = append(found, tunnelFindings(ctx, b)...)
		bad := 0
		var rows [][]string
		for _, x := range found {
			mark := "ok"
			if !x.OK {
				mark = "BAD"
				bad++
			}
			rows = append(rows, []string{mark, x.What, x.Says})
		}
		if f.json {
			err = f.printJSON(found)
		} else {
			err = f.table([]string{"", "WHAT", ""}, rows)
		}
		if err == nil && bad > 0 {
			return ownerMust{fmt.Errorf("%d of %d things need you", bad, len(found))}
		}
		return err
	})}
}

func stateFinding(b *bridge.Bridge) finding {
	info, err := os.Stat(filepath.Clean(b.Dir))
	if err != nil {
		return finding{"state", false, err.Error()}
	}
	return finding{"state", true, fmt.Sprintf("%s (%v)", b.Dir, info.Mode().Perm())}
}

// vaultFindings tries the vault with a value of its own.
func vaultFindings(ctx context.Context, b *bridge.Bridge) []finding {
	v, err := b.Vault(ctx)
	if err != nil {
		return []finding{{"vault", false, err.Error()}}
	}
	const key = "doctor"
	err = v.Set(ctx, key, []byte("a value to try with"))
	if err == nil {
		_, err = v.Get(ctx, key)
		err = errors.Join(err, v.Delete(ctx, key))
	}
	if err != nil {
		return []finding{{"vault", false, err.Error()}}
	}
	out := []finding{{"vault", true, v.Kind()}}
	c, err := auth.LoadGoogleClient(ctx, v)
	switch {
	case err != nil && !errors.Is(err, vault.ErrNotFound):
		out = append(out, finding{"google-client", false, err.Error()})
	default:
		out = append(out, finding{"google-client", true, c.ID})
	}
	return out
}

// tunnelFindings looks whether Postern can be reached from outside, as far as the owner wants it to be.
func tunnelFindings(ctx context.Context, b *bridge.Bridge) []finding {
	looked, err := b.LookAtTunnel(ctx)
	if err != nil {
		return []finding{{"tunnel", false, err.Error()}}
	}
	var out []finding
	for _, one := range looked {
		out = append(out, finding{one.What, !one.Bad, one.Says})
	}
	return out
}
