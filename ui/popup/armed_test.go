package popup

import (
	"testing"
	"time"
)

func TestAYesIsDeadForASecond(t *testing.T) {
	now := noon
	a := &attention{now: func() time.Time { return now }}
	a.startle()
	for _, c := range []struct {
		after time.Duration
		live  bool
	}{{0, false}, {999 * time.Millisecond, false}, {time.Second, true}, {time.Hour, true}, {-time.Hour, false}} {
		if now = noon.Add(c.after); a.live() != c.live {
			t.Errorf("after %v: live is %v", c.after, a.live())
		}
	}
}

func TestWhatTheFocusMeans(t *testing.T) {
	now := noon
	a := &attention{now: func() time.Time { return now }}
	a.startle()
	a.move(func() { a.gained("deny") })
	now = now.Add(time.Minute)
	if !a.live() || a.meant() {
		t.Fatalf("at first: live %v, meant %v", a.live(), a.meant())
	}
	a.gained("allow") // Tab
	if !a.live() || !a.meant() {
		t.Errorf("moved on purpose: live %v, meant %v", a.live(), a.meant())
	}
	a.gained("allow") // the window was left and has come back
	if a.live() || a.meant() {
		t.Errorf("the window got the focus: live %v, meant %v", a.live(), a.meant())
	}
	now = now.Add(dead)
	a.gained("deny")
	a.move(func() { a.gained("deny") })
	if !a.live() || a.meant() {
		t.Errorf("moved back by the window itself: live %v, meant %v", a.live(), a.meant())
	}
}
