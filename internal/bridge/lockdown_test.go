package bridge

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/fakeclient"
	"postern/internal/store"
)

// TestLockdown is attack 51: streams and tokens end, nothing is let in, also not after a restart, until it is lifted.
func TestLockdown(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	_, token := s.grant("gmail:read")
	closed := s.listen(token)
	if _, err := s.Queue.Ask(t.Context(), approval.Request{Kind: approval.Action, ClientKey: "x"}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	other := openAt(t, Config{Dir: dir})
	if err := other.Lockdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, closed, "the stream's end")
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
