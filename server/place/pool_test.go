package place

import (
	"fmt"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// TestPool: each place has its own, all together have theirs, and what one is refused is not taken from the others.
func TestPool(t *testing.T) {
	p := NewPool([]Pace{{Every: time.Minute, Burst: 2}}, []Pace{{Every: time.Second, Burst: 5}})
	take := func(from string, at time.Time, want time.Duration) {
		t.Helper()
		if after, ok := p.Take(from, at); after != want || ok != (want == 0) {
			t.Errorf("%q may take in %v (%v), want in %v", from, after, ok, want)
		}
	}
	take("a", noon, 0)
	take("a", noon, 0)
	for range 10 {
		take("a", noon, time.Minute)
	}
	take("b", noon, 0)
	take("", noon, 0)
	take("", noon, 0)
	take("", noon, time.Second) // all five are taken
	take("c", noon, time.Second)
	take("c", noon.Add(time.Second), 0) // and c has lost nothing of its own
	take("c", noon.Add(2*time.Second), 0)
	take("a", noon.Add(time.Minute), 0)
	take("a", noon.Add(time.Minute), time.Minute)
}

// TestAPoolStaysBounded, however many places come.
func TestAPoolStaysBounded(t *testing.T) {
	p := NewPool([]Pace{{Every: time.Minute, Burst: 1}}, nil)
	for i := range 3 * maxPlaces {
		if _, ok := p.Take(fmt.Sprint(i), noon); !ok {
			t.Fatalf("place %d is refused", i)
		}
		if len(p.of) > maxPlaces {
			t.Fatalf("%d places are kept", len(p.of))
		}
	}
	for i := range 10 { // the old ones are forgotten for these
		p.Take(fmt.Sprint("late", i), noon.Add(time.Hour))
	}
	if _, ok := p.Take("late0", noon.Add(time.Hour)); ok || len(p.of) != 10 {
		t.Errorf("of ten late ones the first may take again (%v), and %d places are kept", ok, len(p.of))
	}
}
