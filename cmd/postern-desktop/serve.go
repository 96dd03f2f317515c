//go:build cgo

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"fyne.io/fyne/v2"

	"postern/auth/vault"
	"postern/internal/bridge"
	"postern/internal/desk"
	"postern/ui/unlock"
)

// retryEvery is how often it is tried again to serve clients, when the port was taken or the keychain locked.
const retryEvery = 10 * time.Second

// serve serves clients until ctx ends. Why it cannot is in the snapshots; it tries again.
func (d *desktop) serve(ctx context.Context) {
	for ctx.Err() == nil {
		d.serveOnce(ctx)
	}
}

// serveOnce serves clients until ctx ends, or the settings name another port. If it cannot, it returns when it is worth
// another try.
func (d *desktop) serveOnce(ctx context.Context) {
	here, leave := context.WithCancel(ctx)
	defer leave()
	at, moved := d.options.addr, make(chan struct{})
	if at == "" {
		var err error
		if at, err = d.bridge.LocalAddress(ctx); err == nil { // or else Serve says why
			go func() {
				if d.bridge.Moved(here, at) == nil {
					close(moved)
					leave()
				}
			}()
		}
	}
	err := d.bridge.Serve(here, bridge.Addresses{Local: at}, version(), func(local, _ string) {
		d.bridge.Log.Info("serving", "address", local)
	})
	if err == nil || here.Err() != nil {
		return
	}
	d.bridge.Log.Warn("clients are not served", "error", err)
	wait := time.After(retryEvery)
	switch {
	case errors.Is(err, vault.ErrPassphrase) && d.asker.answered():
		wait = time.After(0) // the owner is asked again
	case errors.Is(err, desk.ErrNotGiven):
		wait = nil // until the owner opens Postern again
	}
	select {
	case <-wait:
		go d.bridge.LookAtVault(ctx)
	case <-d.wake:
		go d.bridge.LookAtVault(ctx)
	case <-moved:
	case <-ctx.Done():
	}
}

// retry tries again to open the vault and to serve clients, at once. The owner is asked again for the passphrase, if they
// were and did not want to.
func (d *desktop) retry() {
	d.asker.again()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// windowed is the bridge as the window has it.
type windowed struct {
	*bridge.Bridge
	asker *asker
}

// UseEncryptedFile asks for a passphrase also when the owner did not want to be asked before: now they do.
func (w windowed) UseEncryptedFile(ctx context.Context) error {
	w.asker.again()
	return w.Bridge.UseEncryptedFile(ctx)
}

// asker asks the owner for the passphrase of the vault, once: who has closed the window is left alone until they open
// Postern again.
type asker struct {
	one sync.Mutex // held while the owner is asked

	mu      sync.Mutex // guards the fields below
	app     fyne.App   // nil before there is one, and after
	ended   chan struct{}
	refused bool
	asked   bool // and got an answer, which cannot have been right if it is asked again
}

// use lets it ask.
func (a *asker) use(app fyne.App) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.app, a.ended = app, make(chan struct{})
}

// end lets nobody wait for an answer any more.
func (a *asker) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.ended)
	a.app = nil
}

// answered reports whether the owner has given a passphrase here. One in the environment does not get better by trying.
func (a *asker) answered() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// again forgets that the owner did not want to be asked.
func (a *asker) again() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refused = false
}

func (a *asker) ask(create bool) (string, error) {
	a.one.Lock()
	defer a.one.Unlock()
	a.mu.Lock()
	app, ended, refused, wrong := a.app, a.ended, a.refused, a.asked
	a.mu.Unlock()
	if app == nil || refused {
		return "", desk.ErrNotGiven
	}
	type reply struct {
		passphrase string
		err        error
	}
	answered := make(chan reply, 1)
	fyne.Do(func() {
		unlock.Ask(app, unlock.Question{Create: create, Wrong: wrong && !create}, func(passphrase string, err error) { answered <- reply{passphrase, err} })
	})
	select {
	case r := <-answered:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.asked, a.refused = r.err == nil, r.err != nil
		return r.passphrase, r.err
	case <-ended:
		return "", desk.ErrNotGiven
	}
}
