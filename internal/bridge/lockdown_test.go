package bridge

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/auth/vault"
	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/fakeclient"
	"postern/internal/store"
	"postern/server/oauth/opaque"
	"postern/tunnel"
)

// TestLockdown is attack 51: a hundred streams and all tokens end, nothing is let in, also not after a restart, until it is lifted.
func TestLockdown(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	var token string
	var closed []<-chan struct{}
	for range 10 {
		_, token = s.grant("gmail:read")
		for range 10 { // a grant may have 16
			closed = append(closed, s.listen(token))
		}
	}
	if _, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: "x"}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	other := openAt(t, Config{Dir: dir})
	if err := other.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range closed {
		waitFor(t, c, "the end of all streams")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if status, _ := s.call(token, "gmail_search", search); status == http.StatusOK {
		t.Error("the token is good")
	}
	if open, err := s.Queue.Pending(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d questions wait, %v", len(open), err)
	}
	if out := callTool(t, openAt(t, Config{Dir: dir, Demo: true}), "gmail_search", search); out.Err == nil || !strings.Contains(out.Text, "locked down") {
		t.Errorf("a local client gets %s", out.Text)
	}
	s.end()
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	s.ended <- nil
	again := serve(t, dir)
	if !again.LockedDown() {
		t.Error("the lockdown is over after a restart")
	}
	if err := again.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := again.call(token, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("after it is lifted the old token gets %d", status)
	}
	_, fresh := again.grant("gmail:read")
	if status, text := again.call(fresh, "gmail_search", search); status != http.StatusOK {
		t.Errorf("after it is lifted a new token gets %d %s", status, text)
	}
}

// TestAYesBeforeALockdown that was not taken up lets nobody in after it.
func TestAYesBeforeALockdown(t *testing.T) {
	s := serve(t, t.TempDir())
	c, err := fakeclient.Ask(t.Context(), s.url, "Early", "http://127.0.0.1:9/cb")
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.Queue.Pending(t.Context())
	if err != nil || len(open) != 1 {
		t.Fatalf("%d questions, %v", len(open), err)
	}
	if err := s.Queue.Answer(t.Context(), open[0].ID, approval.Answer{Approved: true, Number: c.Number, Terms: &approval.Terms{Profiles: []string{demoID}, Scopes: []string{"gmail:read"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	if token, err := c.Token(t.Context()); err == nil {
		t.Errorf("it gets a token until %v", token.Expiry)
	}
}

// TestALockdownThatIsLiftedAtOnce by another process leaves a bridge that works.
func TestALockdownThatIsLiftedAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	other := openAt(t, Config{Dir: dir, Demo: true, Getenv: s.config.Getenv})
	if err := other.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "a bridge that lets in again", func() bool {
		_, token := s.grant("gmail:read")
		status, _ := s.call(token, "gmail_search", search)
		return status == http.StatusOK
	})
}

// TestALockdownWhileTheStoreIsHeld by another program holds at once, and is done when the store is free.
func TestALockdownWhileTheStoreIsHeld(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for the store's patience")
	}
	dir := t.TempDir()
	s := serve(t, dir)
	g, token := s.grant("gmail:read")
	q, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: "x"})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := s.Lockdown(t.Context()); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("the lockdown says %v", err)
	}
	if status, _ := s.call(token, "gmail_search", search); status == http.StatusOK {
		t.Error("the token is good")
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	within(t, "the end of the grant and the question", func() bool {
		now, err := s.Store.Grant(t.Context(), g.ID)
		asked, qerr := s.Queue.Get(t.Context(), q.ID)
		return err == nil && qerr == nil && !now.RevokedAt.IsZero() && asked.State == approval.Withdrawn
	})
}

