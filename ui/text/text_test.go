package text

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// keys returns the texts of a language by key, a plural's forms joined.
func keys(t *testing.T, language string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := fs.Glob(files, "*."+language+".json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no texts in %s, %v", language, err)
	}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var texts map[string]any
		if err := json.Unmarshal(data, &texts); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, value := range texts {
			if _, twice := all[key]; twice {
				t.Errorf("%s: %s stands in two files", language, key)
			}
			switch v := value.(type) {
			case string:
				all[key] = v
			case map[string]any:
				if v["other"] == nil {
					t.Errorf("%s: %s has no form \"other\"", name, key)
				}
				for _, form := range slices.Sorted(maps.Keys(v)) {
					all[key] += v[form].(string) + "\n"
				}
			}
			if strings.TrimSpace(all[key]) == "" {
				t.Errorf("%s: %s is empty", name, key)
			}
		}
	}
	return all
}

var value = regexp.MustCompile(`\{\{\.\w+\}\}`)

// TestLanguagesSayTheSame holds the languages to the same keys and values.
func TestLanguagesSayTheSame(t *testing.T) {
	en, de := keys(t, "en"), keys(t, "de")
	for key, text := range en {
		other, ok := de[key]
		if !ok {
			t.Errorf("German lacks %s", key)
			continue
		}
		want, got := value.FindAllString(text, -1), value.FindAllString(other, -1)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(slices.Compact(want), slices.Compact(got)) {
			t.Errorf("%s speaks of %v in English, of %v in German", key, want, got)
		}
	}
	for key := range de {
		if _, ok := en[key]; !ok {
			t.Errorf("English lacks %s", key)
		}
	}
}

// used returns the keys that the program asks for, and where; keys that are put together end in "*".
func used(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, root := range []string{"..", "../../cmd/postern-desktop"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				f, ok := call.Fun.(*ast.SelectorExpr)
				if pkg, isName := ast.Expr(nil), false; ok {
					pkg = f.X
					if name, is := pkg.(*ast.Ident); is {
						isName = name.Name == "text"
					}
					ok = isName && (f.Sel.Name == "T" || f.Sel.Name == "N")
				}
				if !ok {
					return true
				}
				where := set.Position(call.Pos()).String()
				switch arg := call.Args[0].(type) {
				case *ast.BasicLit:
					if key, err := strconv.Unquote(arg.Value); err == nil {
						all[key] = where
					}
				case *ast.BinaryExpr:
					if lit, ok := arg.X.(*ast.BasicLit); ok {
						if key, err := strconv.Unquote(lit.Value); err == nil {
							all[key+"*"] = where
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestEveryKeyHasAText holds the program to keys that there are, and the texts to keys that are used.
func TestEveryKeyHasAText(t *testing.T) {
	en, asked := keys(t, "en"), used(t)
	covered := map[string]bool{}
	for key, where := range asked {
		prefix, open := strings.CutSuffix(key, "*")
		found := false
		for have := range en {
			if have == key || open && strings.HasPrefix(have, prefix) {
				covered[have], found = true, true
			}
		}
		if !found {
			t.Errorf("%s asks for %s, which there is not", where, key)
		}
	}
	for key := range en {
		if !covered[key] {
			t.Errorf("nothing shows %s", key)
		}
	}
}

// TestTheLocaleChooses the language, and English stands in for others.
func TestTheLocaleChooses(t *testing.T) {
	for locale, want := range map[string]string{"de_DE.UTF-8": "1 Anfrage ansehen …", "en_GB.UTF-8": "Review 1 request…", "sw_KE.UTF-8": "Review 1 request…"} {
		t.Setenv("LANGUAGE", "")
		t.Setenv("LC_ALL", locale)
		t.Setenv("LANG", locale)
		if err := Load(); err != nil {
			t.Fatal(err)
		}
		if got := N("tray.review", 1); got != want {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	for from, want := range map[string]string{
		"":                                 "",
		"the disk is full":                 "The disk is full.",
		"über":                             "Über.",
		"wait…":                            "Wait…",
		"ngrok says no":                    "ngrok says no.",
		"https://postern.example.com is 4": "https://postern.example.com is 4.",
	} {
		if got := Sentence(from); got != want {
			t.Errorf("%q becomes %q, want %q", from, got, want)
		}
	}
}
