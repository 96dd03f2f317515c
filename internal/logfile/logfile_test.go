package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLogDoesNotGrow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desktop.log")
	for range 3 { // three runs of the program
		l := &File{Path: path, Max: 100}
		for i := range 50 {
			line := fmt.Sprintf("line %02d\n", i)
			if n, err := l.Write([]byte(line)); err != nil || n != len(line) {
				t.Fatal(n, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		now, before := read(t, path), read(t, path+".1")
		if len(now) > 100 || len(before) > 100 || !strings.HasSuffix(before+now, "line 48\nline 49\n") {
			t.Errorf("before:\n%s\nnow:\n%s", before, now)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 2 {
		t.Errorf("there are %v, %v", files, err)
	}
}

func TestLogIsTheOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing there")
	}
	path := filepath.Join(t.TempDir(), "desktop.log")
	if err := os.WriteFile(path, []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := &File{Path: path, Clean: func(s string) string { return strings.ReplaceAll(s, "secret", "[gone]") }}
	if n, err := l.Write([]byte("a secret\n")); err != nil || n != len("a secret\n") {
		t.Fatal(n, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "old\na [gone]\n" {
		t.Errorf("the log holds %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestLinesStayWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desktop.log")
	l := &File{Path: path, Max: 4000}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, err := l.Write([]byte("0123456789\n")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(read(t, path+".1") + read(t, path)) {
		if line != "0123456789\n" {
			t.Errorf("%q", line)
		}
	}
}
