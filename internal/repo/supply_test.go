package repo

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestModulesArePinned: what is built is what go.sum knows, from where everybody gets it (attack 63).
func TestModulesArePinned(t *testing.T) {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod edit: %v", err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
		Replace []struct{ Old, New struct{ Path string } }
		Exclude []struct{ Path string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Replace {
		t.Errorf("%s is replaced by %s", r.Old.Path, r.New.Path)
	}
	for _, x := range mod.Exclude {
		t.Errorf("a version of %s is excluded: require a good one", x.Path)
	}
	const mcp = "github.com/mark3labs/mcp-go"
	i := slices.IndexFunc(mod.Require, func(r struct{ Path, Version string }) bool { return r.Path == mcp })
	if i < 0 || !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(mod.Require[i].Version) {
		t.Errorf("%s is not at a released version: %+v", mcp, mod.Require)
	}
	for _, name := range []string{"vendor", "go.work"} {
		if _, err := os.Stat(filepath.Join("..", "..", name)); err == nil {
			t.Errorf("%s says what is built, and not go.mod", name)
		}
	}
}

func makefile(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestModulesAreVerified(t *testing.T) {
	_, vet, _ := strings.Cut(makefile(t), "\nvet:\n")
	vet, _, _ = strings.Cut(vet, "\n\n")
	if !strings.Contains(vet, "go mod verify") {
		t.Errorf("make vet does not verify the modules:\n%s", vet)
	}
}

// TestRacesAreLookedFor: "make test" runs what strangers reach, and what they share, under the race detector.
func TestRacesAreLookedFor(t *testing.T) {
	_, packages, _ := strings.Cut(makefile(t), "\nRACE :=")
	packages, _, _ = strings.Cut(packages, "\n")
	for _, p := range []string{"./server/...", "./internal/bridge", "./internal/approval", "./internal/store", "./internal/tool", "./internal/control", "./auth/..."} {
		if !slices.Contains(strings.Fields(packages), p) {
			t.Errorf("RACE has no %s", p)
		}
	}
	_, race, _ := strings.Cut(makefile(t), "\nrace:\n")
	race, _, _ = strings.Cut(race, "\n\n")
	_, all, _ := strings.Cut(makefile(t), "\ntest:")
	all, _, _ = strings.Cut(all, "\n\n")
	if !strings.Contains(race, "go test -race") || !strings.Contains(race, "$(RACE)") || !strings.Contains(all, " race") {
		t.Errorf("make test runs no race detector:\n%s\n%s", all, race)
	}
}

var (
	fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(f \*testing\.F\)`)
	fuzzLine   = regexp.MustCompile(`(?m)^\t.*go test -fuzz=(\w+) -fuzztime=\d+m \./(\S+)$`)
)

// TestParsersAreFuzzed: each fuzz test has its line in make soak, and each parser of what strangers send has a fuzz test.
func TestParsersAreFuzzed(t *testing.T) {
	_, soak, _ := strings.Cut(makefile(t), "\nsoak:")
	var lines, targets []string
	for _, m := range fuzzLine.FindAllStringSubmatch(soak, -1) {
		lines = append(lines, m[2]+" "+m[1])
	}
	for _, p := range packages(t) {
		tests, err := filepath.Glob(filepath.Join(p.Dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range tests {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range fuzzTarget.FindAllSubmatch(b, -1) {
				targets = append(targets, strings.TrimPrefix(p.ImportPath, "postern/")+" "+string(m[1]))
			}
		}
	}
	for _, target := range targets {
		if !slices.Contains(lines, target) {
			t.Errorf("%s has no line in make soak", target)
		}
	}
	for _, line := range lines {
		if !slices.Contains(targets, line) {
			t.Errorf("make soak runs %s, which there is not", line)
		}
	}
	for _, parser := range []string{
		"server/oauth/redirect FuzzCheck", "server/oauth/cimd FuzzParse", "server/oauth FuzzScope", "server/oauth FuzzResource", "server/guard FuzzChallenge", "server/peek FuzzRead",
	} {
		if !slices.Contains(targets, parser) {
			t.Errorf("%s is gone", parser)
		}
	}
}
