package mail

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// maxHTML is the most bytes of HTML that are converted; what is longer is read as text without its structure.
	maxHTML = 1 << 20
	// maxNesting is how deep elements may lie within another before the structure is given up: converters recurse.
	maxNesting = 200
)

var markdown = sync.OnceValue(func() *converter.Converter {
	return converter.NewConverter(converter.WithPlugins(base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin(table.WithCellPaddingBehavior(table.CellPaddingBehaviorNone))))
})

// HTMLToMarkdown returns what a person sees of an HTML mail, as Markdown: hidden elements, tracking pixels, styles and
// scripts are left out, tables that only lay out the page are dissolved. Without quoted, the history and the
// signature are left out.
func HTMLToMarkdown(src []byte, quoted bool) string {
	if len(src) > maxHTML {
		return plainText(src)
	}
	doc, err := html.Parse(bytes.NewReader(bytes.ToValidUTF8(src, []byte("\uFFFD"))))
	if err != nil {
		return plainText(src)
	}
	hidden := hiddenClasses(doc)
	if !prune(doc, hidden, quoted, 0) {
		return plainText(src)
	}
	if !new(bounds).keep(doc, 0) {
		return plainText(src)
	}
	out, err := markdown().ConvertNode(doc)
	if err != nil {
		return plainText(src)
	}
	text := blankLines().ReplaceAllString(strings.TrimSpace(string(out)), "\n\n")
	if !quoted {
		text = StripQuoted(text)
	}
	return text
}

var blankLines = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\n[ \t\x{a0}]*\n([ \t\x{a0}]*\n)+`) })

// prune takes out of the tree what is not seen. It returns false if the tree is nested too deeply.
func prune(n *html.Node, hidden map[string]bool, quoted bool, depth int) bool {
	if depth > maxNesting {
		return false
	}
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		switch {
		case child.Type == html.CommentNode, child.Type == html.ElementNode && (unread(child) || invisible(child, hidden) || !quoted && history(child)):
			n.RemoveChild(child)
		default:
			if !prune(child, hidden, quoted, depth+1) {
				return false
			}
			if child.DataAtom == atom.Table && layout(child) {
				dissolve(child)
			}
		}
		child = next
	}
	return true
}

// unread reports elements that hold nothing to read.
func unread(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Title, atom.Meta, atom.Link, atom.Object, atom.Embed, atom.Iframe, atom.Noscript, atom.Template, atom.Svg, atom.Base, atom.Input, atom.Select, atom.Textarea:
		return true
	case atom.Img:
		return picture(n)
	}
	return false
}

// picture reports whether an image says nothing: a pixel that counts readers, or one without a description.
func picture(n *html.Node) bool {
	if strings.TrimSpace(attr(n, "alt")) == "" {
		return true
	}
	return pixels(attr(n, "width")) == 1 || pixels(attr(n, "height")) == 1
}

func pixels(v string) int {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(v), "px"))
	if err != nil {
		return -1
	}
	return n
}

// history reports elements that hold the quoted mail or the signature, as Gmail, Outlook, Yahoo and Thunderbird mark them.
// A forwarded mail is no history: it is what the mail is about.
func history(n *html.Node) bool {
	class, id := " "+attr(n, "class")+" ", attr(n, "id")
	switch {
	case strings.Contains(class, " gmail_quote "), strings.Contains(class, " gmail_quote_container "), strings.Contains(class, " yahoo_quoted "),
		strings.Contains(class, " moz-cite-prefix "), id == "divRplyFwdMsg", id == "appendonsend", n.DataAtom == atom.Blockquote && attr(n, "type") == "cite":
		return !forwards(n)
	case strings.Contains(class, " gmail_signature "), strings.Contains(class, " moz-signature "), id == "Signature":
		return true
	}
	return false
}

func forwards(n *html.Node) bool {
	return forwardMark().MatchString(textOf(n, 500))
}

// dissolve makes a table into plain blocks, so that it does not become a Markdown table.
func dissolve(n *html.Node) {
	var walk func(*html.Node)
	walk = func(x *html.Node) {
		switch x.DataAtom {
		case atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Tr, atom.Td, atom.Th, atom.Caption, atom.Colgroup:
			x.Data, x.DataAtom, x.Attr = "div", atom.Div, nil
		case atom.Col:
			x.Data, x.DataAtom, x.Attr = "span", atom.Span, nil
		}
		for c := x.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom != atom.Table { // an inner one was judged already
				walk(c)
			}
		}
	}
	walk(n)
}

// layout reports whether a table only places things: it says so, holds blocks or other tables, or has a single column.
func layout(n *html.Node) bool {
	if role := attr(n, "role"); role == "presentation" || role == "none" {
		return true
	}
	blocks := false
	var walk func(*html.Node)
	walk = func(x *html.Node) {
		switch x.DataAtom {
		case atom.H1, atom.H2, atom.H3, atom.Ul, atom.Ol, atom.Blockquote, atom.Pre, atom.Table, atom.Div:
			blocks = blocks || x != n
		}
		for c := x.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	columns, _ := extent(n)
	return blocks || columns < 2
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf returns the text of an element, about the first n bytes.
func textOf(n *html.Node, limit int) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(x *html.Node) {
		if b.Len() > limit {
			return
		}
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
		for c := x.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return b.String()
}

// plainText drops the tags of HTML in one pass, without a tree: it copes with any size and depth. Elements that are
// hidden by their own style are left out with what is in them.
func plainText(src []byte) string {
	var b strings.Builder
	z := html.NewTokenizer(bytes.NewReader(bytes.ToValidUTF8(src, []byte("\uFFFD"))))
	var skipped []string       // open elements that are not seen
	within := map[string]int{} // how many of those there are, by name
	for {
		switch z.Next() {
		case html.ErrorToken:
			return blankLines().ReplaceAllString(strings.TrimSpace(b.String()), "\n\n")
		case html.TextToken:
			if len(skipped) == 0 {
				b.Write(z.Text())
			}
		case html.StartTagToken:
			t := z.Token()
			n := &html.Node{Type: html.ElementNode, Data: t.Data, DataAtom: t.DataAtom, Attr: t.Attr}
			if voidElement(t.DataAtom) {
				if t.DataAtom == atom.Br && len(skipped) == 0 {
					b.WriteByte('\n')
				}
				continue
			}
			if len(skipped) > 0 || unread(n) || invisible(n, nil) {
				if len(skipped) > 10_000 {
					continue
				}
				skipped = append(skipped, t.Data)
				within[t.Data]++
			} else if block(t.DataAtom) {
				b.WriteByte('\n')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			for closing := within[string(name)] > 0; closing; {
				last := skipped[len(skipped)-1]
				skipped = skipped[:len(skipped)-1]
				within[last]--
				closing = last != string(name)
			}
			if len(skipped) == 0 && block(atom.Lookup(name)) {
				b.WriteByte('\n')
			}
		}
	}
}

func voidElement(a atom.Atom) bool {
	switch a {
	case atom.Br, atom.Img, atom.Hr, atom.Meta, atom.Link, atom.Input, atom.Col, atom.Base, atom.Embed, atom.Wbr, atom.Area, atom.Source, atom.Track:
		return true
	}
	return false
}

func block(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Tr, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4, atom.Table, atom.Ul, atom.Ol, atom.Blockquote, atom.Pre:
		return true
	}
	return false
}
