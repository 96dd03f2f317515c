package mail

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxPictures is how many addresses of pictures are told.
const maxPictures = 100

// Plain returns what a person sees of HTML as plain text, made of the HTML itself and not by way of another language:
// every visible letter is in it. Links say where they lead. pictures are the addresses that are loaded from elsewhere
// when somebody reads it.
func Plain(src []byte) (text string, pictures []string) {
	if len(src) > maxHTML {
		return plainText(src), nil
	}
	doc, err := html.Parse(bytes.NewReader(bytes.ToValidUTF8(src, []byte("\uFFFD"))))
	if err != nil || !uncover(doc, hiddenClasses(doc), 0) {
		return plainText(src), nil
	}
	var p plainWriter
	p.walk(doc)
	p.endLine()
	return blankLines().ReplaceAllString(strings.Trim(p.out.String(), "\n"), "\n\n"), p.pictures
}

// plainWriter writes a tree as people write plain text.
type plainWriter struct {
	out      strings.Builder
	line     strings.Builder // that is being written, without what stands before it
	space    bool            // a space is due before the next word
	gap      bool            // an empty line is due before the next line
	before   []string        // what stands before each line: marks of quotations, and room below those of lists
	mark     string          // of the list item that begins here, in the place of the last of before
	pre      int             // how many elements around keep their white space
	pictures []string
}

func (p *plainWriter) walk(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		p.text(n.Data)
		return
	case html.ElementNode:
		p.element(n)
		return
	}
	p.children(n)
}

func (p *plainWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.walk(c)
	}
}

func (p *plainWriter) element(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		p.breakLine()
	case atom.Hr:
		p.endLine()
		p.line.WriteString("----")
		p.endLine()
	case atom.Img:
		p.picture(n)
	case atom.A:
		from := p.line.Len()
		p.children(n)
		p.leads(attr(n, "href"), from)
	case atom.Blockquote:
		p.within(n, "> ")
	case atom.Ul, atom.Ol:
		p.list(n)
	case atom.Tr:
		p.endLine()
		p.row(n)
		p.endLine()
	case atom.Pre:
		p.paragraph()
		p.pre++
		p.children(n)
		p.pre--
		p.paragraph()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Dl, atom.Figure:
		p.paragraph()
		p.children(n)
		p.paragraph()
	case atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Center, atom.Li, atom.Dt, atom.Dd, atom.Caption,
		atom.Address, atom.Figcaption, atom.Details, atom.Summary, atom.Thead, atom.Tbody, atom.Tfoot, atom.Body:
		p.endLine()
		p.children(n)
		p.endLine()
	default:
		p.children(n)
	}
}

// text writes words, with one space where there is any.
func (p *plainWriter) text(s string) {
	if p.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				p.breakLine()
			}
			p.line.WriteString(line)
		}
		return
	}
	for i, word := range strings.FieldsFunc(s, space) {
		if i > 0 || space(rune(s[0])) {
			p.space = true
		}
		if p.space && p.line.Len() > 0 {
			p.line.WriteByte(' ')
		}
		p.space = false
		p.line.WriteString(word)
	}
	if s != "" && space(rune(s[len(s)-1])) {
		p.space = true
	}
}

// space is what HTML folds. A no-break space stays.
func space(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

// endLine ends the line, if anything stands in it.
func (p *plainWriter) endLine() {
	if p.line.Len() > 0 {
		p.breakLine()
	}
	p.space = false
}

// breakLine ends the line, also an empty one.
func (p *plainWriter) breakLine() {
	if p.gap && p.out.Len() > 0 && p.line.Len() > 0 {
		p.write("")
	}
	p.gap = p.gap && p.line.Len() == 0
	p.write(p.line.String())
	p.line.Reset()
	p.space = false
}

// maxBefore is how many marks stand before a line at most: a mail can nest more of them than it has letters.
const maxBefore = maxMarks

func (p *plainWriter) write(line string) {
	var b strings.Builder
	marks := p.before[:min(len(p.before), maxBefore)]
	for i, m := range marks {
		if i == len(p.before)-1 && p.mark != "" && line != "" {
			m, p.mark = p.mark, ""
		}
		b.WriteString(m)
	}
	p.out.WriteString(strings.TrimRight(b.String()+line, " ") + "\n")
}

// paragraph ends the line, and wants an empty one before the next.
func (p *plainWriter) paragraph() {
	p.endLine()
	p.gap = true
}

// within writes the children of n, each line behind a mark.
func (p *plainWriter) within(n *html.Node, mark string) {
	p.paragraph()
	p.gap = false
	if p.out.Len() > 0 {
		p.write("")
	}
	p.before = append(p.before, mark)
	p.children(n)
	p.endLine()
	p.before = p.before[:len(p.before)-1]
	p.gap = true
}

// list writes a list; what stands in it outside of its items is written, too.
func (p *plainWriter) list(n *html.Node) {
	if len(p.before) == 0 {
		p.paragraph()
	}
	p.endLine()
	number := 1
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom != atom.Li {
			p.walk(c)
			continue
		}
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		p.endLine()
		if outer := p.mark; outer != "" { // an item that begins with a list has a line of its own
			p.line.WriteString("\u00a0")
			p.endLine()
		}
		p.before = append(p.before, strings.Repeat(" ", len(mark)))
		p.mark = mark
		p.children(c)
		p.endLine()
		p.before, p.mark = p.before[:len(p.before)-1], ""
	}
	p.endLine()
	if len(p.before) == 0 {
		p.gap = true
	}
}

// row writes the cells of a table's row in one line.
func (p *plainWriter) row(n *html.Node) {
	first := true
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			if !first && p.line.Len() > 0 {
				p.line.WriteString(" | ")
				p.space = false
			}
			first = false
		}
		if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
			p.children(c)
			continue
		}
		p.walk(c)
	}
}

// leads says where a link leads, unless its text from there on does.
func (p *plainWriter) leads(to string, from int) {
	to = strings.TrimSpace(to)
	label := p.line.String()
	if from <= len(label) {
		label = strings.TrimSpace(label[from:])
	}
	if to == "" || strings.HasPrefix(to, "#") || strings.EqualFold(label, to) || strings.EqualFold("mailto:"+label, to) {
		return
	}
	p.text(" <" + to + ">")
}

// picture says what a picture is, and remembers where it is loaded from.
func (p *plainWriter) picture(n *html.Node) {
	src := strings.TrimSpace(attr(n, "src"))
	switch lower := strings.ToLower(src); {
	case src == "", strings.HasPrefix(lower, "cid:"), strings.HasPrefix(lower, "data:"):
	default:
		if len(p.pictures) < maxPictures {
			p.pictures = append(p.pictures, src)
		}
	}
	label := "[picture]"
	if alt := strings.TrimSpace(attr(n, "alt")); alt != "" {
		label = "[picture: " + alt + "]"
	}
	p.text(label)
}
