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

func (f *face) doctor() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Look for what does not work, and say what to do", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		found := []bridge.Look{stateFinding(b)}
		found = append(found, vaultFindings(ctx, b)...)
		if browser() == nil {
			found = append(found, look("browser", true, "none here: a sign-in prints an address to open"))
		}
		all, err := f.checked(ctx, b, true)
		if err != nil {
			found = append(found, look("profiles", false, err.Error()))
		}
		for _, p := range all {
			found = append(found, look("profile "+p.Name, p.State == auth.Valid, bridge.Health(p)))
		}
		found = append(found, accessFinding(ctx, b))
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

func look(what string, ok bool, says string) bridge.Look {
	return bridge.Look{What: what, OK: ok, Says: says}
}

func stateFinding(b *bridge.Bridge) bridge.Look {
	info, err := os.Stat(filepath.Clean(b.Dir))
	if err != nil {
		return look("state", false, err.Error())
	}
	return look("state", true, fmt.Sprintf("%s (%v)", b.Dir, info.Mode().Perm()))
}

// vaultFindings tries the vault with a value of its own.
func vaultFindings(ctx context.Context, b *bridge.Bridge) []bridge.Look {
	v, err := b.Vault(ctx)
	if err != nil {
		return []bridge.Look{look("vault", false, err.Error())}
	}
	const key = "doctor"
	err = v.Set(ctx, key, []byte("a value to try with"))
	if err == nil {
		_, err = v.Get(ctx, key)
		err = errors.Join(err, v.Delete(ctx, key))
	}
	if err != nil {
		return []bridge.Look{look("vault", false, err.Error())}
	}
	out := []bridge.Look{look("vault", true, v.Kind())}
	c, err := auth.LoadGoogleClient(ctx, v)
	switch {
	case err != nil && !errors.Is(err, vault.ErrNotFound):
		out = append(out, look("google-client", false, err.Error()))
	default:
		out = append(out, look("google-client", true, c.ID))
	}
	return out
}

// accessFinding says whether the owner has stopped the clients.
func accessFinding(ctx context.Context, b *bridge.Bridge) bridge.Look {
	locked, paused := b.LockedDown(), b.Paused()
	if now, err := b.Running(ctx); err == nil {
		locked, paused = locked || now.LockedDown, paused || now.Paused
	}
	switch {
	case locked:
		return look("access", false, "locked down: nothing is let in until \"postern lockdown --lift\"")
	case paused:
		return look("access", false, "paused: clients over HTTP get no answer until \"postern resume\"")
	}
	return look("access", true, "neither paused nor locked down")
}

// tunnelFindings looks whether Postern can be reached from outside, as far as the owner wants it to be.
func tunnelFindings(ctx context.Context, b *bridge.Bridge) []bridge.Look {
	looked, err := b.LookAtTunnel(ctx)
	if err != nil {
		return []bridge.Look{look("tunnel", false, err.Error())}
	}
	return looked
}
