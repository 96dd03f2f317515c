package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"postern/auth"
	"postern/auth/vault"
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

	asking  int  // how many times the owner is being asked for the passphrase; one, or none
	refused bool // they did not give it when they were last asked
}

// vaultError is an error of the vault, as opposed to one of what is done with its secrets.
type vaultError struct{ error }

func (e vaultError) Unwrap() error { return e.error }

// askPassphrase asks the owner for the passphrase of the vault. While it does, the snapshots say so.
func (b *Bridge) askPassphrase(create bool) (string, error) {
	note := func(change int, refused bool) {
		b.looked.mu.Lock()
		b.looked.asking, b.looked.refused = b.looked.asking+change, refused
		b.looked.mu.Unlock()
		b.changed.ring()
	}
	note(1, false)
	passphrase, err := b.config.Ask(create)
	note(-1, err != nil)
	return passphrase, err
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

// waits notes that a look does not end, unless it has just ended, or a later one has, or it waits for the owner.
func (l *lookedAt) waits(look int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if look > l.last && l.asking == 0 {
		l.vault.Trouble = errVaultWaits.Error()
	}
}

func (l *lookedAt) now() (desk.Vault, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.vault
	if v.Asked, v.Refused = l.asking > 0, l.refused && !v.None; v.Asked {
		v.Trouble = "" // it waits for the owner, and nothing is wrong
	}
	return v, l.client
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
			v.Trouble, v.None = err.Error(), errors.Is(err, vault.ErrNoKeychain)
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

// UseEncryptedFile makes the encrypted file the vault from now on, on a computer without a keychain: the owner is asked for
// a passphrase. A vault that can be used already is not left.
func (b *Bridge) UseEncryptedFile(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.vault != nil {
		return fmt.Errorf("the secrets are in a vault already: %s", b.vault.Kind())
	}
	v, err := vault.CreateFile(ctx, b.vaultConfig())
	if err != nil {
		return fmt.Errorf("making the encrypted vault: %w", err)
	}
	b.vault = v
	b.looked.keep(b.looked.begin(), desk.Vault{Kind: v.Kind()}, "")
	b.tell(news{Vault: true})
	return nil
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
