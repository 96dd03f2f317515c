//go:build cgo && probe

package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"

	"postern/internal/approval"
	"postern/internal/bridge"
)

// stirEvery is the time between two changes of what a snapshot shows.
const stirEvery = 20 * time.Millisecond

// stirWhenAsked changes what a snapshot shows, from one SIGHUP to the next, so that a test sees what that does to the
// window, the tray and the pop-up. It does what owners and clients do, only faster than they can.
func (d *desktop) stirWhenAsked(ctx context.Context) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-asked:
			case <-ctx.Done():
				return
			}
			s := &stirrer{bridge: d.bridge}
			if err := s.stir(ctx, asked); err != nil && ctx.Err() == nil {
				d.bridge.Log.Error("stirring", "error", err)
			}
		}
	}()
}

// stirrer changes a bridge.
type stirrer struct {
	bridge *bridge.Bridge
	open   []string // ids of the questions that it has put
}

// stir goes on until it is asked to stop, and says once a second what the process holds.
func (s *stirrer) stir(ctx context.Context, stop <-chan os.Signal) error {
	tick := time.NewTicker(stirEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-tick.C:
		case <-stop:
			return errors.Join(s.bridge.Resume(), s.withdraw(ctx, len(s.open)))
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.change(ctx, n); err != nil {
			return err
		}
		if n%int(time.Second/stirEvery) == 0 {
			live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			metrics.Read(live)
			s.bridge.Log.Info("stirred", "changes", n, "goroutines", runtime.NumGoroutine(), "heap", live[0].Value.Uint64())
		}
	}
}

// change makes one change. What is switched is left to chance, or else those who look once a second would see no change.
func (s *stirrer) change(ctx context.Context, n int) error {
	switch on := rand.N(2) == 0; n % 5 {
	case 0:
		if on {
			return s.bridge.Pause()
		}
		return s.bridge.Resume()
	case 1:
		if on {
			_, err := s.bridge.OpenPairing(ctx)
			return err
		}
		return s.bridge.ClosePairing(ctx)
	case 2:
		return s.bridge.SetSetting(ctx, "activity.keep_days", strconv.Itoa(30+rand.N(300)))
	case 3:
		if on {
			return s.ask(ctx, n)
		}
		return s.withdraw(ctx, 1)
	}
	return s.bridge.SetSetting(ctx, "tier", []string{"core", "extended", "complete"}[rand.N(3)])
}

// ask puts a question to the owner, unless three are open.
func (s *stirrer) ask(ctx context.Context, n int) error {
	if len(s.open) == 3 {
		return nil
	}
	number := strconv.Itoa(n)
	r, err := s.bridge.Queue.Ask(ctx, approval.Request{
		Kind: approval.Action, Client: "client " + number, ClientKey: "stirrer", Tool: "gmail_send", Class: "outward", Profile: "demo",
		Preview: approval.Preview{Title: "Send mail number " + number, Fields: []approval.Field{{Name: "To", Value: "anna@example.com"}}, Body: "Number " + number},
	})
	if err == nil {
		s.open = append(s.open, r.ID)
	}
	return err
}

// withdraw takes the oldest questions back; the owner may have been faster.
func (s *stirrer) withdraw(ctx context.Context, many int) error {
	for ; many > 0 && len(s.open) > 0; many-- {
		if err := s.bridge.Queue.Withdraw(ctx, s.open[0]); err != nil && !errors.Is(err, approval.ErrSettled) {
			return err
		}
		s.open = s.open[1:]
	}
	return nil
}
