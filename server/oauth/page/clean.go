package page

import (
	"strconv"
	"strings"
	"unicode"
)

// The most characters that a page shows of a value.
const (
	maxName = 64
	maxHost = 260
	maxText = 160
)

// maxMarks is how many accents may stand on one letter: more only serve to paint over the lines around.
const maxMarks = 2

// name is what a client calls itself, without quotation marks: the page sets its own around it, and a name must not be
// able to end them.
func name(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Quotation_Mark, r) || r == '`' || r == '″' {
			return '\''
		}
		return r
	}, line(s, maxName))
}

// host is a host name or scheme as plain ASCII, so that nothing looks like what it is not. What is not ASCII, which the
// caller has turned into xn--… where it could, shows as \u escapes.
func host(s string) string {
	return strings.Trim(strconv.QuoteToASCII(line(s, maxHost)), `"`)
}

// id is a value for a command line: letters, digits and what is harmless between them.
func id(s string) string {
	return line(strings.Map(func(r rune) rune {
		if r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_') {
			return r
		}
		return -1
	}, s), maxName)
}

// line makes one line of a text from outside: no character that cannot be seen, that turns the direction of others or
// that is no character, no heap of accents, single spaces, and at most limit characters.
func line(s string, limit int) string {
	var b strings.Builder
	n, marks, space := 0, 0, false
	for _, r := range strings.ToValidUTF8(s, "") {
		if unicode.IsSpace(r) {
			space = n > 0
			continue
		}
		if hidden(r) {
			continue
		}
		if unicode.Is(unicode.M, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if space {
			if n++; n < limit {
				b.WriteByte(' ')
			}
			space = false
		}
		if n++; n > limit {
			short := []rune(b.String())
			return strings.TrimRight(string(short[:min(len(short), limit-1)]), " ") + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hidden reports whether a character shows nothing: controls, format characters such as zero-width and bidirectional
// ones, private and unassigned ones (all not graphic), and letters and marks that are defined to be ignored.
func hidden(r rune) bool {
	return !unicode.IsGraphic(r) || r == '\ufffd' || r == '\u2800' || // the empty Braille pattern
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
