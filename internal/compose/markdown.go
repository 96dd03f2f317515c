package compose

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// parser reads GitHub's Markdown. HTML within it is shown as it was typed, and does nothing.
var parser = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithHardWraps(),
		renderer.WithNodeRenderers(util.Prioritized(typed{}, 1))))
})

// What the parser makes of some Markdown is out of all proportion to it: it fills every row of a table up to the widest,
// tries every bracket against the others, and nests quotations and lists as deep as one asks.
const (
	maxCells    = 20_000
	maxBrackets = 5_000
	maxNesting  = 50
)

// simple refuses Markdown that would take long to read.
func simple(src []byte) error {
	columns, rows := 0, 0
	for line := range bytes.Lines(src) {
		trimmed := bytes.TrimSpace(line)
		if n := bytes.Count(trimmed, []byte("|")); n > 0 || rows > 0 && len(trimmed) > 0 {
			columns, rows = max(columns, n+1), rows+1
			if columns*rows > maxCells {
				return fmt.Errorf("a table of the Markdown has more than %d cells: make it smaller, or attach it as a file", maxCells)
			}
		} else {
			columns, rows = 0, 0
		}
		if nesting(trimmed) > maxNesting {
			return fmt.Errorf("the Markdown nests quotations or lists more than %d deep", maxNesting)
		}
	}
	if bytes.Count(src, []byte("[")) > maxBrackets {
		return fmt.Errorf("the Markdown has more than %d opening brackets", maxBrackets)
	}
	return nil
}

// nesting is how many marks of quotations and lists a line begins with.
func nesting(line []byte) (n int) {
	for _, b := range line {
		switch {
		case b == '>' || b == '-' || b == '*' || b == '+':
			n++
		case b != ' ' && b != '\t' && b != '.' && b != ')' && (b < '0' || b > '9'):
			return n
		}
	}
	return 0 // a line of nothing else is a rule, or nothing
}

// FromMarkdown returns the HTML and the plain text of a body that was written in Markdown.
func FromMarkdown(md string) (htmlBody, textBody string, err error) {
	src := []byte(strings.ReplaceAll(md, "\r\n", "\n"))
	if err := simple(src); err != nil {
		return "", "", err
	}
	doc := parser().Parser().Parse(text.NewReader(src))
	var b bytes.Buffer
	if err := parser().Renderer().Render(&b, src, doc); err != nil {
		return "", "", fmt.Errorf("rendering the Markdown: %w", err)
	}
	var plain plainText
	plain.blocks(doc, src, "")
	return "<div>" + strings.TrimSpace(b.String()) + "</div>", strings.TrimSpace(plain.String()) + "\n", nil
}

// typed renders HTML within Markdown as text.
type typed struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (typed) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.Write(util.EscapeHTML(n.(*ast.RawHTML).Segments.Value(src)))
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString("<p>")
			_, _ = w.Write(util.EscapeHTML(n.Lines().Value(src)))
		} else {
			_, _ = w.WriteString("</p>\n")
		}
		return ast.WalkContinue, nil
	})
}

// plainText writes a Markdown tree as people write plain text: no marks but those of lists and quotations.
type plainText struct{ strings.Builder }

// blocks writes the children of n, each line after prefix.
func (p *plainText) blocks(n ast.Node, src []byte, prefix string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.List:
			p.list(c, src, prefix)
		case *ast.Blockquote:
			p.blocks(c, src, prefix+"> ")
		case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
			p.lines(strings.TrimRight(string(c.Lines().Value(src)), "\n"), prefix)
		case *ast.ThematicBreak:
			p.lines("----", prefix)
		case *east.Table:
			for row := c.FirstChild(); row != nil; row = row.NextSibling() {
				var cells []string
				for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
					cells = append(cells, inline(cell, src))
				}
				fmt.Fprintf(p, "%s%s\n", prefix, strings.Join(cells, " | "))
			}
		default:
			p.lines(inline(c, src), prefix)
		}
		if c.NextSibling() != nil && c.Kind() != ast.KindTextBlock {
			fmt.Fprintf(p, "%s\n", strings.TrimRight(prefix, " "))
		}
	}
}

func (p *plainText) lines(s, prefix string) {
	for line := range strings.SplitSeq(s, "\n") {
		fmt.Fprintf(p, "%s\n", strings.TrimRight(prefix+line, " "))
	}
}

func (p *plainText) list(l *ast.List, src []byte, prefix string) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		var inner plainText
		inner.blocks(item, src, "")
		for i, line := range strings.Split(strings.TrimRight(inner.String(), "\n"), "\n") {
			lead := mark
			if i > 0 {
				lead = strings.Repeat(" ", len(mark))
			}
			fmt.Fprintf(p, "%s\n", strings.TrimRight(prefix+lead+line, " "))
		}
	}
}

// inline returns the text of a block without marks; a link says where it leads.
func inline(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Value(src))
			if c.SoftLineBreak() || c.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.AutoLink:
			b.Write(c.Label(src))
		case *ast.RawHTML:
			b.Write(c.Segments.Value(src))
		case *ast.Link:
			label := inline(c, src)
			b.WriteString(label)
			if to := string(c.Destination); to != label && to != "" {
				b.WriteString(" <" + to + ">")
			}
		case *ast.Image:
			b.WriteString(inline(c, src))
		case *east.TaskCheckBox:
			if c.IsChecked {
				b.WriteString("[x] ")
			} else {
				b.WriteString("[ ] ")
			}
		default:
			b.WriteString(inline(c, src))
		}
	}
	return b.String()
}

// policy is what HTML from a client may hold: nothing that runs, hides, or loads from elsewhere but pictures.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	p.AllowStyles("color", "background-color", "font-family", "font-size", "font-weight", "font-style", "text-align", "text-decoration", "padding", "margin", "border", "border-collapse", "line-height").Globally()
	return p
})

// CleanHTML returns HTML without what a mail must not hold: scripts, styles that hide, forms, frames.
func CleanHTML(s string) string { return policy().Sanitize(s) }
