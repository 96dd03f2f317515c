package bridge

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/internal/desk"
	"postern/internal/settings"
	"postern/server/oauth"
	"postern/tunnel"
)

// TestALockdownDuringTheSwitch comes when sharing has begun to be switched on, but is not there yet to be cut off.
func TestALockdownDuringTheSwitch(t *testing.T) {
	s := serve(t, t.TempDir())
	w, err := ownWay("https://"+publicHost, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &s.service().share
	h.mu.Lock()
	on := make(chan error, 1)
	go func() { _, err := h.on(w, span{}); on <- err }()
	within(t, "the switch", func() bool { return waitsForLock("(*share).on") })
	if err := s.turnOn(lockdownFile, ""); err != nil {
		t.Error(err)
	}
	h.mu.Unlock()
	if err := <-on; !errors.Is(err, ErrLockedDown) {
		t.Errorf("it is switched on: %v", err)
	}
}

// pending is a provider that is not there yet.
type pending struct{ tunnel.Provider }

func (pending) Start(ctx context.Context, _ *http.Server, _ func(tunnel.Status)) (tunnel.Session, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestSwitchedOffWhileItConnects: who switched it on is told that somebody else has switched it off.
func TestSwitchedOffWhileItConnects(t *testing.T) {
	s := serve(t, t.TempDir())
	w, err := ownWay("https://"+publicHost, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.provider = pending{w.provider}
	s.service().share.fixed = &w
	on := make(chan error, 1)
	go func() { on <- s.ShareOn(t.Context()) }()
	within(t, "the try", func() bool { now, err := s.Tunnel(t.Context()); return err == nil && now.State == tunnel.Connecting })
	if err := openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-on; !errors.Is(err, errSwitchedOff) {
		t.Errorf("it was told %v", err)
	}
}

// TestWhatTheStartAskedFor is switched off and on like all sharing, and after a lockdown is as the owner left it.
func TestWhatTheStartAskedFor(t *testing.T) {
	s := serveAt(t, Config{Getenv: fileVault}, Addresses{Public: "https://" + publicHost, Behind: "127.0.0.1:0"})
	stands := func(want tunnel.State) {
		t.Helper()
		if now, err := s.Tunnel(t.Context()); err != nil || now.State != want || now.Provider != settings.OwnURL || now.Needs != "" || !now.Until.IsZero() {
			t.Errorf("%+v, %v, want %s", now, err, want)
		}
	}
	through := func() {
		t.Helper()
		if err := s.Lockdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		stands(tunnel.Off)
		if err := s.Lift(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stands(tunnel.Online)
	through()
	within(t, "the tunnel", func() bool { now, err := s.Tunnel(t.Context()); return err == nil && now.State == tunnel.Online })
	if err := s.ShareOff(t.Context()); err != nil {
		t.Fatal(err)
	}
	through()
	stands(tunnel.Off)
	if err := s.ShareOn(t.Context()); err != nil {
		t.Fatal(err)
	}
	stands(tunnel.Online)
	looked, err := s.LookAtTunnel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range looked {
		if strings.Contains(one.What, "ngrok") || strings.Contains(one.Says, "ngrok") {
			t.Errorf("it is not shared through ngrok: %+v", one)
		}
	}
}

// TestSharingGoesOnAtAnotherPort: what serves begins anew when the port is changed, and who shares does not have to see to
// it. What the owner has switched off stays off.
func TestSharingGoesOnAtAnotherPort(t *testing.T) {
	s := newShared(t)
	s.on()
	until := s.tunnel().Until
	nothing := func() {}
	again := func(between func()) {
		t.Helper()
		s.end()
		if err := <-s.ended; err != nil {
			t.Fatal(err)
		}
		if now := s.tunnel(); now.State != tunnel.Off {
			t.Errorf("while nothing is served: %+v", now)
		}
		between()
		ctx, end := context.WithCancel(t.Context())
		s.end = end
		ready := make(chan struct{})
		go func() {
			s.ended <- s.Serve(ctx, Addresses{Local: "127.0.0.1:0"}, "1", func(string, string) { close(ready) })
		}()
		<-ready
	}
	again(nothing)
	now := s.until("sharing at the other port", func(now desk.Tunnel) bool { return now.State == tunnel.Online })
	if off := now.Until.Sub(until).Abs(); off > time.Second {
		t.Errorf("it ends at %v instead of %v", now.Until, until)
	}
	ended := func(off func() error, before bool) func(*testing.T) {
		return func(t *testing.T) {
			s.on()
			tries := s.edge.Auths()
			do := func() {
				if err := off(); err != nil {
					t.Error(err)
				}
			}
			if before {
				do()
				again(nothing)
			} else {
				again(do)
			}
			if s.service().share.current() != nil || s.edge.Auths() != tries {
				t.Errorf("it was tried %d times to share again", s.edge.Auths()-tries)
			}
		}
	}
	off := func() error { return s.ShareOff(t.Context()) }
	locked := func() error { return errors.Join(s.Lockdown(t.Context()), s.Lift(t.Context())) }
	t.Run("switched off", ended(off, true))
	t.Run("switched off from elsewhere", ended(func() error { return openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).ShareOff(t.Context()) }, true))
	t.Run("switched off between", ended(off, false))
	t.Run("locked down", ended(locked, true))
	t.Run("locked down between", ended(locked, false))
	s.on()
	s.set("tunnel.provider", settings.OwnURL)
	s.set("tunnel.url", "https://"+publicHost)
	again(nothing)
	s.until("sharing as it was", func(now desk.Tunnel) bool { return now.State == tunnel.Online && now.URL == s.edge.URL()+oauth.Path })
	again(func() { s.carried.what.at = s.carried.what.at.Add(-2 * carryFor) })
	if s.service().share.current() != nil {
		t.Error("after a long time it is shared again")
	}
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
}

// TestNothingToSwitchOff: where nothing is served nothing is shared, also for the window of a bridge that cannot serve.
func TestNothingToSwitchOff(t *testing.T) {
	b := openAt(t, Config{Getenv: fileVault})
	ctx, end := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- b.Attend(ctx, "1", func() { close(ready) }) }()
	<-ready
	for who, one := range map[string]*Bridge{"here": b, "from elsewhere": openAt(t, Config{Dir: b.Dir, Getenv: fileVault})} {
		if err := one.ShareOff(t.Context()); err != nil {
			t.Errorf("off %s: %v", who, err)
		}
		if err := one.ShareOn(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing serves clients") {
			t.Errorf("on %s: %v", who, err)
		}
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// waitsForLock reports whether a goroutine that a function runs on waits for a mutex.
func waitsForLock(function string) bool {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return slices.ContainsFunc(strings.Split(string(stacks), "\n\n"), func(one string) bool {
		return strings.Contains(one, function) && strings.Contains(one, "sync.(*Mutex).Lock")
	})
}
