package bridge

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"postern/auth/vault"
	"postern/server/oauth/opaque"
)

// meeting is a vault at which all who find that it has no key meet before they go on.
type meeting struct {
	vault.Vault
	met *sync.WaitGroup
}

func (m *meeting) Get(ctx context.Context, key string) ([]byte, error) {
	b, err := m.Vault.Get(ctx, key)
	if m.met != nil && err != nil {
		m.met.Done()
		m.met.Wait()
		m.met = nil
	}
	return b, err
}

// TestTwoProcessesMakeOneKey when both start for the first time: else what one gives out is nothing to the other.
func TestTwoProcessesMakeOneKey(t *testing.T) {
	dir := t.TempDir()
	const processes = 3
	var met, done sync.WaitGroup
	met.Add(processes)
	var got [processes]opaque.Pepper
	for i := range processes {
		b := openAt(t, Config{Dir: dir, Getenv: fileVault})
		b.vault = &meeting{b.vault, &met}
		done.Go(func() {
			var err error
			if got[i], err = b.keptPepper(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	kept, err := openAt(t, Config{Dir: dir, Getenv: fileVault}).keptPepper(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range got {
		if p != kept {
			t.Errorf("process %d holds another key than the vault", i)
		}
	}
}

// TestTheKeyIsNotWaitedForForEver when another process holds its lock.
func TestTheKeyIsNotWaitedForForEver(t *testing.T) {
	b := openAt(t, Config{Getenv: fileVault})
	other := flock.New(filepath.Join(b.Dir, "pepper.lock"))
	if ok, err := other.TryLock(); !ok {
		t.Fatal(err)
	}
	defer other.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if p, err := b.keptPepper(ctx); err == nil || !strings.Contains(err.Error(), "locking") {
		t.Errorf("%v, %v", p == opaque.Pepper{}, err)
	}
}
