package bridge

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"postern/auth/vault"
	"postern/server/oauth/opaque"
)

// pepperKey names the key of the token hashes in the vault. It is made once: who makes it, or a new one, holds the file
// lock, since no keychain has a way to set what is not there yet.
const pepperKey = "pepper"

// How long a process waits for others at the lock, and how often it looks.
const (
	pepperWait  = 10 * time.Second
	pepperRetry = 20 * time.Millisecond
)

// pepper returns the key of the token hashes, which it makes the first time. The sample account works without a vault:
// then what is issued is good for as long as this process runs.
func (b *Bridge) pepper(ctx context.Context) (opaque.Pepper, error) {
	p, err := b.keptPepper(ctx)
	if err != nil && b.demo != nil {
		b.Log.Warn("the vault cannot be used: clients must connect anew after a restart", "error", err)
		return opaque.NewPepper(), nil
	}
	return p, err
}

// keptPepper returns the key that is in the vault, which it makes the first time.
func (b *Bridge) keptPepper(ctx context.Context) (opaque.Pepper, error) {
	v, err := b.Vault(ctx)
	if err != nil {
		return opaque.Pepper{}, err
	}
	p, err := readPepper(ctx, v)
	if !errors.Is(err, vault.ErrNotFound) {
		return p, err
	}
	unlock, err := b.lockPepper(ctx)
	if err != nil {
		return opaque.Pepper{}, err
	}
	defer unlock()
	if p, err = readPepper(ctx, v); !errors.Is(err, vault.ErrNotFound) { // another process was faster
		return p, err
	}
	p = opaque.NewPepper()
	return p, setPepper(ctx, v, p)
}

// keepPepper puts another key in the place of that in the vault. What was made with the old one is void from then on.
func (b *Bridge) keepPepper(ctx context.Context, p opaque.Pepper) error {
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	unlock, err := b.lockPepper(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return setPepper(ctx, v, p)
}

// lockPepper keeps other processes from changing the key until unlock is called. The file stays: who waits for it must
// not get another than who comes after.
func (b *Bridge) lockPepper(ctx context.Context) (unlock func(), err error) {
	lock := flock.New(filepath.Join(b.Dir, pepperKey+".lock"), flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, pepperWait)
	defer cancel()
	if ok, err := lock.TryLockContext(waiting, pepperRetry); !ok {
		if ctx.Err() == nil && waiting.Err() != nil {
			return nil, fmt.Errorf("locking the key of the tokens: another Postern has held %s for %v", lock.Path(), pepperWait)
		}
		return nil, fmt.Errorf("locking the key of the tokens: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil // that it is closed is all that matters
}

func readPepper(ctx context.Context, v vault.Vault) (opaque.Pepper, error) {
	kept, err := v.Get(ctx, pepperKey)
	if err != nil {
		return opaque.Pepper{}, vaultError{fmt.Errorf("reading the vault: %w", err)}
	}
	return opaque.ParsePepper(kept)
}

func setPepper(ctx context.Context, v vault.Vault, p opaque.Pepper) error {
	if err := v.Set(ctx, pepperKey, p[:]); err != nil {
		return vaultError{fmt.Errorf("writing the vault: %w", err)}
	}
	return nil
}
