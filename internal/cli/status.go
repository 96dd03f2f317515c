package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postern/auth"
	"postern/internal/bridge"
	"postern/internal/settings"
)

// status is how Postern stands, for people and programs.
type status struct {
	Version  string            `json:"version"`
	Dir      string            `json:"state_directory"`
	Folder   string            `json:"exchange_folder"`
	Profiles []auth.Profile    `json:"profiles"`
	Pending  int               `json:"pending_approvals"`
	Quiet    int               `json:"quiet_approvals"` // of them: apps from outside that came when none was expected
	Serving  *bridge.Running   `json:"serving,omitempty"`
	Paused   bool              `json:"paused"`
	Locked   bool              `json:"locked_down"`
	Settings map[string]string `json:"changed_settings"`
}

func (f *face) status() *cobra.Command {
	return &cobra.Command{Use: "status", Short: "Show how Postern stands", Args: exactly(0), RunE: f.open(func(ctx context.Context, b *bridge.Bridge, _ []string) error {
		s, err := statusOf(ctx, b)
		if err != nil {
			return err
		}
		if f.json {
			return f.printJSON(s)
		}
		rows := [][]string{{"version", s.Version}, {"state", s.Dir}, {"files", s.Folder}, {"profiles", fmt.Sprint(len(s.Profiles))}, {"waiting approvals", waiting(s)}}
		switch {
		case s.Serving == nil:
			rows = append(rows, []string{"over HTTP", "not served: postern serve"})
		case s.Serving.Public != "":
			rows = append(rows, []string{"over HTTP", s.Serving.Local + " and " + s.Serving.Public})
		default:
			rows = append(rows, []string{"over HTTP", s.Serving.Local})
		}
		if s.Paused {
			rows = append(rows, []string{"paused", "clients over HTTP get no answer: postern resume"})
		}
		if s.Locked {
			rows = append(rows, []string{"locked down", "nothing has access: postern lockdown --lift"})
		}
		for _, k := range settings.Keys() {
			if v, ok := s.Settings[k.Name]; ok {
				rows = append(rows, []string{k.Name, v})
			}
		}
		if err := f.table([]string{"", ""}, rows); err != nil {
			return err
		}
		for _, p := range s.Profiles {
			fmt.Fprintf(f.out, "\n%s (%s): %s", line(p.Name), line(p.Email), line(bridge.Health(p)))
		}
		if s.Pending > 0 {
			fmt.Fprint(f.out, "\nSomebody waits for you: postern approvals list\n")
		}
		if len(s.Profiles) == 0 {
			fmt.Fprint(f.out, "\nNext:    postern google-client import FILE\n         postern profiles add NAME\nTry it:  postern tools call gmail_search query=in:inbox --demo")
		}
		fmt.Fprintln(f.out)
		return nil
	})}
}

// waiting says how many questions wait, and how many of them no face shows by itself.
func waiting(s status) string {
	if s.Quiet == 0 {
		return fmt.Sprint(s.Pending)
	}
	return fmt.Sprintf("%d, %d of them unexpected, from outside", s.Pending, s.Quiet)
}

func statusOf(ctx context.Context, b *bridge.Bridge) (status, error) {
	s := status{Version: version(), Dir: b.Dir, Settings: map[string]string{}}
	folder, err := b.Folder(ctx)
	if err != nil {
		return s, err
	}
	s.Folder = folder.Dir
	if s.Profiles, err = b.Profiles.List(ctx); err != nil {
		return s, err
	}
	pending, err := b.Queue.Pending(ctx)
	if err != nil {
		return s, err
	}
	for _, q := range pending {
		if q.Offer != nil && q.Offer.Quiet {
			s.Quiet++
		}
	}
	s.Pending, s.Paused, s.Locked = len(pending), b.Paused(), b.LockedDown()
	within, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if running, err := b.Running(within); err == nil && running.Local != "" { // else nothing serves, or it does not answer
		s.Serving = &running
	}
	for _, k := range settings.Keys() {
		v, set, err := settings.Get(ctx, b.Store, k.Name)
		if err != nil {
			return s, err
		}
		if set && v != k.Default {
			s.Settings[k.Name] = v
		}
	}
	return s, nil
}
