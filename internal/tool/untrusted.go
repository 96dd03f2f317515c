package tool

import (
	"fmt"
	"strings"
	"unicode"
)

// The fence around text that other people wrote. The server's instructions tell the model what it means.
const (
	fenceOpen  = "<untrusted"
	fenceClose = "</untrusted>"
)

// Fence marks text from outside (a mail, a document, a chat) as data, not instructions, and cleans it. source says in
// a few words where it is from. Text that imitates the fence is defused.
func Fence(source, text string) string {
	text = defuse(Clean(text))
	source = strings.NewReplacer(`"`, "'", "<", "(", ">", ")", "\n", " ").Replace(CleanLine(source))
	return fmt.Sprintf("%s source=%q>\n%s\n%s", fenceOpen, source, strings.TrimRight(text, "\n"), fenceClose)
}

// defuse breaks what reads like the fence in any spelling: the bracket before the word is replaced, so that neither
// an early end nor a false beginning can be written.
func defuse(s string) string {
	if !strings.Contains(strings.ToLower(s), "untrusted") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '<' && startsFence(s[i+1:]) {
			b.WriteString("‹")
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func startsFence(s string) bool {
	s = strings.TrimLeft(s, "/ \t\r\n")
	return len(s) >= len("untrusted") && strings.EqualFold(s[:len("untrusted")], "untrusted")
}

// Clean removes what a reader cannot see but a model reads: control characters other than line feed and tab,
// zero-width characters, bidirectional controls, tag characters, variation selectors beyond the emoji ones, and other
// default-ignorable code points. Zero-width joiners stay where emoji and scripts need them. Line ends become \n.
func Clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	s = strings.ToValidUTF8(s, "\uFFFD")
	runes := []rune(s)
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range runes {
		switch {
		case r == '\n' || r == '\t':
		case r == '\u00ad': // soft hyphen
			continue
		case r == '\u200c' || r == '\u200d': // joiners: only between letters or symbols that they join
			if i == 0 || i == len(runes)-1 || !joins(runes[i-1]) || !joins(runes[i+1]) {
				continue
			}
		case r == '\ufe0f' || r == '\ufe0e': // text and emoji presentation: only after a symbol, and once
			if i == 0 || !(unicode.IsSymbol(runes[i-1]) || unicode.IsDigit(runes[i-1]) || runes[i-1] == '#' || runes[i-1] == '*' || runes[i-1] == '\u203c' || runes[i-1] == '\u2049') {
				continue
			}
		case hidden(r):
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// CleanLine is Clean for one line: line feeds and tabs become spaces.
func CleanLine(s string) string {
	return strings.Join(strings.FieldsFunc(Clean(s), func(r rune) bool { return r == '\n' || r == '\t' }), " ")
}

func joins(r rune) bool {
	return r > 0x2ff && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsSymbol(r))
}

func hidden(r rune) bool {
	switch {
	case unicode.IsControl(r),
		r >= 0x200b && r <= 0x200f, // zero-width space, marks
		r >= 0x202a && r <= 0x202e, // bidirectional embeddings and overrides
		r >= 0x2060 && r <= 0x206f, // word joiner, invisible operators, isolates
		r == 0xfeff, r == 0x061c, r == 0x180e, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0, r == 0x034f, r == 0x17b4, r == 0x17b5,
		r == 0x2800,                // braille blank
		r >= 0x180b && r <= 0x180d, // Mongolian variation selectors
		r == 0x180f,
		r >= 0xfe00 && r <= 0xfe0d,   // variation selectors 1–14
		r >= 0xfff0 && r <= 0xfffb,   // unassigned specials, interlinear annotation
		r >= 0xe0000 && r <= 0xe0fff, // tags, variation selectors supplement
		r >= 0x1bca0 && r <= 0x1bca3,
		r >= 0x1d173 && r <= 0x1d17a:
		return true
	}
	return false
}
