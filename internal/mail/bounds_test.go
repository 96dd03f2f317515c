package mail

import (
	"strings"
	"testing"
)

// Each of these took minutes, or made gigabytes.
func TestBoundsOfHTML(t *testing.T) {
	rep := strings.Repeat
	for name, in := range map[string]string{
		"spans":                `<table><tr><td colspan="10000" rowspan="10000">seen</td><td>y</td></tr></table>`,
		"spans that are words": `<table><tr><td colspan="9e9">seen</td><td>y</td></tr></table>`,
		"many spans":           "seen" + rep(`<table><tr><td colspan="99">x<td>y<tr><td rowspan=99>z<td>u</table>`, 14_000),
		"one wide row":         "<table><tr>" + rep("<td>x</td>", 20_000) + "</tr>" + rep("<tr><td>x</td></tr>", 20_000) + "</table>seen",
		"quotations":           rep("<blockquote>", 150) + rep("<p>x</p>", 50_000) + "seen",
		"lists":                rep("<ul><li>x", 95) + rep("<li>x", 50_000) + "seen",
		"headings":             rep("<h1><a href=x>", 80) + rep("x<br>", 50_000) + "seen",
		"brackets":             rep("*_[", 200_000) + "seen",
		"ends":                 "seen" + rep(`<p style="display:none">`, 9_000) + rep("</x>", 1_000_000),
	} {
		t.Run(name, func(t *testing.T) {
			got := HTMLToMarkdown([]byte(in), true)
			if !strings.Contains(got, "seen") {
				t.Errorf("the text is lost: %.200q", got)
			}
			if len(got) > 30*len(in)+1000 {
				t.Errorf("%d bytes of HTML made %d of text", len(in), len(got))
			}
		})
	}
}

func TestWithinBoundsStructureStays(t *testing.T) {
	in := strings.Repeat("<blockquote>", 5) + "<p>deep</p>" + strings.Repeat("</blockquote>", 5) +
		`<table><tr><th colspan="2">head</th></tr>` + strings.Repeat("<tr><td>a</td><td>b</td></tr>", 100) + "</table>" + "<p>[1] [2]</p>"
	got := HTMLToMarkdown([]byte(in), true)
	if strings.Count(got, "|a|b|") != 100 || !strings.Contains(got, strings.Repeat("> ", 5)+"deep") {
		t.Errorf("got %.500s", got)
	}
}

func TestStripQuotedOfManyAttributions(t *testing.T) {
	in := strings.Repeat("> abcd <a@b.c> wrote:\n", 200_000) + "own"
	if got := StripQuoted(in); !strings.HasSuffix(got, "own") {
		t.Errorf("%d bytes are left of %d", len(got), len(in))
	}
}
