package bridge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"postern/internal/activity"
	"postern/internal/control"
	"postern/server/oauth/opaque"
)

// lockdownWait is how long a serving bridge may take for a lockdown before this process does what it can.
const lockdownWait = 2 * time.Second

// ErrUnwritten is of a lockdown whose switch cannot be written, so that other processes do not see it.
var ErrUnwritten = errors.New("the lockdown cannot be written")

// Lockdown ends everything that has access: the switch first, then what runs in this process, then what the store keeps,
// and the key of the tokens. Where the store cannot be written, the lockdown holds all the same: what is left in it is
// ended by the serving bridge as soon as that can be, and before the lockdown is lifted.
func (b *Bridge) Lockdown(ctx context.Context) error {
	err := b.hold()
	runs := b.socket.Load() != nil
	if !runs {
		within, cancel := context.WithTimeout(ctx, lockdownWait)
		defer cancel()
		told := b.control().Do(within, http.MethodPost, "/lockdown", nil, nil)
		if told == nil {
			return nil // it has done all of it, also what could not be written here
		}
		var answer *control.Error
		runs = errors.As(told, &answer)
	}
	switch {
	case err != nil && runs:
		err = fmt.Errorf("%w: the Postern that runs keeps it until it ends, but assistants that start Postern themselves are not cut off: %w", ErrUnwritten, err)
	case err != nil:
		err = fmt.Errorf("%w, so that assistants which start Postern themselves are not cut off: %w", ErrUnwritten, err)
	}
	b.record(ctx, activity.Entry{Event: activity.Lockdown})
	fresh := opaque.NewPepper()
	if s := b.service(); s != nil {
		s.cutOff(fresh)
	}
	if kerr := b.keepPepper(ctx, fresh); b.demo == nil {
		err = errors.Join(err, kerr)
	}
	return errors.Join(err, b.sweep(ctx))
}

// holding is the switch of a lockdown as this process has it.
type holding struct {
	mu    sync.Mutex  // held while the switch is turned
	times int         // how often it was turned on here
	mark  string      // with which it was last
	own   atomic.Bool // it is on and could not be written: the lockdown is this process's own
}

// hold turns the switch on. Where that cannot be written, the lockdown is the running bridge's own, until it is lifted or can
// be.
func (b *Bridge) hold() error {
	b.holding.mu.Lock()
	defer b.holding.mu.Unlock()
	b.holding.times++
	b.holding.mark = rand.Text()
	err := b.turnOn(lockdownFile, b.holding.mark)
	b.holding.own.Store(err != nil && b.socket.Load() != nil)
	b.carried.drop()
	return err
}

// turned is which turning on of the switch it is.
type turned struct {
	times int
	mark  string
}

// held is the last turning on, here and by other processes.
func (b *Bridge) held() turned {
	b.holding.mu.Lock()
	defer b.holding.mu.Unlock()
	return b.turning()
}

// turning is held; b.holding.mu is held.
func (b *Bridge) turning() turned {
	if b.holding.own.Load() {
		return turned{b.holding.times, b.holding.mark}
	}
	return turned{b.holding.times, b.mark(lockdownFile)}
}

// release turns it off, unless it was turned on again since.
func (b *Bridge) release(since turned) error {
	b.holding.mu.Lock()
	defer b.holding.mu.Unlock()
	if b.turning() != since {
		return errors.New("there was another lockdown meanwhile, so it stays")
	}
	if err := b.turnOff(lockdownFile); err != nil {
		return err
	}
	b.holding.own.Store(false)
	return nil
}

// writeHeld writes the switch that could not be, as soon as it can.
func (b *Bridge) writeHeld() {
	b.holding.mu.Lock()
	defer b.holding.mu.Unlock()
	if b.holding.own.Load() && b.turnOn(lockdownFile, b.holding.mark) == nil {
		b.holding.own.Store(false)
	}
}