// unwritable makes it impossible to write the switch of a lockdown, until it is called.
func unwritable(t *testing.T, dir string) (writable func()) {
	t.Helper()
	missing := filepath.Join(t.TempDir(), "missing")
	if err := os.Symlink(filepath.Join(missing, "file"), filepath.Join(dir, lockdownFile)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Mkdir(missing, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALockdownThatCannotBeWritten holds all the same, in the process that serves, until it is lifted; and it is written as
// soon as that can be.
func TestALockdownThatCannotBeWritten(t *testing.T) {
	for name, by := range map[string]func(*serving) *Bridge{
		"by the one that serves": func(s *serving) *Bridge { return s.Bridge },
		"by another process":     func(s *serving) *Bridge { return openAt(t, Config{Dir: s.Dir, Getenv: fileVault}) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serveAt(t, Config{Getenv: fileVault}, Addresses{Public: "https://" + publicHost, Behind: "127.0.0.1:0"})
			owner := by(s)
			unwritable(t, s.Dir)
			if err := owner.Lockdown(t.Context()); !errors.Is(err, ErrUnwritten) || !strings.Contains(err.Error(), "the Postern that runs keeps it") {
				t.Errorf("%v", err)
			}
			s.service().followLockdown(t.Context())
			if !s.LockedDown() || !s.service().cut.Load() || s.service().share.current().now().State != tunnel.Off {
				t.Errorf("it undoes itself: locked down %v, cut %v", s.LockedDown(), s.service().cut.Load())
			}
			if err := owner.Lift(t.Context()); err != nil || s.LockedDown() {
				t.Errorf("it is not lifted: %v", err)
			}
			writable := unwritable(t, s.Dir)
			if err := owner.Lockdown(t.Context()); !errors.Is(err, ErrUnwritten) {
				t.Errorf("%v", err)
			}
			writable()
			other := openAt(t, Config{Dir: s.Dir, Getenv: fileVault})
			within(t, "a lockdown that others see", other.LockedDown)
			if err := other.Lift(t.Context()); err != nil {
				t.Fatal(err)
			}
			within(t, "the lift", func() bool { return !s.LockedDown() && !s.service().cut.Load() })
		})
	}
	alone := openAt(t, Config{Getenv: fileVault})
	unwritable(t, alone.Dir)
	if err := alone.Lockdown(t.Context()); !errors.Is(err, ErrUnwritten) || !strings.Contains(err.Error(), "are not cut off") {
		t.Errorf("where nothing is served: %v", err)
	}
}

// stuck is a vault that can be read and not written.
type stuck struct{ vault.Vault }

func (stuck) Set(context.Context, string, []byte) error { return errors.New("the keychain is locked") }

// keyIn returns the key of the tokens that is in the vault of a state directory.
func keyIn(t *testing.T, dir string) opaque.Pepper {
	t.Helper()
	p, err := openAt(t, Config{Dir: dir, Getenv: fileVault}).keptPepper(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestALockdownWhoseKeyIsNotWritten is lifted with a new one all the same, or not at all.
func TestALockdownWhoseKeyIsNotWritten(t *testing.T) {
	dir := t.TempDir()
	before := keyIn(t, dir)
	locked := openAt(t, Config{Dir: dir, Getenv: fileVault})
	locked.vault = stuck{locked.vault}
	if err := locked.Lockdown(t.Context()); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("the lockdown says %v", err)
	}
	if err := locked.Lift(t.Context()); err == nil || !strings.Contains(err.Error(), "the lockdown stays") || !locked.LockedDown() {
		t.Errorf("it is lifted without a key: %v", err)
	}
	if err := openAt(t, Config{Dir: dir, Getenv: fileVault}).Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	if locked.LockedDown() || keyIn(t, dir) == before {
		t.Error("the lockdown is lifted with the key of before, or not at all")
	}
}

// TestABridgeAfterALockdownHasAnotherKey, whether it is lifted or its file is just removed, and whether or not the
// lockdown's key could be written.
func TestABridgeAfterALockdownHasAnotherKey(t *testing.T) {
	for name, lift := range map[string]func(*serving) error{
		"lifted by another process": func(s *serving) error { return openAt(t, Config{Dir: s.Dir, Getenv: fileVault}).Lift(t.Context()) },
		"lifted here":               func(s *serving) error { return s.Lift(t.Context()) },
		"removed":                   func(s *serving) error { return os.Remove(filepath.Join(s.Dir, lockdownFile)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, t.TempDir())
			before, good := *s.service().pepper.Load(), s.vault
			s.vault = stuck{good}
			if err := s.Lockdown(t.Context()); err != nil { // the sample account needs no vault
				t.Fatal(err)
			}
			s.mu.Lock()
			s.vault = good
			s.mu.Unlock()
			if err := lift(s); err != nil {
				t.Fatal(err)
			}
			within(t, "a bridge that lets in again", func() bool { return !s.service().cut.Load() })
			if now := *s.service().pepper.Load(); now == before || now != keyIn(t, s.Dir) {
				t.Errorf("it has the key of before: %v, or another than the vault", now == before)
			}
		})
	}
}

// TestTheSampleAccountNeedsNoVault, also for a lockdown and its end.
func TestTheSampleAccountNeedsNoVault(t *testing.T) {
	s := serveWith(t, Config{Getenv: noVault})
	_, old := s.grant("gmail:read")
	other := openAt(t, Config{Dir: s.Dir, Getenv: noVault})
	if err := errors.Join(other.Lockdown(t.Context()), other.Lift(t.Context())); err != nil {
		t.Fatal(err)
	}
	within(t, "a bridge that lets in again", func() bool { return !s.service().cut.Load() })
	_, fresh := s.grant("gmail:read")
	if status, text := s.call(fresh, "gmail_search", search); status != http.StatusOK {
		t.Errorf("a new token gets %d %s", status, text)
	}
	if status, _ := s.call(old, "gmail_search", search); status != http.StatusUnauthorized {
		t.Errorf("an old token gets %d", status)
	}
}

// TestABridgeThatStartsLockedDown is let go by a lift that comes before its first look.
func TestABridgeThatStartsLockedDown(t *testing.T) {
	dir := t.TempDir()
	other := openAt(t, Config{Dir: dir, Getenv: fileVault})
	if err := other.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := serve(t, dir)
	if err := other.Lift(t.Context()); err != nil {
		t.Fatal(err)
	}
	within(t, "a bridge that lets in", func() bool {
		_, token := s.grant("gmail:read")
		status, _ := s.call(token, "gmail_search", search)
		return status == http.StatusOK
	})
}

// TestALiftIsNotUndone by what writes the lockdown that could not be, nor does it end one that came meanwhile.
func TestALiftIsNotUndone(t *testing.T) {
	b := attend(t, Config{Getenv: fileVault})
	missing := filepath.Join(t.TempDir(), "missing")
	for n := range 500 {
		if err := os.Symlink(filepath.Join(missing, "file"), filepath.Join(b.Dir, lockdownFile)); err != nil {
			t.Fatal(err)
		}
		if err := b.hold(); err == nil || !b.LockedDown() {
			t.Fatalf("%v", err)
		}
		if err := os.Mkdir(missing, 0o700); err != nil {
			t.Fatal(err)
		}
		written := make(chan struct{})
		go func() { b.writeHeld(); close(written) }()
		if err := b.release(b.held()); err != nil {
			t.Fatal(err)
		}
		<-written
		if b.LockedDown() {
			t.Fatalf("lift %d was undone", n)
		}
		if err := os.RemoveAll(missing); err != nil {
			t.Fatal(err)
		}
	}
	other := openAt(t, Config{Dir: b.Dir, Getenv: fileVault})
	for who, one := range map[string]*Bridge{"here": b, "from elsewhere": other} {
		for whose, again := range map[string]*Bridge{"here": b, "elsewhere": other} {
			if err := b.hold(); err != nil {
				t.Fatal(err)
			}
			since := one.held()
			if err := again.hold(); err != nil {
				t.Fatal(err)
			}
			if err := one.release(since); err == nil || !b.LockedDown() {
				t.Errorf("%s one that came meanwhile %s is lifted: %v", who, whose, err)
			}
			if err := one.release(one.held()); err != nil || b.LockedDown() {
				t.Errorf("%s it is not lifted: %v", who, err)
			}
		}
	}
}

// TestALockdownWhereNothingIsServed by the bridge of a window that cannot serve: it does not ask itself.
func TestALockdownWhereNothingIsServed(t *testing.T) {
	b := attend(t, Config{Demo: true, Getenv: fileVault})
	for who, one := range map[string]*Bridge{"here": b, "from elsewhere": openAt(t, Config{Dir: b.Dir, Demo: true, Getenv: fileVault})} {
		if err := one.Lockdown(t.Context()); err != nil || !b.LockedDown() {
			t.Errorf("%s: %v", who, err)
		}
		if err := one.Lift(t.Context()); err != nil || b.LockedDown() {
			t.Errorf("lifted %s: %v", who, err)
		}
	}
	within(t, "the record", func() bool {
		all, err := b.Activity(t.Context(), activity.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		return len(all) == 4
	})
}

// TestALockdownOnALockdownThatIsWritten needs not be written again.
func TestALockdownOnALockdownThatIsWritten(t *testing.T) {
	s := serve(t, t.TempDir())
	if err := s.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.Dir, lockdownFile)
	if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	if err := s.Lockdown(t.Context()); err != nil || s.holding.own.Load() {
		t.Errorf("%v", err)
	}
}
