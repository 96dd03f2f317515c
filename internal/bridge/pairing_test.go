package bridge

import (
	"errors"
	"testing"
	"time"

	"postern/internal/approval"
)

// TestPairingShowsWhatWaits: the owner who opens the window after connecting an app sees its question.
func TestPairingShowsWhatWaits(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	other := openAt(t, Config{Dir: dir, Demo: true})
	ask := func(offer approval.Offer) string {
		t.Helper()
		q, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Connect, Offer: &offer})
		if err != nil {
			t.Fatal(err)
		}
		return q.ID
	}
	outside, inside := ask(approval.Offer{ClientID: "a", Public: true, Quiet: true}), ask(approval.Offer{ClientID: "b", Quiet: true})
	settled := ask(approval.Offer{ClientID: "c", Public: true, Quiet: true})
	if err := s.Queue.Withdraw(t.Context(), settled); err != nil {
		t.Fatal(err)
	}
	changed := s.Changed()
	if _, err := other.OpenPairing(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id, quiet := range map[string]bool{outside: false, inside: true, settled: true} {
		q, err := s.Queue.Get(t.Context(), id)
		if err != nil || q.Offer == nil || q.Offer.Quiet != quiet {
			t.Errorf("%+v, %v", q.Offer, err)
		}
	}
	select {
	case <-changed:
	case <-time.After(20 * time.Second):
		t.Error("the faces of the other process are not told")
	}
}

// TestNobodyIsPairedUnderLockdown: neither the window nor a code would let anybody in.
func TestNobodyIsPairedUnderLockdown(t *testing.T) {
	b := openAt(t, Config{Demo: true, Getenv: fileVault})
	if err := b.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.OpenPairing(t.Context()); !errors.Is(err, ErrLockedDown) {
		t.Errorf("%v", err)
	}
	if until, err := b.Pairing(t.Context()); err != nil || !until.IsZero() {
		t.Errorf("it is open until %v, %v", until, err)
	}
	if _, err := b.MakePairingCode(t.Context(), nil, nil, time.Time{}); !errors.Is(err, ErrLockedDown) {
		t.Errorf("%v", err)
	}
}
