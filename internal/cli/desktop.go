package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/internal/bridge"
	"postern/internal/control"
)

// besideDesktop is the setting that lets a command line answer while the desktop app runs.
const besideDesktop = "approvals.cli_beside_desktop"

// desktopPatience is how long the running bridge may take to say whether it has a window.
const desktopPatience = 3 * time.Second

// noDesktop says why a yes is not taken here while the desktop app runs: it is a process of the same user that types, and
// the window is where nobody else does.
func noDesktop(ctx context.Context, b *bridge.Bridge) error {
	within, cancel := context.WithTimeout(ctx, desktopPatience)
	defer cancel()
	running, err := b.Running(within)
	switch {
	case errors.Is(err, control.ErrNotRunning):
		return nil
	case err != nil:
		return ownerMust{fmt.Errorf("whether Postern's window is open cannot be found out, so answer there, or try again: %w", err)}
	case running.Desktop:
		return ownerMust{fmt.Errorf("Postern's window asks you this, so answer there; to answer here while it runs, switch on %s in its settings", besideDesktop)}
	}
	return nil
}
