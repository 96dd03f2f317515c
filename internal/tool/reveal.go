package tool

import (
	"fmt"
	"strings"
	"unicode"
)

// Reveal makes text fit to be shown to the owner that is about to be sent: what the eye would not see is spelled out
// instead of left out as by Clean, so that nothing leaves unseen in it.
func Reveal(s string) string {
	all := []rune(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD"))
	var b strings.Builder
	for i, r := range all {
		switch {
		case r == '\n' || r >= ' ' && r < 0x7f, shapes(all, i):
			b.WriteRune(r)
		case r == '\t':
			b.WriteString("    ")
		case Clean(string(r)) == "" || !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r):
			fmt.Fprintf(&b, "<U+%04X>", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// shapes reports whether a character only shapes the sign before it, as in emoji and in Indic and Arabic writing.
func shapes(all []rune, i int) bool {
	beyondLatin := func(i int) bool { return i >= 0 && i < len(all) && all[i] > 0x2ff && unicode.IsPrint(all[i]) }
	switch all[i] {
	case 0x200c, 0x200d:
		return beyondLatin(i-1) && beyondLatin(i+1)
	case 0xfe0e, 0xfe0f:
		return beyondLatin(i-1) && Clean(string(all[i-1])) != ""
	}
	return false
}
