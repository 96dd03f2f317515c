package repo

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed = regexp.MustCompile(`\b(\w) ((?:Test|Fuzz)\w+)`)
	testFunc  = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	shortName = regexp.MustCompile(`\*(\w)\*\s+(?:its )?` + "`([a-z/]+)`")
)

// TestAttacksAreTried holds the table of attacks to the tests that there are, each in the package that it names.
func TestAttacksAreTried(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(b), "## Attacks that are tried")
	if !ok {
		t.Fatal("docs/security.md has lost its table")
	}
	dirs := map[string]string{}
	for _, m := range shortName.FindAllStringSubmatch(table, -1) {
		dirs[m[1]] = m[2]
	}
	for _, its := range []string{"r", "c", "p"} {
		dirs[its] = "server/oauth/" + dirs[its]
	}
	named := 0
	for _, m := range testNamed.FindAllStringSubmatch(table, -1) {
		named++
		if dir := dirs[m[1]]; dir == "" || !hasTest(t, dir, m[2]) {
			t.Errorf("there is no %s in %q", m[2], dir)
		}
	}
	if named < 60 {
		t.Errorf("the table names only %d tests", named)
	}
}

// hasTest reports whether the tests in a directory have one of that name.
func hasTest(t *testing.T, dir, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(b, -1) {
			if string(m[1]) == name {
				return true
			}
		}
	}
	return false
}
