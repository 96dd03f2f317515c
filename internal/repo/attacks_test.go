package repo

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// attacks is how many there are in docs/security.md. The first 64 are those of the design. One that is added there is
// counted here, and none is ever taken away.
const attacks = 81

var (
	attackRow   = regexp.MustCompile(`(?m)^\| ([0-9, ]+) \|(.*)\|$`)
	exempted    = regexp.MustCompile(`(?m)^- (\d+), \S.{20}`)
	testNamed   = regexp.MustCompile(`\b(\w) ((?:Test|Fuzz)\w+)`)
	testFunc    = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	shortName   = regexp.MustCompile("\\*(\\w)\\*\\s+`([a-z0-9/]+)`")
	testsInCell = regexp.MustCompile(`^\w (?:Test|Fuzz)\w+(?:, \w (?:Test|Fuzz)\w+)*$`)
)

// TestAttacksAreTried holds the table of attacks to the design and to the tests that there are: each number stands in it
// once, or below it with a reason, and each test that is named is one of the package that it is said to be in.
func TestAttacksAreTried(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "## Attacks that are tried")
	table, why, found := strings.Cut(text, "Not tried, or not all of it, and why:")
	if !ok || !found {
		t.Fatal("docs/security.md has lost its table, or the list below it")
	}
	tried := map[int]int{}
	for _, row := range attackRow.FindAllStringSubmatch(table, -1) {
		for number := range strings.SplitSeq(row[1], ", ") {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > attacks {
				t.Errorf("there is no attack %q", number)
			}
			tried[n]++
		}
		cells := strings.Split(row[2], "|")
		if last := strings.TrimSpace(cells[len(cells)-1]); len(cells) != 3 || !testsInCell.MatchString(last) {
			t.Errorf("attack %s names its tests so: %q", row[1], last)
		}
	}
	if rows := strings.Count(table, "\n| "); rows != len(attackRow.FindAllString(table, -1))+1 { // and the heading
		t.Errorf("of %d rows some have no number", rows)
	}
	var exempt []int
	for _, m := range exempted.FindAllStringSubmatch(why, -1) {
		n, _ := strconv.Atoi(m[1]) // it is digits
		exempt = append(exempt, n)
	}
	for n := 1; n <= attacks; n++ {
		if tried[n] > 1 || tried[n] == 0 && !slices.Contains(exempt, n) {
			t.Errorf("attack %d stands in %d rows, and is exempt: %v", n, tried[n], slices.Contains(exempt, n))
		}
	}
	if may := []int{37, 57, 63}; slices.ContainsFunc(exempt, func(n int) bool { return !slices.Contains(may, n) }) {
		t.Errorf("exempt are %v, and may be %v", exempt, may)
	}

	dirs := map[string]string{}
	for _, m := range shortName.FindAllStringSubmatch(table, -1) {
		dirs[m[1]] = m[2]
	}
	for _, m := range testNamed.FindAllStringSubmatch(text, -1) {
		if dir := dirs[m[1]]; dir == "" || !hasTest(t, dir, m[2]) {
			t.Errorf("there is no %s in %q, which %s is for", m[2], dir, m[1])
		}
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
