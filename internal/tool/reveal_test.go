package tool_test

import (
	"testing"

	"postern/internal/tool"
)

func TestRevealSpellsOutWhatTheEyeDoesNotSee(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {"Grüße,\n日本", "Grüße,\n日本"},
		"new line and tab": {"a\r\n\td", "a\n    d"},
		"escape sequence":  {"\x1b[2Jgone", "<U+001B>[2Jgone"},
		"8-bit control":    {"a\u009b2Jb", "a<U+009B>2Jb"},
		"return":           {"pay\rnot", "pay<U+000D>not"},
		"line end of mail": {"a\r\nb", "a\nb"},
		"right to left":    {"exe\u202egpj", "exe<U+202E>gpj"},
		"tag characters":   {"hi\U000e0041\U000e0042", "hi<U+E0041><U+E0042>"},
		"zero width":       {"a\u200bb", "a<U+200B>b"},
		"joiner in Latin":  {"a\u200db", "a<U+200D>b"},
		"family":           {"👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"},
		"filler":           {"a\u3164b", "a<U+3164>b"},
		"not UTF-8":        {"a\xffb", "a\uFFFDb"},
	} {
		if got := tool.Reveal(c.in); got != c.want {
			t.Errorf("%s: Reveal(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
}
