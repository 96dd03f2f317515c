package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/auth"
	"postern/internal/approval"
	"postern/internal/exchange"
)

func TestOpenSaysWhereTheStateCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "state")} {
		if s, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "POSTERN_HOME") {
			t.Errorf("Open(%q): %v", dir, err)
			if err == nil {
				s.Close()
			}
		}
	}
}

func TestOpenSaysThatADirectoryCannotBeWritten(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("nothing is read-only to root")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir); !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "writable") {
		t.Errorf("Open: %v", err)
	}
}

func TestADamagedPageIsToldApart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if err := s.SaveProfile(t.Context(), profile("1", "work")); err != nil {
		t.Fatal(err)
	}
	path, page := s.Path(), 0
	if err := s.db.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'profiles'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := (page - 1) * 4096; i < page*4096; i++ {
		b[i] = 0xa5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if all, err := s.Profiles(t.Context()); err == nil || !strings.Contains(err.Error(), FileName+" in the state directory is damaged") {
		t.Errorf("Profiles: %v, %v", all, err)
	}
	if err := s.SaveProfile(t.Context(), profile("2", "home")); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("SaveProfile: %v", err)
	}
}

func TestWritesSayWhatIsWrongWithTheDisk(t *testing.T) {
	for _, c := range []struct{ pragma, want string }{
		{"PRAGMA max_page_count = 1", "is full"}, // never under the present size, so that the next page is one too many
		{"PRAGMA query_only = ON", "cannot be written"},
	} {
		s := open(t, t.TempDir())
		if _, err := s.db.Exec(c.pragma); err != nil {
			t.Fatal(err)
		}
		long := strings.Repeat("x", 1<<20)
		for name, err := range map[string]error{
			"SetSetting":  s.SetSetting(t.Context(), "k", long),
			"AddApproval": s.AddApproval(t.Context(), approval.Request{ID: "a", Preview: approval.Preview{Body: long}}),
			"AddFile":     s.AddFile(t.Context(), exchange.File{Handle: "h", Name: long}),
			"SaveProfile": s.SaveProfile(t.Context(), auth.Profile{ID: "1", Name: "n", Reason: long}),
		} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s after %s: %.200v, want %q", name, c.pragma, err, c.want)
			}
		}
		if _, ok, err := s.Setting(t.Context(), "k"); ok || err != nil {
			t.Errorf("after %s the store reads %v, %v", c.pragma, ok, err)
		}
	}
}

func TestPathsMayHoldAnything(t *testing.T) {
	for _, name := range []string{"with space", "a%20b", "what?mode=ro", "#1", "Übersicht & co", "x=y&_pragma=query_only(1)"} {
		dir := filepath.Join(t.TempDir(), name)
		s := open(t, dir)
		if err := s.SetSetting(t.Context(), "k", "v"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil || s.Path() != filepath.Join(dir, FileName) {
			t.Errorf("%s: %v, Path %s", name, err, s.Path())
		}
	}
	t.Chdir(t.TempDir())
	s := open(t, "relative")
	if !filepath.IsAbs(s.Path()) {
		t.Errorf("Path is %q", s.Path())
	}
}
