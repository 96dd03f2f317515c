package bridge

import (
	"testing"
	"time"
)

// TestThePairingWindowCloses in its time, also when the clock is set back meanwhile (attack 61).
func TestThePairingWindowCloses(t *testing.T) {
	for _, c := range []struct {
		by   time.Duration
		open bool
	}{{0, true}, {pairingTime - 2*time.Second, true}, {pairingTime, false}, {24 * time.Hour, false}, {-2 * time.Minute, false}, {-pairingTime, false}} {
		var clock skewed
		b := openAt(t, Config{Now: clock.now})
		if _, err := b.OpenPairing(t.Context()); err != nil {
			t.Fatal(err)
		}
		clock.pass(c.by)
		until, err := b.Pairing(t.Context())
		if err != nil || until.IsZero() == c.open {
			t.Errorf("after %v it is open until %v, %v", c.by, until, err)
		}
	}
}
