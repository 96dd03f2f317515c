package mail

import (
	"bytes"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// VisibleHTML returns HTML without the elements that a person does not see: hidden ones, scripts, style sheets, comments
// and pixels that count readers. Pictures stay, whether or not they are described. ok is false for HTML that is too large
// or nested too deeply to be judged.
func VisibleHTML(src []byte) (out []byte, ok bool) {
	if len(src) > maxHTML {
		return nil, false
	}
	doc, err := html.Parse(bytes.NewReader(bytes.ToValidUTF8(src, []byte("\uFFFD"))))
	if err != nil || !uncover(doc, hiddenClasses(doc), 0) {
		return nil, false
	}
	var b bytes.Buffer
	if err := html.Render(&b, doc); err != nil {
		return nil, false
	}
	return b.Bytes(), true
}

// uncover takes out of the tree what is not seen. It returns false if the tree is nested too deeply.
func uncover(n *html.Node, hidden map[string]bool, depth int) bool {
	if depth > maxNesting {
		return false
	}
	for child := n.FirstChild; child != nil; {
		next := child.NextSibling
		switch {
		case child.Type == html.CommentNode:
			n.RemoveChild(child)
		case child.Type == html.ElementNode && (invisible(child, hidden) || child.DataAtom != atom.Img && unread(child) || pixels(attr(child, "width")) == 1 && pixels(attr(child, "height")) == 1):
			n.RemoveChild(child)
		default:
			if !uncover(child, hidden, depth+1) {
				return false
			}
		}
		child = next
	}
	return true
}
