package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/auth"
	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/exchange"
)

var (
	_ auth.Index        = (*Store)(nil)
	_ approval.Store    = (*Store)(nil)
	_ activity.Recorder = (*Store)(nil)
	_ activity.Log      = (*Store)(nil)
	_ exchange.Index    = (*Store)(nil)
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
