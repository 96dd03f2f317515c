package page

import (
	"slices"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"postern/assets"
)

// node is a piece of HTML. Texts and the values of attributes are escaped by the functions that make one.
type node = g.Node

// view is a page that is ready to be written.
type view struct {
	title  string
	head   node              // further elements of the head, or nil
	state  node              // attributes of main, or nil
	main   []node            // one to a line
	script string            // ours alone: nothing that was said by a client stands in it
	status int               // of the answer
	header map[string]string // further headers
}

// document is the whole page. Style and script carry the nonce of the Content-Security-Policy.
func (v view) document(nonce string) node {
	main := append([]node{h.P(h.Class("name"), g.Raw(logo), g.Text("Postern"))}, v.main...)
	parts := []node{g.Group{v.state, lines(main...)}}
	if v.script != "" {
		parts = append(parts, h.Script(nonced(nonce), g.Raw(v.script)))
	}
	parts[0] = h.Main(parts[0])
	return h.Doctype(g.Group{g.Raw("\n"), h.HTML(h.Lang("en"), lines(
		h.Head(lines(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(h.Name("color-scheme"), h.Content("light dark")),
			h.Meta(h.Name("robots"), h.Content("noindex")),
			h.TitleEl(g.Text(v.title+" – Postern")),
			v.head,
			h.StyleEl(nonced(nonce), g.Raw("\n"+assets.PageStyle)),
		)),
		h.Body(lines(parts...)),
	))})
}

func nonced(nonce string) node { return g.Attr("nonce", nonce) }

// lines puts each node that there is on a line of its own.
func lines(nodes ...node) node {
	nodes = slices.DeleteFunc(nodes, func(n node) bool { return n == nil })
	all := make(g.Group, 0, 2*len(nodes)+1)
	for _, n := range nodes {
		all = append(all, g.Raw("\n"), n)
	}
	return append(all, g.Raw("\n"))
}

// The two pictures of the pages, drawn here because a page loads nothing.
const (
	logo = `<svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d="M3 23V10.500a9 9 0 0 1 18 0V23h-3V10.500a6 6 0 0 0-12 0V23z"/><path fill-rule="evenodd" d="M7.500 10.700A4.500 4.500 0 0 1 10 6.700l5 2.600V20l-7.500 3zM12.700 14a.9.9 0 1 0 0 1.800.9.9 0 0 0 0-1.800z"/></svg>`
	sign = `<svg viewBox="0 0 20 20" aria-hidden="true"><circle cx="10" cy="10" r="8.500"/><path d="M10 5.700v5.100M10 14v.3"/></svg>`
)

// text is a paragraph.
func text(s string, attributes ...node) node { return h.P(append(attributes, g.Text(s))...) }

// small is a paragraph of less weight.
func small(s string) node { return text(s, h.Class("small soft")) }

// aside is what stands beside a text in less weight; nothing for "".
func aside(s string) node {
	if s == "" {
		return nil
	}
	return g.Group{g.Text(" "), h.Span(h.Class("soft small"), g.Text(s))}
}

// warning is the box with warnings; nil if there are none.
func warning(all []string) node {
	if len(all) == 0 {
		return nil
	}
	return h.Div(h.Class("warn"), h.Role("note"), g.Raw(sign),
		h.Div(g.Map(all, func(s string) node { return text(s) })))
}

// fields are the hidden fields that every form of a page carries.
func (f Form) fields() node {
	field := func(name, value string) node {
		return h.Input(h.Type("hidden"), h.Name(name), h.Value(value))
	}
	return g.Group{field(FieldRequest, f.Request), field(FieldToken, f.Token)}
}

// post is a form. Its extra nodes may be attributes.
func (f Form) post(to string, nodes ...node) node {
	return h.Form(g.Group(nodes), h.Method("post"), h.Action(to))
}

// quoted is a name that somebody gave itself, kept from turning the text around it (bidi).
func quoted(name string) node {
	return g.Group{g.Text("“"), g.El("bdi", g.Text(name)), g.Text("”")}
}

// commands are lines for a terminal.
func commands(nodes ...node) node { return h.Pre(h.Code(nodes...)) }
