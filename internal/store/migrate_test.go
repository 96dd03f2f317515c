package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/server/oauth"
)

// more adds steps to the schema while a test runs.
func more(t *testing.T, steps ...string) {
	t.Helper()
	before := migrations
	migrations = append(append([]string{}, before...), steps...)
	t.Cleanup(func() { migrations = before })
}

// spent is a state in which a code was used, a grant revoked, and another is good. It returns what to look at.
func spent(t *testing.T, dir string) (used, revoked, good []byte) {
	t.Helper()
	s, ctx, now := open(t, dir), t.Context(), time.Unix(1_000_000, 0)
	used, revoked, good = hashOf("used"), hashOf("revoked"), hashOf("good")
	for _, err := range []error{
		s.AddClient(ctx, oauth.Client{ID: "c", Kind: oauth.Dynamic, Status: oauth.New, CreatedAt: now}, 10),
		s.AddGrant(ctx, oauth.Grant{ID: "g1", ClientID: "c", CreatedAt: now}, oauth.Token{Hash: used, GrantID: "g1", Use: oauth.ForCode, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}),
		s.Exchange(ctx, used, now, 0, oauth.Token{Hash: good, GrantID: "g1", Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}),
		s.AddGrant(ctx, oauth.Grant{ID: "g2", ClientID: "c", CreatedAt: now}, oauth.Token{Hash: revoked, GrantID: "g2", Use: oauth.ForAccess, IssuedAt: now, ExpiresAt: now.Add(time.Hour)}),
		s.RevokeGrant(ctx, "g2", "test", now),
		s.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return used, revoked, good
}

// asBefore holds a file to what spent has left, and to the present schema.
func asBefore(t *testing.T, dir string, used, revoked, good []byte) {
	t.Helper()
	s := open(t, dir)
	if h, err := s.Holder(t.Context(), used); err != nil || h.Token.UsedAt.IsZero() {
		t.Errorf("the used code is %+v, %v", h.Token, err)
	}
	if h, err := s.Holder(t.Context(), revoked); err != nil || h.Grant.RevokedAt.IsZero() {
		t.Errorf("the revoked grant is %+v, %v", h.Grant, err)
	}
	if h, err := s.Holder(t.Context(), good); err != nil || !h.Grant.Live(time.Unix(1_000_001, 0)) {
		t.Errorf("the good grant is %+v, %v", h.Grant, err)
	}
	version, err := s.version(t.Context())
	if err != nil || version != len(migrations) {
		t.Errorf("the schema is %d, %v", version, err)
	}
	var sound string
	if err := s.db.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the file is %q, %v", sound, err)
	}
	var left int
	if err := s.db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name = 'later'").Scan(&left); err != nil || left != 0 {
		t.Errorf("half of a step is left: %v", err)
	}
}

