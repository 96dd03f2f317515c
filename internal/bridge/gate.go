package bridge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"postern/internal/activity"
)

// Two switches stop clients: a pause, in which they keep what they have, and a lockdown, which ends it. Each is a file
// in the state directory while it is on: every process sees it at once, it stays over a restart, and it can be thrown
// when the store cannot be written.
const (
	pauseFile    = "paused"
	lockdownFile = "locked-down"
)

// pairingUntil is the setting that says how long the pairing window is open.
const pairingUntil = "state.pairing_until"

// Paused reports whether the owner has paused the clients over HTTP.
func (b *Bridge) Paused() bool { return b.on(pauseFile) }

// LockedDown reports whether the owner has cut off everything.
func (b *Bridge) LockedDown() bool { return b.holding.own.Load() || b.on(lockdownFile) }

// on reports whether a switch is on. One that cannot be looked at counts as on: to let nothing in is the safe side.
func (b *Bridge) on(name string) bool {
	_, err := os.Stat(filepath.Join(b.Dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}

// turnOn turns a switch on, with a mark that tells this time from the next.
func (b *Bridge) turnOn(name, mark string) error {
	path := filepath.Join(b.Dir, name)
	err := os.WriteFile(path, []byte(mark), 0o600)
	if _, missing := os.Stat(path); missing == nil {
		return nil // it is on already, if it could not be written again
	}
	return err
}

func (b *Bridge) turnOff(name string) error {
	if err := os.Remove(filepath.Join(b.Dir, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mark is that with which a switch was turned on last, by this process or another; "" while it is off.
func (b *Bridge) mark(name string) string {
	text, err := os.ReadFile(filepath.Join(b.Dir, name))
	if err != nil {
		return "" // it is off, or cannot be looked at, which turning it off will meet
	}
	return string(text)
}

// Pause stops the clients over HTTP until Resume: they get 503 and keep their tokens.
func (b *Bridge) Pause() error { return b.pause(true, activity.Paused) }

// Resume ends a pause.
func (b *Bridge) Resume() error { return b.pause(false, activity.Resumed) }

func (b *Bridge) pause(on bool, event activity.Event) error {
	was := b.Paused()
	turn := b.turnOff
	if on {
		turn = func(name string) error { return b.turnOn(name, "") }
	}
	if err := turn(pauseFile); err != nil {
		return err
	}
	if was != on {
		b.record(context.Background(), activity.Entry{Event: event})
	}
	return nil
}

// closed says why no client is let in now, "" if there is no reason.
func (b *Bridge) closed() string {
	switch {
	case b.LockedDown():
		return "locked down"
	case b.Paused():
		return "paused"
	}
	return ""
}

// pairingTime is how long the pairing window stays open.
const pairingTime = 10 * time.Minute

// OpenPairing opens the pairing window: until then clients from outside may ask to be let in, and the question shows by
// itself; so does one that waits already.
func (b *Bridge) OpenPairing(ctx context.Context) (until time.Time, err error) {
	if b.LockedDown() {
		return until, ErrLockedDown
	}
	until = b.config.Now().Add(pairingTime)
	if err := b.Store.SetSetting(ctx, pairingUntil, until.UTC().Format(time.RFC3339)); err != nil {
		return until, err
	}
	return until, b.Queue.Show(ctx)
}

// ClosePairing closes the pairing window.
func (b *Bridge) ClosePairing(ctx context.Context) error {
	err := b.Store.DeleteSetting(ctx, pairingUntil)
	b.tell(news{Approvals: true})
	return err
}

// Pairing returns until when the pairing window is open, the zero time if it is closed.
func (b *Bridge) Pairing(ctx context.Context) (time.Time, error) {
	value, ok, err := b.Store.Setting(ctx, pairingUntil)
	if err != nil || !ok {
		return time.Time{}, err
	}
	until, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the pairing window: %w", err)
	}
	// One that is open for longer than any is was opened before the clock was set back.
	if left := until.Sub(b.config.Now()); left <= 0 || left > pairingTime {
		return time.Time{}, nil
	}
	return until, nil
}

// window is the pairing window, for the authorization server.
type window struct{ b *Bridge }

// Open reports whether it is open.
func (w window) Open(ctx context.Context) bool {
	until, err := w.b.Pairing(ctx)
	if err != nil {
		w.b.Log.Error("reading the pairing window", "error", err)
	}
	return !until.IsZero()
}

// Close closes it.
func (w window) Close(ctx context.Context) error { return w.b.ClosePairing(ctx) }
