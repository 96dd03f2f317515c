package mail

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What a person does not see must not be read to a model: mails hide preview texts, and instructions, by style.

// invisible reports whether an element is hidden by its attributes, its own style or a class.
func invisible(n *html.Node, classes map[string]bool) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return true
		case "style":
			if hides(a.Val) {
				return true
			}
		case "class":
			for c := range strings.FieldsSeq(a.Val) {
				if classes[c] {
					return true
				}
			}
		case "color":
			if n.DataAtom == atom.Font && white(a.Val) {
				return true
			}
		}
	}
	return false
}

var zero = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^0*(\.0+)?(px|pt|em|rem|%|vh|vw)?$`) })

// hides reports whether CSS declarations make their element unseen.
func hides(style string) bool {
	d := declarations(style)
	switch {
	case d["display"] == "none", d["visibility"] == "hidden", d["visibility"] == "collapse", d["mso-hide"] == "all",
		nothing(d["opacity"]), nothing(d["font-size"]), nothing(d["max-height"]), nothing(d["max-width"]):
		return true
	case (nothing(d["height"]) || nothing(d["width"])) && d["overflow"] == "hidden":
		return true
	case strings.HasPrefix(d["clip"], "rect(0"), strings.HasPrefix(d["clip-path"], "inset(100%"), strings.HasPrefix(d["clip-path"], "inset(50%"):
		return true
	case d["position"] == "absolute" && (far(d["left"]) || far(d["top"])), far(d["text-indent"]):
		return true
	case d["color"] == "transparent":
		return true
	}
	back := d["background-color"]
	if back == "" {
		back = d["background"]
	}
	if color := d["color"]; color != "" {
		if back == "" {
			return false // white text may stand on a coloured ground above
		}
		return color == back || white(color) && white(back)
	}
	return tiny(d["font-size"])
}

func nothing(v string) bool { return v != "" && zero().MatchString(v) }

// tiny is a size that nobody reads.
func tiny(v string) bool {
	n, err := strconv.ParseFloat(strings.TrimSuffix(v, "px"), 64)
	return err == nil && n <= 1 && strings.HasSuffix(v, "px")
}

// far is a place outside of every screen.
func far(v string) bool {
	n, err := strconv.ParseFloat(strings.TrimRight(v, "pxemrt%"), 64)
	return err == nil && n <= -500
}

func white(v string) bool {
	switch strings.ReplaceAll(strings.ToLower(strings.TrimSpace(v)), " ", "") {
	case "#fff", "#ffffff", "white", "rgb(255,255,255)", "#fefefe":
		return true
	}
	return false
}

// declarations reads a style attribute.
func declarations(style string) map[string]string {
	out := map[string]string{}
	for one := range strings.SplitSeq(style, ";") {
		name, value, ok := strings.Cut(one, ":")
		if !ok {
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		value = strings.TrimSpace(strings.TrimSuffix(value, "!important"))
		out[strings.ToLower(strings.TrimSpace(name))] = value
	}
	return out
}

var (
	cssComment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)/\*.*?\*/`) })
	cssRule    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`([^{}]+)\{([^{}]*)\}`) })
	cssClass   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[a-zA-Z]+)?\.([A-Za-z0-9_-]+)$`) })
)

// hiddenClasses returns the classes that the mail's own style sheets hide. Rules for small screens count only if they
// stand outside of @media.
func hiddenClasses(doc *html.Node) map[string]bool {
	out := map[string]bool{}
	var walk func(*html.Node, int)
	walk = func(n *html.Node, depth int) {
		if depth > 2*maxNesting {
			return
		}
		if n.DataAtom == atom.Style && n.FirstChild != nil {
			for _, rule := range cssRule().FindAllStringSubmatch(withoutMedia(cssComment().ReplaceAllString(n.FirstChild.Data, "")), -1) {
				if !hides(rule[2]) {
					continue
				}
				for selector := range strings.SplitSeq(rule[1], ",") {
					if m := cssClass().FindStringSubmatch(strings.TrimSpace(selector)); m != nil {
						out[m[1]] = true
					}
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1)
		}
	}
	walk(doc, 0)
	return out
}

// withoutMedia leaves out @media blocks.
func withoutMedia(css string) string {
	var b strings.Builder
	for {
		i := strings.Index(css, "@media")
		if i < 0 {
			b.WriteString(css)
			return b.String()
		}
		b.WriteString(css[:i])
		css = css[i:]
		depth, end := 0, len(css)
		for j := 0; j < len(css); j++ {
			if css[j] == '{' {
				depth++
			}
			if css[j] == '}' {
				if depth--; depth == 0 {
					end = j + 1
					break
				}
			}
		}
		css = css[end:]
	}
}
