package compose

import (
	"strings"
	"testing"
)

func TestMarkdownThatWouldTakeLongIsRefused(t *testing.T) {
	for name, md := range map[string]string{
		"a table":    "|" + strings.Repeat("a|", 2000) + "\n|" + strings.Repeat("-|", 2000) + strings.Repeat("\n|", 2000),
		"brackets":   strings.Repeat("[a](", 20_000),
		"quotations": strings.Repeat(">", 5000) + " a",
		"lists":      strings.Repeat("- ", 5000) + "a",
	} {
		if _, _, err := FromMarkdown(md); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	for name, md := range map[string]string{
		"a table":        "|a|b|\n|-|-|\n" + strings.Repeat("|1|2|\n", 2000),
		"a long rule":    strings.Repeat("-", 200),
		"many lines":     strings.Repeat("a line of text with a | in it\n\n", 5000),
		"a bold heading": "**a**\n\n> > > b",
	} {
		if _, _, err := FromMarkdown(md); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
