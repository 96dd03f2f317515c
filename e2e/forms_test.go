//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// writings are the ways in which a text may be written within another, and how each is undone.
var writings = []struct {
	name string
	undo func(string) string
}{
	{"percent-encoded", func(s string) string { return percent.ReplaceAllStringFunc(s, unpercent) }},
	{"as in a form", func(s string) string { return percent.ReplaceAllStringFunc(strings.ReplaceAll(s, "+", " "), unpercent) }},
	{"escaped", func(s string) string { return escape.ReplaceAllStringFunc(s, unescape) }},
	{"in base64", func(s string) string { return join(base64Run.FindAllString(s, -1), unbase64) }},
	{"in hex", func(s string) string { return join(hexRun.FindAllString(s, -1), unhex) }},
}

var (
	percent   = regexp.MustCompile(`(?:%[0-9A-Fa-f]{2})+`)
	escape    = regexp.MustCompile(`\\(?:u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[nrt"'\\/])`) // of JSON and of Go
	base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{16,}`)
	hexRun    = regexp.MustCompile(`[0-9A-Fa-f]{32,}`)
)

// forms returns a text and what it reads when a writing in it is undone, and one within that, by the name of the form:
// "" for the text itself.
func forms(text string) map[string]string {
	all := map[string]string{"": text}
	outer := map[string]string{"": text}
	for range 2 {
		inner := map[string]string{}
		for form, text := range outer {
			for _, w := range writings {
				if undone := w.undo(text); undone != "" && undone != text {
					inner[form+", "+w.name], all[form+", "+w.name] = undone, undone
				}
			}
		}
		outer = inner
	}
	return all
}

func unpercent(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil { // the pattern allows for none
		return s
	}
	return plain
}

func unescape(s string) string {
	switch s[1] {
	case 'u', 'x':
		n, err := strconv.ParseUint(s[2:], 16, 16)
		if err != nil {
			return s
		}
		return string(rune(n))
	case 'n', 'r', 't':
		return "\n"
	}
	return s[1:]
}

// join undoes runs of letters wherever in them the writing may begin.
func join(runs []string, undo func(string) []string) string {
	var b strings.Builder
	for _, run := range runs {
		for _, plain := range undo(run) {
			b.WriteString(plain)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func unbase64(run string) (plain []string) {
	run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
	for from := range 4 {
		part := run[from:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		if b, err := base64.RawStdEncoding.DecodeString(part); err == nil {
			plain = append(plain, string(b))
		}
	}
	return plain
}

func unhex(run string) (plain []string) {
	for from := range 2 {
		part := run[from:]
		if b, err := hex.DecodeString(part[:len(part)&^1]); err == nil {
			plain = append(plain, string(b))
		}
	}
	return plain
}
