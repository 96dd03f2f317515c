package popup

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2/theme"

	"postern/internal/approval"
	"postern/ui/text"
)

// spoken returns the sentences that the program says to the owner, by their keys.
func spoken(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{"../../internal", "../../server"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) < 2 {
					return true
				}
				called := ""
				switch f := call.Fun.(type) {
				case *ast.SelectorExpr:
					called = f.Sel.Name
				case *ast.Ident:
					called = f.Name
				}
				key, isKey := call.Args[0].(*ast.BasicLit)
				english, isText := call.Args[1].(*ast.BasicLit)
				if (called != "Say" && called != "say") || !isKey || !isText {
					return true
				}
				k, _ := strconv.Unquote(key.Value)
				all[k], _ = strconv.Unquote(english.Value)
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 25 {
		t.Fatalf("only %d sentences were found", len(all))
	}
	return all
}

// TestTheWindowSaysWhatToolsSay: each sentence has words in each language, those in English are the tool's own, and no
// others are kept.
func TestTheWindowSaysWhatToolsSay(t *testing.T) {
	data, err := os.ReadFile("../text/popup.en.json")
	if err != nil {
		t.Fatal(err)
	}
	var english map[string]any
	if err := json.Unmarshal(data, &english); err != nil {
		t.Fatal(err)
	}
	value := regexp.MustCompile(`\{(\w+)\}`)
	all := spoken(t)
	for key, says := range all {
		if want := value.ReplaceAllString(says, "{{.$1}}"); english["popup.said."+key] != want {
			t.Errorf("popup.said.%s is %q, the tool says %q", key, english["popup.said."+key], want)
		}
		if !slices.Contains(sentences, key) {
			t.Errorf("said.go does not know %q", key)
		}
	}
	for _, key := range sentences {
		if all[key] == "" {
			t.Errorf("nobody says %q", key)
		}
	}
	for key := range english {
		if name, ok := strings.CutPrefix(key, "popup.field."); ok && !slices.Contains(names, name) {
			t.Errorf("said.go does not know the field %q", name)
		}
		if name, ok := strings.CutPrefix(key, "popup.instead."); ok && !slices.Contains(otherwise, name) {
			t.Errorf("said.go does not know %q", key)
		}
	}
}

// TestValuesAreNoWords: what comes from outside stands in a sentence as it is, and what is no key that the window knows is
// said in the tool's English.
func TestValuesAreNoWords(t *testing.T) {
	inLanguage(t, "de_DE.UTF-8", theme.VariantLight)
	for _, c := range []struct {
		t    approval.Text
		want string
	}{
		{approval.Say("mail.first", "You have never written to {who}", "who", "anna@example.com"), "Du hast noch nie an anna@example.com geschrieben"},
		{approval.Say("mail.first", "You have never written to {who}", "who", "{{.who}} popup.deny {who}"), "Du hast noch nie an {{.who}} popup.deny {who} geschrieben"},
		{approval.Say("../popup.deny", "Something {x}", "x", "newer"), "Something newer"},
		{approval.Text{English: "Free words"}, "Free words"},
	} {
		if got := said(c.t); got != c.want {
			t.Errorf("it says %q, want %q", got, c.want)
		}
	}
	if got, want := fieldTitle("To"), text.T("popup.edit.to"); got != want {
		t.Errorf("To reads %q", got)
	}
	if got := fieldTitle("deny\u202e"); got != "deny" {
		t.Errorf("an unknown field reads %q", got)
	}
}
