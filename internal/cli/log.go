package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"postern/internal/activity"
	"postern/internal/bridge"
)

// followEvery is how often a followed log is read.
const followEvery = 300 * time.Millisecond

// logLine is an entry in 80 columns: when, client, profile, tool or what else happened, milliseconds, outcome.
const logLine = "%-14s  %-14s  %-9s  %-20s %5s  %s\n"

func (f *face) log() *cobra.Command {
	var follow bool
	var filter activity.Filter
	var outcome string
	c := &cobra.Command{Use: "log", Short: "Show what assistants did, and what you decided about them", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		filter.Outcome = activity.Outcome(outcome)
		return f.showLog(ctx, b, filter, follow)
	})}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on as calls are made")
	c.Flags().IntVarP(&filter.Limit, "limit", "n", 50, "how many, the newest")
	c.Flags().StringVar(&filter.Client, "client", "", "only of this client: what it calls itself, or its id or the beginning of that")
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
	var names namesakes
	if names, err = known(ctx, b); err != nil {
		return err
	}
	if !f.json {
		fmt.Fprintf(f.out, logLine, "WHEN", "CLIENT", "PROFILE", "TOOL", "MS", "OUTCOME")
	}
	for {
		for _, e := range entries {
			names.add(e.Client, e.ClientID)
		}
		for _, e := range entries {
			filter.After = max(filter.After, e.Seq)
			if err := f.entry(e, names); err != nil {
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
func (f *face) entry(e activity.Entry, names namesakes) error {
	if f.json {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f.out, "%s\n", escapeJSON(b))
		return err
	}
	outcome := string(e.Outcome)
	if e.Code != "" && e.Outcome == activity.Failed {
		outcome += " (" + e.Code + ")"
	}
	what, took := e.Tool, strconv.FormatInt(e.Duration.Milliseconds(), 10)
	if e.Event != activity.Call {
		what, took = "("+string(e.Event)+")", ""
	}
	_, err := fmt.Fprintf(f.out, logLine, e.At.Local().Format("01-02 15:04:05"), names.cell(e.Client, e.ClientID), clip(line(e.Profile), 9), clip(line(what), 20), took, line(outcome))
	return err
}