// sweep ends what the store keeps of what has access, and of what might get it: grants, questions, also those with a yes
// that was not taken up yet, the pairing window and its codes. It stops at the first that cannot be written.
func (b *Bridge) sweep(ctx context.Context) error {
	if _, err := b.Store.RevokeAll(ctx, "lockdown", b.config.Now()); err != nil {
		return err
	}
	if err := b.Queue.WithdrawAll(ctx); err != nil {
		return err
	}
	return errors.Join(b.ClosePairing(ctx), b.Store.DropPairingCodes(ctx))
}

// Lift ends a lockdown, once everything has been ended that it is to end. What it ended stays ended: clients must be let
// in anew. The key of the tokens is made anew here too: that of the lockdown may not have been written.
func (b *Bridge) Lift(ctx context.Context) error {
	if b.socket.Load() == nil && !b.LockedDown() { // the bridge that runs may hold one that could not be written
		if err := b.control().Do(ctx, http.MethodPost, "/lift", nil, nil); !errors.Is(err, control.ErrNotRunning) {
			return err
		}
	}
	since := b.held()
	was := b.LockedDown()
	if was {
		if err := b.sweep(ctx); err != nil {
			return fmt.Errorf("what had access cannot be ended yet, so the lockdown stays: %w", err)
		}
		if err := b.renewPepper(ctx); err != nil {
			return fmt.Errorf("the key that ends all tokens cannot be written yet, so the lockdown stays: %w", err)
		}
	}
	if err := b.release(since); err != nil {
		return err
	}
	if was {
		b.record(ctx, activity.Entry{Event: activity.Lifted})
	}
	if s := b.service(); s != nil {
		return s.reopen(ctx)
	}
	return nil
}

// renewPepper puts a fresh key in the vault. The sample account needs no vault: a bridge that serves it sees to its key
// itself, see reopen, and nobody is asked for the passphrase of a vault that it has not.
func (b *Bridge) renewPepper(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, lockdownWait)
	defer cancel()
	if b.service() == nil {
		if r, err := b.Running(within); err == nil && r.Sample {
			return nil
		}
	}
	if err := b.keepPepper(ctx, opaque.NewPepper()); b.demo == nil {
		return err
	}
	return nil
}

// followLockdown does here what another process has switched, also on and off again between two looks, and what could
// not be written when it was.
func (s *service) followLockdown(ctx context.Context) {
	if !s.b.LockedDown() {
		if !s.cut.Load() {
			return
		}
		if err := s.reopen(ctx); err != nil {
			s.b.Log.Error("lifting the lockdown", "error", err) // it is tried again
		}
		return
	}
	s.b.writeHeld()
	s.share.cut()
	if !s.cut.Load() {
		s.cutOff(opaque.NewPepper())
	}
	if s.swept.Load() {
		return
	}
	if err := s.b.sweep(ctx); err != nil {
		if ctx.Err() == nil {
			s.b.Log.Error("ending what had access", "error", err) // it is tried again
		}
		return
	}
	s.swept.Store(true)
}

// cutOff ends everything that runs, and makes every token void in this process.
func (s *service) cutOff(fresh opaque.Pepper) {
	s.cut.Store(true)
	s.swept.Store(false)
	s.live.Shut()
	if old := s.pepper.Swap(&fresh); s.void.Load() == nil { // of several cuts, that of before the first
		s.void.Store(old)
	}
	s.http.End("")
	s.share.off()
	s.b.carried.drop()
}

// reopen lets requests in again after a lockdown, with the key of the tokens that was made since. If the vault still has
// that of before, because it could not be written and something else than Lift has turned the switch, it is replaced.
func (s *service) reopen(ctx context.Context) error {
	pepper, err := s.b.pepper(ctx)
	if err != nil {
		return err
	}
	if old := s.void.Load(); old != nil && *old == pepper {
		pepper = opaque.NewPepper()
		if err := s.b.keepPepper(ctx, pepper); err != nil && s.b.demo == nil {
			return err
		}
	}
	s.pepper.Store(&pepper)
	s.void.Store(nil)
	s.live.Open()
	s.cut.Store(false)
	if s.b.LockedDown() { // again, meanwhile
		s.cutOff(opaque.NewPepper())
		return nil
	}
	return s.share.again()
}
