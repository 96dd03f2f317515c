package notify

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNobodyElseNotifies: Fyne's notifications are called in one place, which gets its words from here. Elsewhere somebody
// would sooner or later put a client's name into one.
func TestNobodyElseNotifies(t *testing.T) {
	const may = "cmd/postern-desktop/notifier.go"
	calls := map[string]int{}
	parsed := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && path != root) {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		parsed++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				switch s.Sel.Name {
				case "SendNotification", "ScheduleNotification", "NewNotification":
					calls[filepath.ToSlash(rel)]++
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if parsed < 200 {
		t.Errorf("only %d files were looked at", parsed)
	}
	for path, n := range calls {
		if path != may || n > 2 { // fyne.NewNotification and SendNotification
			t.Errorf("%s notifies by itself, %d times: use package notify", path, n)
		}
	}
}

// TestWordsAreHarmless: no text of a notification has a place for another, or a character that PowerShell or a
// notification server's markup takes for its own.
func TestWordsAreHarmless(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "ui", "text", "notify."+language+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]string
		if err := json.Unmarshal(b, &texts); err != nil {
			t.Fatal(err)
		}
		for _, k := range Kinds() {
			for _, part := range []string{"title", "body"} {
				if texts["notify."+string(k)+"."+part] == "" {
					t.Errorf("%s: %s has no %s", language, k, part)
				}
			}
		}
		for key, text := range texts {
			if i := strings.IndexAny(text, "\"$`{}<>&%\\\n“”„"); i >= 0 {
				t.Errorf("%s: %s has %q", language, key, text[i:i+1])
			}
		}
	}
}
