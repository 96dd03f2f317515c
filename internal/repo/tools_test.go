package repo

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/internal/bridge"
	"postern/internal/tool"
)

var update = flag.Bool("update", false, "write the golden files and the README's table")

// golden is a tool as clients see it.
type golden struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Class       string           `json:"class"`
	Scope       tool.Scope       `json:"scope,omitempty"`
	Google      []string         `json:"google_scopes,omitempty"`
	Annotations tool.Annotations `json:"annotations"`
	Schema      json.RawMessage  `json:"inputSchema"`
}

func all(t *testing.T) []*tool.Tool {
	t.Helper()
	r := &tool.Runner{Sets: bridge.Sets()}
	if len(r.All()) < 11 {
		t.Fatalf("there are only %d tools", len(r.All()))
	}
	return r.All()
}

func goldenOf(x *tool.Tool) golden {
	return golden{x.Name, x.Title, x.Description, x.Class.String(), x.Scope(), x.Google, x.Class.Annotations(), x.Schema()}
}

func TestToolsAreAsTheirGoldenFilesSay(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range all(t) {
		b, err := json.MarshalIndent(goldenOf(x), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, '\n')
		path := filepath.Join("testdata", "tools", x.Name+".json")
		seen[filepath.Base(path)] = true
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v; write it with: go test ./internal/repo -update", err)
		}
		if !bytes.Equal(want, b) {
			t.Errorf("%s differs from %s; if that is meant: go test ./internal/repo -update", x.Name, path)
		}
	}
	files, err := os.ReadDir(filepath.Join("testdata", "tools"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("testdata/tools/%s is of a tool that is gone", f.Name())
		}
	}
}

var toolName = regexp.MustCompile(`^[a-z]+_[a-z_]+$`)

// TestToolsKeepTheRules holds every tool to the rules that all of them share.
func TestToolsKeepTheRules(t *testing.T) {
	total := 0
	for _, x := range all(t) {
		if !toolName.MatchString(x.Name) || len(x.Name) > 40 {
			t.Errorf("%s: the name is not service_verb_object in 40 characters", x.Name)
		}
		if !x.Local() && !strings.HasPrefix(x.Name, x.Toolset()+"_") {
			t.Errorf("%s: the name does not begin with its toolset %s", x.Name, x.Toolset())
		}
		if x.Description == "" || len(x.Description) > 200 || !strings.HasSuffix(x.Description, ".") || x.Title == "" {
			t.Errorf("%s: the description is no short sentence, or the title is missing: %q, %q", x.Name, x.Description, x.Title)
		}
		a := x.Class.Annotations()
		if a.ReadOnly != (x.Class == tool.ClassRead) || a.Destructive != (x.Class == tool.ClassDestructive) || a.OpenWorld != (x.Class == tool.ClassOutward) {
			t.Errorf("%s: the annotations %+v are not those of its class %s", x.Name, a, x.Class)
		}
		if asks := x.Class == tool.ClassOutward || x.Class == tool.ClassDestructive; asks != x.Asks() {
			t.Errorf("%s: class %s, but asks: %v", x.Name, x.Class, x.Asks())
		}
		if !x.Local() && (len(x.Google) == 0 || x.Scope() == "") {
			t.Errorf("%s: no Google scope or no Postern scope", x.Name)
		}
		checkSchema(t, x)
		b, err := json.Marshal(goldenOf(x))
		if err != nil {
			t.Fatal(err)
		}
		if x.Tier == tool.Core {
			total += len(b)
		}
	}
	if total/4 > 6000 {
		t.Errorf("the core tools take %d tokens (bytes/4), the most is 6000", total/4)
	}
}

func checkSchema(t *testing.T, x *tool.Tool) {
	t.Helper()
	var s struct {
		Type                 string                     `json:"type"`
		AdditionalProperties json.RawMessage            `json:"additionalProperties"`
		Properties           map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(x.Schema(), &s); err != nil {
		t.Fatalf("%s: %v", x.Name, err)
	}
	if s.Type != "object" || len(s.AdditionalProperties) == 0 {
		t.Errorf("%s: the schema is no closed object", x.Name)
	}
	if _, ok := s.Properties["profile"]; ok != (!x.Local() || x.Name == "profiles_use") {
		t.Errorf("%s: takes profile: %v", x.Name, ok)
	}
	_, chars := s.Properties["max_chars"]
	if _, cursor := s.Properties["cursor"]; chars && !cursor {
		t.Errorf("%s: takes max_chars without cursor", x.Name)
	}
	for name := range s.Properties {
		if strings.Contains(name, "base64") || name == "path" && x.Toolset() == "gmail" {
			t.Errorf("%s: argument %s: files go by handle", x.Name, name)
		}
	}
}

const (
	tableBegin = "<!-- tools: written by go test ./internal/repo -update -->\n"
	tableEnd   = "<!-- end of tools -->"
)

func TestREADMEHasTheTools(t *testing.T) {
	var b strings.Builder
	b.WriteString("| tool | class | scope | what it does |\n|---|---|---|---|\n")
	for _, x := range all(t) {
		scope := string(x.Scope())
		if scope == "" {
			scope = "–"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", x.Name, x.Class, scope, x.Description)
	}
	path := filepath.Join("..", "..", "README.md")
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(readme), tableBegin)
	old, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("README.md has lost the marks around the table of tools")
	}
	if old == b.String() {
		return
	}
	if !*update {
		t.Fatal("README.md's table of tools is old: go test ./internal/repo -update")
	}
	if err := os.WriteFile(path, []byte(before+tableBegin+b.String()+tableEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestScopesAreDocumented holds docs/scopes.md to the tools.
func TestScopesAreDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Scopes\n\nWhat each tool needs: the Postern scope of a grant, and the least Google scopes, of which one line is enough.\nWritten by `go test ./internal/repo -update`.\n\n| tool | class | Postern scope | Google scope |\n|---|---|---|---|\n")
	for _, x := range all(t) {
		scope, google := string(x.Scope()), "–"
		if scope == "" {
			scope = "–"
		}
		if len(x.Google) > 0 {
			least := make([]string, len(x.Google))
			for i, g := range x.Google {
				least[i] = strings.ReplaceAll(strings.ReplaceAll(g, "https://www.googleapis.com/auth/", ""), " ", " + ")
			}
			google = strings.Join(least, "<br>")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", x.Name, x.Class, scope, google)
	}
	path := filepath.Join("..", "..", "docs", "scopes.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != b.String() {
		t.Errorf("docs/scopes.md is old (%v): go test ./internal/repo -update", err)
	}
}
