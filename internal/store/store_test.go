package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/auth"
	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/exchange"
	"postern/internal/settings"
	"postern/internal/tool"
)

var (
	_ auth.Index        = (*Store)(nil)
	_ approval.Store    = (*Store)(nil)
	_ activity.Recorder = (*Store)(nil)
	_ activity.Log      = (*Store)(nil)
	_ exchange.Index    = (*Store)(nil)
	_ settings.Store    = (*Store)(nil)
	_ tool.Defaults     = (*Store)(nil)
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := s.SetSetting(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) < 2 {
		t.Fatalf("the state directory holds %v (%v), want the database and its log", names, err)
	}
	for _, name := range append(names, dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestOpenRefusesANewerSchemaAndLeavesIt(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if _, err := s.db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNewer) {
		t.Fatalf("Open: %v, want ErrNewer", err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNewer) {
		t.Fatalf("the file was changed: %v", err)
	}
}

func TestOpenSaysThatAFileIsDamaged(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Fatalf("Open: %v", err)
	}
}

func TestTwoProcessesMayOpenAtOnce(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error)
	for range 4 {
		go func() {
			s, err := Open(context.Background(), dir)
			if err == nil {
				err = errors.Join(s.SetSetting(context.Background(), "k", "v"), s.Close())
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func profile(id, name string) auth.Profile {
	return auth.Profile{ID: id, OwnerID: ownerID, Name: name, Email: name + "@example.com", Subject: "1", Kind: auth.SignedIn, Scopes: []string{"a", "b"},
		Toolsets: []string{"gmail"}, ClientID: "c", State: auth.Valid, AddedAt: time.Unix(1, 5).UTC(), SignedInAt: time.Unix(2, 0).UTC()}
}

func TestProfiles(t *testing.T) {
	s, ctx := open(t, t.TempDir()), t.Context()
	work, home := profile("1", "Work"), profile("2", "home")
	for _, p := range []auth.Profile{work, home} {
		if err := s.SaveProfile(ctx, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveProfile(ctx, profile("3", "wORK")); !errors.Is(err, auth.ErrNameTaken) {
		t.Errorf("a name that differs in case: %v", err)
	}
	got, err := s.Profiles(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]auth.Profile{home, work}, got); diff != "" {
		t.Errorf("Profiles (-want +got):\n%s", diff)
	}
	checked := time.Unix(9, 0).UTC()
	if err := s.SetProfileState(ctx, "1", auth.SignInAgain, "revoked", checked); err != nil {
		t.Fatal(err)
	}
	work.State, work.Reason, work.CheckedAt = auth.SignInAgain, "revoked", checked
	if p, err := s.Profile(ctx, "1"); err != nil || !cmp.Equal(work, p) {
		t.Errorf("after SetProfileState: %v\n%s", err, cmp.Diff(work, p))
	}
	if err := errors.Join(s.SetDefaultProfile(ctx, "1"), s.SetClientDefault(ctx, "claude", "1")); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveProfile(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	if id, err := s.DefaultProfile(ctx); id != "" || err != nil {
		t.Errorf("the default outlived its profile: %q, %v", id, err)
	}
	if id, err := s.ClientDefault(ctx, "claude"); id != "" || err != nil {
		t.Errorf("a client's default outlived its profile: %q, %v", id, err)
	}
	for _, err := range []error{s.RemoveProfile(ctx, "1"), s.SetProfileState(ctx, "1", auth.Valid, "", time.Time{})} {
		if !errors.Is(err, auth.ErrNotFound) {
			t.Errorf("an unknown profile: %v", err)
		}
	}
}

func TestActivityIsReadBackInOrder(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 300 {
		s.Record(t.Context(), activity.Entry{At: time.Unix(int64(i), 0).UTC(), Client: "c", Tool: fmt.Sprintf("t%d", i%2), Outcome: activity.OK, Duration: time.Second, BytesIn: i})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	got, err := s.Entries(t.Context(), activity.Filter{Tool: "t1", Limit: 3})
	if err != nil {
		t.Fatal(err)
	}
	var in []int
	for _, e := range got {
		in = append(in, e.BytesIn)
	}
	if diff := cmp.Diff([]int{295, 297, 299}, in); diff != "" {
		t.Errorf("Entries (-want +got):\n%s", diff)
	}
	if after, err := s.Entries(t.Context(), activity.Filter{After: got[2].Seq - 1, Limit: 500}); err != nil || len(after) != 1 {
		t.Errorf("After: %d entries, %v", len(after), err)
	}
	if err := s.PruneActivity(t.Context(), time.Unix(290, 0)); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Entries(t.Context(), activity.Filter{Limit: 500}); err != nil || len(left) != 10 {
		t.Errorf("after pruning: %d entries, %v", len(left), err)
	}
}

// TestActivityOfAFloodIsWrittenTogether, and what still waits is written when the store is closed.
func TestActivityOfAFloodIsWrittenTogether(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir), open(t, dir)
	s.Record(t.Context(), activity.Entry{At: time.Unix(1, 0), Tool: "first", Outcome: activity.OK})
	seen := func() (n int) {
		all, err := other.Entries(t.Context(), activity.Filter{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for seen() == 0 { // it does not wait for others
		runtime.Gosched()
	}
	began := time.Now()
	for range 500 {
		s.Record(t.Context(), activity.Entry{At: time.Unix(2, 0), Tool: "more", Outcome: activity.OK})
	}
	if n := seen(); n != 1 && time.Since(began) < batchEvery/2 {
		t.Errorf("%d of the flood were written at once", n-1)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := seen(); n != 501 {
		t.Errorf("%d entries are left of 501", n)
	}
}

func TestActivityIsSelected(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	want := activity.Entry{At: time.Unix(50, 7).UTC(), Event: activity.Call, Client: "Claude", Origin: "/usr/bin/claude (pid 3)", Profile: "work", Tool: "gmail_send", Outcome: activity.Failed,
		Code: "invalid_argument", Approval: "abc", Duration: 3 * time.Millisecond, BytesIn: 12, BytesOut: 34}
	s.Record(t.Context(), want)
	s.Record(t.Context(), activity.Entry{At: time.Unix(40, 0), Client: "Gemini", Tool: "gmail_search", Outcome: activity.OK})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s.Record(t.Context(), want) // too late, and no harm
	s = open(t, dir)
	want.Seq = 1
	for name, f := range map[string]activity.Filter{
		"client": {Client: "Claude"}, "profile": {Profile: "work"}, "tool": {Tool: "gmail_send"}, "outcome": {Outcome: activity.Failed}, "since": {Since: time.Unix(45, 0)},
		"all of them": {Client: "Claude", Profile: "work", Tool: "gmail_send", Outcome: activity.Failed, Since: time.Unix(50, 7)},
	} {
		got, err := s.Entries(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]activity.Entry{want}, got); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", name, diff)
		}
	}
	if got, err := s.Entries(t.Context(), activity.Filter{Client: "Claude' OR '1'='1"}); err != nil || got == nil || len(got) != 0 {
		t.Errorf("a client of nobody: %v, %v", got, err)
	}
}

func TestCloseSaysThatActivityWasLost(t *testing.T) {
	s := open(t, t.TempDir())
	if _, err := s.db.Exec("PRAGMA query_only = ON"); err != nil {
		t.Fatal(err)
	}
	s.Record(t.Context(), activity.Entry{Tool: "t", Outcome: activity.OK})
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "writing the activity") {
		t.Errorf("Close: %v", err)
	}
}

func TestALockThatIsKeptIsNamed(t *testing.T) {
	dir := t.TempDir()
	s, other := open(t, dir), open(t, dir)
	if _, err := s.db.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	tx, err := other.db.Begin() // takes the lock at once, see dsn
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "k", "v"); err == nil || !strings.Contains(err.Error(), "locked for too long") {
		t.Errorf("SetSetting: %v", err)
	}
	if _, _, err := s.Setting(t.Context(), "k"); err != nil {
		t.Errorf("a reader waits for a writer: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.SetSetting(t.Context(), "k", "v"); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestFilesComeBack(t *testing.T) {
	s := open(t, t.TempDir())
	want := exchange.File{Handle: "postern://file/a", Name: "a.pdf", Path: "/x/a.pdf", MIME: "application/pdf", Size: 1 << 33, SHA256: [32]byte{1, 31: 9}, Client: "c", CreatedAt: time.Unix(5, 5).UTC()}
	if err := s.AddFile(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, err := s.File(t.Context(), want.Handle)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("File (-want +got):\n%s", diff)
	}
	if _, err := s.File(t.Context(), "postern://file/b"); !errors.Is(err, exchange.ErrNotFound) {
		t.Errorf("an unknown handle: %v", err)
	}
}

func TestEveryRowHasAnOwner(t *testing.T) {
	s := open(t, t.TempDir())
	rows, err := s.db.Query("SELECT m.name, EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'owner_id' AND c.\"notnull\") FROM sqlite_master m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var table string
		var owned bool
		if err := rows.Scan(&table, &owned); err != nil {
			t.Fatal(err)
		}
		if !owned {
			t.Errorf("the rows of %s have no owner", table)
		}
	}
	if err := rows.Err(); err != nil || n < 6 {
		t.Errorf("%d tables, %v", n, err)
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(b.Context(), dir)
	if err != nil {
		b.Fatal(err)
	}
	s.Close()
	for b.Loop() {
		s, err := Open(b.Context(), dir)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
