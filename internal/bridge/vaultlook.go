package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postern/auth"
	"postern/internal/desk"
)

// vaultPatience is how long a look at the vault takes before the owner is told that it does not answer.
const vaultPatience = 15 * time.Second

// errVaultWaits is what the owner reads of a vault that does not answer: a keychain that is locked waits for them.
var errVaultWaits = errors.New("the keychain does not answer: unlock it if it asks for that")

// lookedAt is what the last look at the vault has shown. A look may hang, so nobody waits for one to draw a window.
type lookedAt struct {
	mu     sync.Mutex // guards the fields below
	looks  int        // begun so far
	last   int        // the look that the rest is of
	vault  desk.Vault
	client string // id of the owner's OAuth client
}

func (l *lookedAt) begin() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	return l.looks
}

// once reports whether there was a look: who has never looked needs none.
func (l *lookedAt) once() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looks > 0
}

// keep keeps what a look has shown, unless a later one was faster.
func (l *lookedAt) keep(look int, v desk.Vault, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if look >= l.last {
		l.last, l.vault, l.client = look, v, client
	}
}

// waits notes that a look does not end, unless it has just ended, or a later one has.
func (l *lookedAt) waits(look int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if look > l.last {
		l.vault.Trouble = errVaultWaits.Error()
	}
}

func (l *lookedAt) now() (desk.Vault, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.vault, l.client
}

// LookAtVault opens the vault and looks which OAuth client is in it, for the Snapshots that follow. It gives up after 15
// seconds, or when ctx ends; if the vault answers later, what it says is kept all the same.
func (b *Bridge) LookAtVault(ctx context.Context) { b.lookAtVault(ctx, vaultPatience) }

func (b *Bridge) lookAtVault(ctx context.Context, patience time.Duration) {
	look := b.looked.begin()
	done := make(chan struct{})
	go func() {
		defer close(done)
		kind, client, err := b.lookInside(ctx)
		v := desk.Vault{Kind: kind}
		if err != nil {
			v.Trouble = err.Error()
		}
		b.looked.keep(look, v, client)
		b.changed.ring()
	}()
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-done:
	case <-ctx.Done():
	case <-enough.C:
		b.looked.waits(look)
		b.changed.ring()
	}
}

func (b *Bridge) lookInside(ctx context.Context) (kind, client string, err error) {
	v, err := b.Vault(ctx)
	if err != nil {
		return "", "", err
	}
	c, err := auth.LoadGoogleClient(ctx, v)
	if errors.Is(err, auth.ErrNoGoogleClient) {
		err = nil
	}
	return v.Kind(), c.ID, err
}

// ImportGoogleClient keeps the owner's OAuth client, from the JSON that Google Cloud gives for it, in the vault. note is
// what the owner should know of it, "" if that is nothing.
func (b *Bridge) ImportGoogleClient(ctx context.Context, data []byte) (id, note string, err error) {
	// What the file holds is told before the vault is opened: that may ask for something.
	if _, err := auth.ParseGoogleClient(data); err != nil {
		return "", "", importing(err)
	}
	v, err := b.Vault(ctx)
	if err != nil {
		return "", "", err
	}
	c, err := auth.ImportGoogleClient(ctx, v, data)
	if err != nil {
		return "", "", importing(err)
	}
	b.looked.keep(b.looked.begin(), desk.Vault{Kind: v.Kind()}, c.ID)
	b.tell(news{Vault: true})
	if c.Kind == "web" {
		note = `This is a client of the kind "web": Google takes only the redirect addresses that you have listed for it. One of the kind "Desktop app" needs none.`
	}
	return c.ID, note, nil
}

// RemoveGoogleClient forgets the owner's OAuth client. Profiles that it signed in go on working.
func (b *Bridge) RemoveGoogleClient(ctx context.Context) error {
	v, err := b.Vault(ctx)
	if err != nil {
		return err
	}
	if err := auth.RemoveGoogleClient(ctx, v); err != nil {
		return err
	}
	b.looked.keep(b.looked.begin(), desk.Vault{Kind: v.Kind()}, "")
	b.tell(news{Vault: true})
	return nil
}

func importing(err error) error { return fmt.Errorf("importing the OAuth client: %w", err) }
