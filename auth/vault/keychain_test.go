package vault

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// fakeRing is a keychain in memory that can be locked: then its calls wait.
type fakeRing struct {
	mu     sync.Mutex // guards the fields below
	items  map[string]string
	locked chan struct{} // nil: open
	forget bool          // Set says that all is well and keeps nothing
	err    error

	waiting atomic.Int32
}

func (r *fakeRing) do(f func() error) error {
	r.mu.Lock()
	locked := r.locked
	r.mu.Unlock()
	if locked != nil {
		r.waiting.Add(1)
		<-locked
		r.waiting.Add(-1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	return f()
}

func (r *fakeRing) Get(service, user string) (value string, err error) {
	err = r.do(func() error {
		v, ok := r.items[service+"/"+user]
		if !ok {
			return keyring.ErrNotFound
		}
		value = v
		return nil
	})
	return value, err
}

func (r *fakeRing) Set(service, user, value string) error {
	return r.do(func() error {
		if !r.forget {
			r.items[service+"/"+user] = value
		}
		return nil
	})
}

func (r *fakeRing) Delete(service, user string) error {
	return r.do(func() error {
		if _, ok := r.items[service+"/"+user]; !ok {
			return keyring.ErrNotFound
		}
		delete(r.items, service+"/"+user)
		return nil
	})
}

func newKeychain() (*Keychain, *fakeRing) {
	r := &fakeRing{items: map[string]string{}}
	return &Keychain{Service: "s", ring: r}, r
}

// noBus takes the session bus away, and skips where there is one that cannot be taken away.
func noBus(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the keychain of this system needs no session bus")
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	os.Unsetenv("DBUS_SESSION_BUS_ADDRESS")
	if reachable() == nil {
		t.Skip("this user has a session bus under /run/user")
	}
}

func TestKeychainKeepsSecrets(t *testing.T) {
	k, r := newKeychain()
	if _, err := k.Get(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get: %v, want ErrNotFound", err)
	}
	mustSet(t, k, "a", "1")
	mustSet(t, k, "a", "2")
	wantValue(t, k, "a", "2")
	for range 2 {
		if err := k.Delete(t.Context(), "a"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if len(r.items) > 0 {
		t.Errorf("items left: %v", r.items)
	}
	if err := k.Set(t.Context(), "a", make([]byte, MaxValue+1)); err == nil || len(r.items) > 0 {
		t.Errorf("a value over MaxValue: %v, %d items", err, len(r.items))
	}
}

func TestKeychainThatForgetsIsFoundOut(t *testing.T) {
	k, r := newKeychain()
	r.forget = true
	if err := k.Set(t.Context(), "a", []byte("1")); err == nil {
		t.Error("Set said that all is well")
	}
}

func TestLockedKeychainEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := newKeychain()
		r.locked = make(chan struct{})
		start := time.Now()
		_, err := k.Get(t.Context(), "a")
		if !errors.Is(err, ErrNoAnswer) || !strings.Contains(err.Error(), "unlock") {
			t.Errorf("Get: %v, want ErrNoAnswer", err)
		}
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("Get took %v", d)
		}
		for range 5 {
			if _, err := k.Get(t.Context(), "a"); !errors.Is(err, ErrNoAnswer) {
				t.Errorf("Get: %v, want ErrNoAnswer", err)
			}
		}
		if n := r.waiting.Load(); n != 1 {
			t.Errorf("%d questions wait in the keychain, want 1", n)
		}
		r.mu.Lock()
		unlocked := r.locked
		r.locked = nil
		r.mu.Unlock()
		close(unlocked)
		synctest.Wait()
		mustSet(t, k, "a", "1") // the turn was given back
		wantValue(t, k, "a", "1")
	})
}

func TestKeychainCallsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := newKeychain()
		r.locked = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := k.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get: %v", err)
		}
		close(r.locked)
	})
}

func TestASetThatWasGivenUpIsUndone(t *testing.T) {
	for _, old := range []string{"", "old"} {
		synctest.Test(t, func(t *testing.T) {
			k, r := newKeychain()
			if old != "" {
				mustSet(t, k, "a", old)
			}
			unlocked := make(chan struct{})
			r.locked = unlocked
			if err := k.Set(t.Context(), "a", []byte("late")); !errors.Is(err, ErrNoAnswer) {
				t.Errorf("Set: %v, want ErrNoAnswer", err)
			}
			r.mu.Lock()
			r.locked = nil
			r.mu.Unlock()
			close(unlocked)
			synctest.Wait()
			if got := r.items["s/a"]; got != old {
				t.Errorf("the keychain holds %q, want %q", got, old)
			}
		})
	}
}
