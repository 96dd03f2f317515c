package bridge

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
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
	go func() { on <- h.on(w, -1) }()
	within(t, "the switch", func() bool { return waitsForLock("(*share).on") })
	if err := s.turn(lockdownFile, true); err != nil {
		t.Error(err)
	}
	h.mu.Unlock()
	if err := <-on; !errors.Is(err, errLockedDown) {
		t.Errorf("it is switched on: %v", err)
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
