package mail

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What the converter makes of some HTML is out of all proportion to it: it fills every row of a table up to the widest,
// writes the marks of a quotation or a list before every line, those of headings and links around every line, and looks
// through the rest of the text at every bracket.

const (
	// maxCells is the most cells of all tables that are written as such, those included that only a span makes.
	maxCells = 20_000
	// maxMarks is how deep elements that are written with marks may lie within another.
	maxMarks = 12
	// maxBrackets is the most opening brackets in the text.
	maxBrackets = 5_000
)

// bounds counts what a tree holds of the above.
type bounds struct{ cells, brackets int }

// keep makes what is over the bounds into plain blocks. It returns false if that does not help. marks is how many marked
// elements lie around n.
func (b *bounds) keep(n *html.Node, marks int) bool {
	if n.Type == html.TextNode {
		if b.brackets += strings.Count(n.Data, "["); b.brackets > maxBrackets {
			return false
		}
	}
	switch n.DataAtom {
	case atom.Table:
		columns, rows := extent(n)
		if b.cells+columns*rows > maxCells {
			dissolve(n)
		} else {
			b.cells += columns * rows
		}
	case atom.Blockquote, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		if marks++; marks > maxMarks {
			n.Data, n.DataAtom, n.Attr = "div", atom.Div, nil
		}
	case atom.Li:
		if marks > maxMarks {
			n.Data, n.DataAtom, n.Attr = "div", atom.Div, nil
		}
	case atom.A, atom.B, atom.Strong, atom.I, atom.Em, atom.Code, atom.Tt, atom.Kbd, atom.Samp, atom.Var:
		if marks++; marks > maxMarks {
			n.Data, n.DataAtom, n.Attr = "span", atom.Span, nil
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if !b.keep(c, marks) {
			return false
		}
	}
	return true
}

// extent is how many columns and rows a table has with its spans, not counting those of tables within it.
func extent(n *html.Node) (columns, rows int) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		switch c.DataAtom {
		case atom.Thead, atom.Tbody, atom.Tfoot:
			w, h := extent(c)
			columns, rows = max(columns, w), rows+h
		case atom.Tr:
			width, height := 0, 1
			for cell := c.FirstChild; cell != nil; cell = cell.NextSibling {
				if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
					width += span(cell, "colspan")
					height = max(height, span(cell, "rowspan"))
				}
			}
			columns, rows = max(columns, width), rows+height
		}
	}
	return columns, rows
}

// span is how many columns or rows a cell takes.
func span(n *html.Node, name string) int {
	v := strings.TrimSpace(attr(n, name))
	if v == "" {
		return 1
	}
	number, err := strconv.Atoi(v)
	if err != nil {
		return maxCells + 1 // what cannot be read here may be a number to the converter
	}
	return min(max(number, 1), maxCells+1)
}
