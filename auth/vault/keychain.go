package vault

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"
)

// Keychain is the operating system's keychain: Keychain on macOS, Credential Manager on Windows, the Secret Service
// (GNOME Keyring, KWallet) elsewhere. It protects secrets at rest; a program of the same user can read them.
type Keychain struct {
	Service string        // name under which the items lie
	Limit   time.Duration // how long one call may take: a locked keychain waits for its password for ever; 0 means 10 s
}

// Kind says which keychain it is.
func (k Keychain) Kind() string {
	switch runtime.GOOS {
	case "darwin":
		return "macOS keychain"
	case "windows":
		return "Windows Credential Manager"
	}
	return "Secret Service keychain"
}

// Get returns the value of a key, ErrNotFound if it has none.
func (k Keychain) Get(ctx context.Context, key string) ([]byte, error) {
	var value string
	err := k.bounded(ctx, func() (err error) { value, err = keyring.Get(k.Service, key); return err })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading from the %s: %w", k.Kind(), err)
	}
	return []byte(value), nil
}

// Set keeps a value of at most MaxValue bytes. (Over a limit of its own, go-keyring leaves a process behind on macOS.)
func (k Keychain) Set(ctx context.Context, key string, value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("a secret of %d bytes is too long for a keychain, the most is %d", len(value), MaxValue)
	}
	if err := k.bounded(ctx, func() error { return keyring.Set(k.Service, key, string(value)) }); err != nil {
		return fmt.Errorf("writing to the %s: %w", k.Kind(), err)
	}
	return nil
}

// Delete forgets a key.
func (k Keychain) Delete(ctx context.Context, key string) error {
	err := k.bounded(ctx, func() error { return keyring.Delete(k.Service, key) })
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return fmt.Errorf("deleting from the %s: %w", k.Kind(), err)
	}
	return nil
}

// bounded runs f, but waits no longer than the limit. f cannot be stopped: it is left to the end of the process.
func (k Keychain) bounded(ctx context.Context, f func() error) error {
	limit := k.Limit
	if limit == 0 {
		limit = 10 * time.Second
	}
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("it did not answer within %v: it is probably locked, so unlock it and try again", limit)
	}
}
