package vault

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/zalando/go-keyring"
)

// ErrNoAnswer is returned where the keychain did not answer in time: most of the time it is locked and waits for its
// password.
var ErrNoAnswer = errors.New("it did not answer in time: it is probably locked, so unlock it and try again")

// Keychain is the operating system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service
// (GNOME Keyring, KWallet) elsewhere. It protects secrets at rest; a program of the same user can read them.
type Keychain struct {
	Service string        // name under which the items lie
	Limit   time.Duration // how long one call may take: a locked keychain waits for its password for ever; 0 means 10 s

	ring ring // nil: the operating system's

	once sync.Once
	turn chan struct{} // held by the one call that is under way
}

// ring is a keychain as go-keyring sees it.
type ring interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
	Delete(service, user string) error
}

// system is the keychain of the operating system.
type system struct{}

func (system) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (system) Set(service, user, value string) error    { return keyring.Set(service, user, value) }
func (system) Delete(service, user string) error        { return keyring.Delete(service, user) }

// Kind says which keychain it is.
func (k *Keychain) Kind() string {
	switch runtime.GOOS {
	case "darwin":
		return "macOS keychain"
	case "windows":
		return "Windows Credential Manager"
	}
	return "Secret Service keychain"
}

// Get returns the value of a key, ErrNotFound if it has none.
func (k *Keychain) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := bounded(ctx, k, func(r ring) (string, error) { return r.Get(k.Service, key) }, nil)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading from the %s: %w", k.Kind(), err)
	}
	return []byte(value), nil
}

// Set keeps a value of at most MaxValue bytes. (Over a limit of its own, go-keyring leaves a process behind on macOS.)
// The value is read back, because a keychain whose question was dismissed may say that all is well. A call that was
// given up puts back what was there when it gets through after all.
func (k *Keychain) Set(ctx context.Context, key string, value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("a secret of %d bytes is too long for a keychain, the most is %d", len(value), MaxValue)
	}
	type before struct {
		value string
		was   bool
	}
	set := func(r ring) (before, error) {
		old, err := r.Get(k.Service, key)
		if err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return before{}, err
		}
		was := before{old, err == nil}
		if err := r.Set(k.Service, key, string(value)); err != nil {
			return was, err
		}
		if got, err := r.Get(k.Service, key); err != nil || got != string(value) {
			return was, errors.Join(errors.New("it did not keep the secret"), err)
		}
		return was, nil
	}
	undo := func(r ring, was before) {
		if was.was {
			_ = r.Set(k.Service, key, was.value)
			return
		}
		_ = r.Delete(k.Service, key)
	}
	if _, err := bounded(ctx, k, set, undo); err != nil {
		return fmt.Errorf("writing to the %s: %w", k.Kind(), err)
	}
	return nil
}

// Delete forgets a key.
func (k *Keychain) Delete(ctx context.Context, key string) error {
	_, err := bounded(ctx, k, func(r ring) (struct{}, error) { return struct{}{}, r.Delete(k.Service, key) }, nil)
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return fmt.Errorf("deleting from the %s: %w", k.Kind(), err)
	}
	return nil
}

// bounded runs f, but waits no longer than the limit. f cannot be stopped: given up, it goes on, and late is called if
// it gets through. Calls take turns, so that a locked keychain holds one goroutine and asks one question, not one per
// call.
func bounded[T any](ctx context.Context, k *Keychain, f func(ring) (T, error), late func(ring, T)) (T, error) {
	var none T
	r := k.ring
	if r == nil {
		if err := reachable(); err != nil {
			return none, err
		}
		r = system{}
	}
	k.once.Do(func() { k.turn = make(chan struct{}, 1) })
	limit := k.Limit
	if limit == 0 {
		limit = 10 * time.Second
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timer.C:
		return none, fmt.Errorf("%w (waited %v)", ErrNoAnswer, limit)
	}
	type result struct {
		value T
		err   error
	}
	done, given := make(chan result), make(chan struct{})
	go func() {
		defer func() { <-k.turn }()
		value, err := f(r)
		select {
		case done <- result{value, err}:
		case <-given:
			if err == nil && late != nil {
				late(r, value)
			}
		}
	}()
	defer close(given)
	select {
	case res := <-done:
		return res.value, res.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timer.C:
		return none, fmt.Errorf("%w (waited %v)", ErrNoAnswer, limit)
	}
}
