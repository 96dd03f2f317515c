package gmail

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold lowers the case and drops accents, so that "Müller" finds "muller".
func fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words folds a text and sets one space around every word: " so a phrase is a substring ". Scripts without spaces give
// one word per character, so that any run of them is a phrase.
func words(s string) string {
	s = fold(s)
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte(' ')
	open := false // inside a word
	for _, r := range s {
		switch {
		case unspaced(r):
			if open {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			b.WriteByte(' ')
			open = false
		case r < utf8.RuneSelf && ('a' <= r && r <= 'z' || '0' <= r && r <= '9') || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			b.WriteRune(r)
			open = true
		case open && !zeroWidth(r):
			b.WriteByte(' ')
			open = false
		}
	}
	if open {
		b.WriteByte(' ')
	}
	return b.String()
}

func unspaced(r rune) bool {
	return r >= 0x0e00 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) || r == 'ー')
}

// zeroWidth are characters that do not end a word: joiners, soft hyphen, byte order mark.
func zeroWidth(r rune) bool {
	switch r {
	case 0x00ad, 0x200b, 0x200c, 0x200d, 0x2060, 0xfeff:
		return true
	}
	return false
}
