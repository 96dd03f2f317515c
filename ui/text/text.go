// Package text is every sentence that the desktop app shows, by key and language: *.en.json and *.de.json, a pair for each
// subject, in go-i18n's format. The owner's locale chooses; English stands in for what is missing.
package text

import (
	"embed"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"
)

//go:embed *.json
var files embed.FS

// Load makes the texts known, in the language of the system's locale. Call it once, before the first window is made.
func Load() error {
	all, err := files.ReadDir(".")
	if err != nil {
		return fmt.Errorf("reading the texts: %w", err)
	}
	for _, f := range all {
		data, err := files.ReadFile(f.Name()) // lang.AddTranslationsFS would ask for ./NAME, which embed does not have
		if err == nil {
			err = lang.AddTranslations(fyne.NewStaticResource(f.Name(), data))
		}
		if err != nil {
			return fmt.Errorf("reading the texts of %s: %w", f.Name(), err)
		}
	}
	return nil
}

// Values are what a text speaks of, by the name that stands for it: {{.Client}}.
type Values map[string]any

// T returns the text of a key. The values are put in as they are: what comes from outside is cleaned before.
func T(key string, values ...Values) string {
	if len(values) == 0 {
		return lang.X(key, key)
	}
	return lang.X(key, key, map[string]any(values[0]))
}

// N returns the text of a key for a number, with the plural that the language has for it: {{.N}} is the number.
func N(key string, n int, values ...Values) string {
	data := map[string]any{"N": n}
	for _, v := range values {
		for name, value := range v {
			data[name] = value
		}
	}
	return lang.XN(key, key, n, data)
}

// Sentence makes a sentence of what a program says, such as "the disk is full".
func Sentence(s string) string {
	if s == "" {
		return ""
	}
	if word, _, _ := strings.Cut(s, " "); word != "ngrok" && !strings.Contains(word, "://") { // which are written small
		first, size := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") && !strings.HasSuffix(s, "…") {
		s += "."
	}
	return s
}
