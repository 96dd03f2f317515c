package popup

import (
	"strconv"
	"strings"
	"unicode"

	"postern/internal/tool"
)

// The most characters that are shown of a value at once.
const (
	maxName   = 64
	maxLine   = 300
	maxReason = 500
	maxURI    = 2048
	maxBody   = 12_000 // of a longer text the rest is shown on request, lest the window hang
	maxLines  = 400
)

// maxMarks is how many accents may stand on one letter: more only serve to paint over the lines around.
const maxMarks = 2

// line makes one line of a text from outside, of at most limit characters, without what cannot be seen.
func line(s string, limit int) string {
	var b strings.Builder
	n, marks := 0, 0
	for _, r := range strings.Join(strings.Fields(tool.CleanLine(s)), " ") {
		if unicode.Is(unicode.M, r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if n++; n > limit {
			short := []rune(b.String())
			return strings.TrimRight(string(short[:limit-1]), " ") + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}

// name is what a client calls itself, without quotation marks: the window sets its own around it, and a name must not be
// able to end them.
func name(s string) string {
	return line(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Quotation_Mark, r) || r == '`' || r == '″' {
			return '\''
		}
		return r
	}, tool.CleanLine(s)), maxName)
}

// address is a host or URI as plain ASCII, so that nothing looks like what it is not.
func address(s string) string {
	quoted := strconv.QuoteToASCII(strings.ToValidUTF8(s, "\uFFFD"))
	return line(strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`), maxURI)
}

// upright keeps the brackets of an address upright behind a name that is written from right to left: else they are drawn
// as if they belonged to the name, the wrong way round.
func upright(s string) string {
	const leftToRight = "\u200e"
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		for _, bracket := range []string{"<", "("} {
			if name, rest, ok := strings.Cut(l, bracket); ok && strings.ContainsFunc(name, rightToLeft) {
				lines[i] = leftToRight + name + leftToRight + bracket + rest + leftToRight
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// pieces cuts a text into parts that a label shows without hanging.
func pieces(s string) []string {
	var parts []string
	for {
		n, lines, at := 0, 0, len(s)
		for i, r := range s {
			if n++; r == '\n' {
				lines++
			}
			if n > maxBody || lines >= maxLines {
				at = i + len(string(r))
				break
			}
		}
		parts = append(parts, strings.TrimSuffix(s[:at], "\n"))
		if s = s[at:]; s == "" {
			return parts
		}
	}
}
