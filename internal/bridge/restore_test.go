package bridge

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/internal/store"
	"postern/server/oauth"
)

// restore puts the store back as it was when it was copied. The vault stays as it is.
func restore(t *testing.T, dir, copied string) {
	t.Helper()
	for _, name := range files(t, dir) {
		if strings.HasPrefix(filepath.Base(name), store.FileName) {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range files(t, copied) {
		if base := filepath.Base(name); strings.HasPrefix(base, store.FileName) {
			if err := os.WriteFile(filepath.Join(dir, base), read(t, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestARestoredStoreAfterALockdown lets nobody in: the key of what it holds is gone (attack 62).
func TestARestoredStoreAfterALockdown(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	g, token := s.grant("gmail:read")
	code, err := s.MakePairingCode(t.Context(), nil, nil, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	before, copied := s.service().pepper.Load(), copyOf(t, dir)
	if err := errors.Join(s.Lockdown(t.Context()), s.Lift(t.Context())); err != nil {
		t.Fatal(err)
	}
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	restore(t, dir, copied)
	again := serve(t, dir)
	if h, err := again.Store.Holder(t.Context(), before.Hash(token)); err != nil || h.Grant.ID != g.ID || !h.Grant.Live(time.Now()) {
		t.Fatalf("the copy is not one from before: %+v, %v", h, err)
	}
	after := again.service().pepper.Load()
	if h, err := again.Store.Holder(t.Context(), after.Hash(token)); !errors.Is(err, oauth.ErrNotFound) {
		t.Errorf("the token is %+v, %v", h, err)
	}
	if terms, _, err := (codes{again.service()}).Redeem(t.Context(), code.Code, nil); !errors.Is(err, oauth.ErrCode) {
		t.Errorf("the pairing code gives %+v, %v", terms, err)
	}
}
