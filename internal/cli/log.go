package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/activity"
	"postern/internal/bridge"
)

// followEvery is how often a followed log is read.
const followEvery = 300 * time.Millisecond

func (f *face) log() *cobra.Command {
	var follow bool
	var filter activity.Filter
	var outcome string
	c := &cobra.Command{Use: "log", Short: "Show what assistants did", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		filter.Outcome = activity.Outcome(outcome)
		return f.showLog(ctx, b, filter, follow)
	})}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on as calls are made")
	c.Flags().IntVarP(&filter.Limit, "limit", "n", 50, "how many, the newest")
	c.Flags().StringVar(&filter.Client, "client", "", "only of this client")
	c.Flags().StringVar(&filter.Profile, "profile", "", "only of this profile")
	c.Flags().StringVar(&filter.Tool, "tool", "", "only of this tool")
	c.Flags().StringVar(&outcome, "outcome", "", "only with this outcome: ok, error, denied, pending, expired, cancelled")
	return c
}

func (f *face) showLog(ctx context.Context, b *bridge.Bridge, filter activity.Filter, follow bool) error {
	entries, err := b.Store.Entries(ctx, filter)
	if err != nil {
		return err
	}
	if !follow && f.json {
		return f.printJSON(entries)
	}
	if !follow && len(entries) == 0 {
		fmt.Fprintln(f.out, "No calls yet.")
		return nil
	}
	if !f.json {
		fmt.Fprintf(f.out, "%-19s %-20s %-12s %-22s %-9s %8s\n", "WHEN", "CLIENT", "PROFILE", "TOOL", "OUTCOME", "MS")
	}
	for {
		for _, e := range entries {
			filter.After = max(filter.After, e.Seq)
			if err := f.entry(e); err != nil {
				return err
			}
		}
		if !follow {
			return nil
		}
		timer := time.NewTimer(followEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		filter.Limit = 1000
		if entries, err = b.Store.Entries(ctx, filter); err != nil {
			return err
		}
	}
}

// entry prints one call; of a followed log in JSON, one object per line.
func (f *face) entry(e activity.Entry) error {
	if f.json {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f.out, "%s\n", b)
		return err
	}
	outcome := string(e.Outcome)
	if e.Code != "" && e.Outcome == activity.Failed {
		outcome += " (" + e.Code + ")"
	}
	_, err := fmt.Fprintf(f.out, "%-19s %-20s %-12s %-22s %-9s %8d\n", e.At.Local().Format(time.DateTime), clip(line(e.Client), 20), clip(line(e.Profile), 12), clip(line(e.Tool), 22), line(outcome), e.Duration.Milliseconds())
	return err
}
