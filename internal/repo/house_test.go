package repo

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxLines is where a file has, most likely, a second subject.
const maxLines = 400

func TestEveryPackageHasOneSentence(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
			continue
		}
		if p.Name != "main" && !strings.HasPrefix(p.Doc, "Package "+p.Name+" ") {
			t.Errorf("%s: the comment begins %q", p.ImportPath, p.Doc[:min(40, len(p.Doc))])
		}
		commented := 0
		for _, f := range p.GoFiles {
			b, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			before, _, _ := bytes.Cut(b, []byte("\npackage "))
			if lines := bytes.Split(bytes.TrimRight(before, "\n"), []byte("\n")); bytes.HasPrefix(lines[len(lines)-1], []byte("//")) && !bytes.HasPrefix(lines[len(lines)-1], []byte("//go:build")) && !bytes.HasSuffix(before, []byte("\n")) {
				commented++
			}
		}
		if commented != 1 {
			t.Errorf("%s has %d package comments", p.ImportPath, commented)
		}
	}
}

func TestNoDumpingGround(t *testing.T) {
	for _, p := range packages(t) {
		base := p.ImportPath[strings.LastIndex(p.ImportPath, "/")+1:]
		if slices.Contains([]string{"utils", "util", "common", "helpers", "types", "manager", "misc"}, base) {
			t.Errorf("%s says nothing by its name", p.ImportPath)
		}
		for _, f := range p.GoFiles {
			b, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			if n := bytes.Count(b, []byte("\n")); n > maxLines {
				t.Errorf("%s/%s has %d lines: look for the second subject", p.ImportPath, f, n)
			}
		}
	}
}

// TestNoThemeOfItsOwn keeps one theme for the whole app: for each part of a window that has its own, Fyne loads every font
// anew, and keeps them until the end.
func TestNoThemeOfItsOwn(t *testing.T) {
	for _, p := range packages(t) {
		for _, f := range p.GoFiles {
			b, err := os.ReadFile(filepath.Join(p.Dir, f))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(b, []byte("ThemeOverride")) {
				t.Errorf("%s/%s has a theme of its own: let ui.Look have the colours", p.ImportPath, f)
			}
		}
	}
}
