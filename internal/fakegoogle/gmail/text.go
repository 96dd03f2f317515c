package gmail

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// snippetRunes is about what Gmail shows of a mail in a list.
const snippetRunes = 200

// bodyText returns the readable text of a mail for snippet and search: of every multipart/alternative the plain version,
// else the HTML without its tags. Attachments are left out, forwarded mails are in.
func bodyText(root *part) string {
	var b strings.Builder
	collectText(root, &b)
	return b.String()
}

func collectText(p *part, b *strings.Builder) {
	if p.media == "multipart/alternative" {
		if best := alternative(p); best != nil {
			collectText(best, b)
		}
		return
	}
	if len(p.parts) > 0 {
		for _, child := range p.parts {
			collectText(child, b)
		}
		return
	}
	if !p.inline() || p.media == "text/calendar" {
		return
	}
	text := p.data()
	if p.media == "text/html" {
		b.WriteString(htmlText(text))
	} else {
		b.Write(text)
	}
	b.WriteByte('\n')
}

// alternative picks text/plain when it says anything, else the last version that is not a calendar.
func alternative(p *part) *part {
	var last *part
	for _, child := range p.parts {
		if child.media == "text/plain" && len(bytes.TrimSpace(child.raw)) > 0 {
			return child
		}
		if child.media != "text/calendar" {
			last = child
		}
	}
	return last
}

// htmlText drops tags, styles and scripts. Hidden elements stay, as they do in Gmail's own snippets.
func htmlText(src []byte) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(src))
	skip := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if !skip {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			skip = skipped(z)
			b.WriteByte(' ')
		case html.EndTagToken:
			skip = false
			b.WriteByte(' ')
		case html.SelfClosingTagToken:
			b.WriteByte(' ')
		}
	}
}

func skipped(z *html.Tokenizer) bool {
	name, _ := z.TagName()
	switch string(name) {
	case "style", "script", "title", "head":
		return string(name) != "head"
	}
	return false
}

// snippet cuts the text to one line. Gmail escapes it for HTML, and so must this.
func snippet(text string) string {
	var b strings.Builder
	space, n := false, 0
	for i := 0; i < len(text) && n < snippetRunes; {
		r, w := utf8.DecodeRuneInString(text[i:])
		i += w
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' || r == '\u00a0' {
			space = n > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return snippetEscaper.Replace(b.String())
}

var snippetEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")