// TestAnOldFileIsBroughtUp from each schema that there was: what it held stays, and nothing is let in that was not before
// (attack 62).
func TestAnOldFileIsBroughtUp(t *testing.T) {
	for version := range migrations {
		dir := t.TempDir()
		db, err := sql.Open("sqlite", dsn(filepath.Join(dir, FileName)))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range migrations[:version] {
			if _, err := db.Exec(step); err != nil {
				t.Fatal(err)
			}
		}
		if version > 0 {
			if _, err := db.Exec("INSERT INTO settings (owner_id, key, value) VALUES ('owner', 'k', 'v'); PRAGMA user_version = " + string(rune('0'+version))); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		if value, ok, err := s.Setting(t.Context(), "k"); ok != (version > 0) || err != nil || ok && value != "v" {
			t.Errorf("from %d: the setting is %q, %v", version, value, err)
		}
		for _, table := range []string{"clients", "grants", "tokens", "pairing_codes", "approvals"} {
			var n int
			if err := s.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n != 0 {
				t.Errorf("from %d: %d %s, %v", version, n, table, err)
			}
		}
		if now, err := s.version(t.Context()); err != nil || now != len(migrations) {
			t.Errorf("from %d: the schema is %d, %v", version, now, err)
		}
	}
}

// TestASecretOfBeforeIsNoneAnyMore: it was kept under the pepper. Its client stays one that must prove itself.
func TestASecretOfBeforeIsNoneAnyMore(t *testing.T) {
	const step = 4 // after which secrets were kept so
	dir := t.TempDir()
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, FileName)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range append(migrations[:step:step], fmt.Sprintf("PRAGMA user_version = %d", step)) {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	for id, hash := range map[string][]byte{"secret": hashOf("secret"), "public": nil} {
		if _, err := db.Exec(`INSERT INTO clients (id, owner_id, kind, name, redirect_uris, secret_hash, status, outside, etag, fetched_at, fetch_again, created_at, last_used_at)
			VALUES (?, ?, 'static', 'c', '[]', ?, 'new', 0, '', 0, 0, 0, 0)`, id, ownerID, hash); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	if c, err := s.Client(t.Context(), "secret"); err != nil || c.Public() || !c.NeedsSecret() {
		t.Errorf("the client with a secret is %+v, %v", c, err)
	}
	if c, err := s.Client(t.Context(), "public"); err != nil || !c.Public() || c.NeedsSecret() {
		t.Errorf("the client without is %+v, %v", c, err)
	}
	if err := s.SetSecret(t.Context(), "secret", oauth.HashSecret("new")); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Client(t.Context(), "secret"); err != nil || c.Public() || c.NeedsSecret() {
		t.Errorf("with a new one it is %+v, %v", c, err)
	}
	for _, id := range []string{"public", "nobody"} {
		if err := s.SetSecret(t.Context(), id, oauth.HashSecret("new")); !errors.Is(err, oauth.ErrNotFound) {
			t.Errorf("a secret for %s: %v", id, err)
		}
	}
}

// TestAStepThatFailsLeavesTheFile as it was, whatever of it was done.
func TestAStepThatFailsLeavesTheFile(t *testing.T) {
	dir := t.TempDir()
	used, revoked, good := spent(t, dir)
	t.Run("meanwhile", func(t *testing.T) {
		failing := fmt.Sprintf("step %d of the schema", len(migrations)+2)
		more(t, "CREATE TABLE later (x); UPDATE grants SET revoked_at = 0; UPDATE tokens SET used_at = 0;", "CREATE TABLE grants (x);")
		if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), failing) {
			t.Fatalf("Open: %v", err)
		}
	})
	asBefore(t, dir, used, revoked, good)
}

// endless is a step that undoes every revocation and does not come to its end.
const endless = `CREATE TABLE later (x); UPDATE grants SET revoked_at = 0; UPDATE tokens SET used_at = 0;
	WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) INSERT INTO later SELECT randomblob(4000) FROM n;`

// TestAStepThatIsKilledLeavesTheFile as it was, though much of it stands in the file's log already.
func TestAStepThatIsKilledLeavesTheFile(t *testing.T) {
	dir := t.TempDir()
	used, revoked, good := spent(t, dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "POSTERN_MIGRATE_TEST="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	written := func() int64 {
		info, err := os.Stat(filepath.Join(dir, FileName+"-wal"))
		if err != nil {
			return 0
		}
		return info.Size()
	}
	for deadline := time.After(2 * time.Minute); written() < 4<<20; { // with the race detector, beside other tests, it takes its time
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		case <-deadline:
			t.Error("it writes nothing") // and is killed below
		case <-time.After(time.Millisecond):
			continue
		}
		break
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if written() == 0 {
		t.Fatal("nothing of the step was written: it was not hit in the middle")
	}
	asBefore(t, dir, used, revoked, good)
}

// migrateForEver is what the process does that is killed.
func migrateForEver(dir string) error {
	migrations = append(migrations, endless)
	_, err := Open(context.Background(), dir)
	return errors.Join(err, errors.New("the step has come to its end"))
}
