package gmail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The search language: https://support.google.com/mail/answer/7190. Terms side by side must all match; OR binds tighter
// than that, {a b} is a OR b, ( ) groups, - negates, op:(a b) applies the operator to each term of the group.

// node is a parsed query.
type node struct {
	kind  nodeKind
	op    string // operator in lower case, only of a term; "" is a plain word or phrase
	value string
	kids  []*node
}

type nodeKind int

const (
	allOf nodeKind = iota // matches everything when it has no kids
	anyOf
	not
	term
)

// operators lists what stands before a colon with a meaning; any other word with a colon is just words.
var operators = map[string]bool{
	"from": true, "to": true, "cc": true, "bcc": true, "subject": true, "label": true, "in": true, "is": true, "has": true,
	"filename": true, "list": true, "after": true, "before": true, "older": true, "newer": true, "older_than": true,
	"newer_than": true, "larger": true, "smaller": true, "size": true, "category": true, "rfc822msgid": true,
	"deliveredto": true,
}

// queryDepth bounds brackets within brackets.
const queryDepth = 60

// parseQuery never fails: like Gmail it makes the best of unbalanced brackets and quotes.
func parseQuery(q string) *node {
	p := &queryParser{rest: q}
	root := &node{kind: allOf}
	for {
		n := p.sequence(0, "")
		root.kids = append(root.kids, n.kids...)
		if p.rest == "" {
			return root
		}
		p.rest = p.rest[1:] // a closing bracket that nothing opened
	}
}

type queryParser struct {
	rest  string
	depth int
}

// sequence reads terms up to the closing bracket or the end; op is the operator that the group belongs to.
func (p *queryParser) sequence(closer byte, op string) *node {
	out := &node{kind: allOf}
	or := false
	for {
		p.space()
		if p.rest == "" {
			return out
		}
		if c := p.rest[0]; c == ')' || c == '}' {
			if closer != 0 {
				p.rest = p.rest[1:]
			}
			return out
		}
		if p.keyword("OR") {
			or = len(out.kids) > 0
			continue
		}
		if p.keyword("AND") {
			continue
		}
		if p.keyword("AROUND") {
			p.space()
			p.take(isDigit)
			continue
		}
		n := p.unit(op)
		if n == nil {
			continue
		}
		if or {
			last := out.kids[len(out.kids)-1]
			if last.kind == anyOf && last.value == "OR" {
				last.kids = append(last.kids, n)
			} else {
				out.kids[len(out.kids)-1] = &node{kind: anyOf, value: "OR", kids: []*node{last, n}}
			}
		} else {
			out.kids = append(out.kids, n)
		}
		or = false
	}
}

// unit reads one term, group or negation.
func (p *queryParser) unit(op string) *node {
	c := p.rest[0]
	switch {
	case c == '-' || c == '+':
		p.rest = p.rest[1:]
		if p.rest == "" || strings.IndexByte(" \t)}", p.rest[0]) >= 0 {
			return nil
		}
		n := p.unit(op)
		if n == nil || c == '+' {
			return n
		}
		return &node{kind: not, kids: []*node{n}}
	case c == '(' || c == '{':
		return p.group(op)
	case c == '"':
		return newTerm(op, p.quoted())
	}
	word := p.take(func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(`(){}":`, r) })
	if !strings.HasPrefix(p.rest, ":") {
		if word == "" {
			_, w := utf8.DecodeRuneInString(p.rest)
			p.rest = p.rest[w:]
			return nil
		}
		return newTerm(op, word)
	}
	if name := strings.ToLower(word); operators[name] {
		p.rest = p.rest[1:]
		p.space() // "from: ann" is what people type
		if p.rest == "" || p.rest[0] == ')' || p.rest[0] == '}' {
			return nil
		}
		switch p.rest[0] {
		case '(', '{':
			return p.group(name)
		case '"':
			return newTerm(name, p.quoted())
		}
		return newTerm(name, p.take(func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(`(){}"`, r) }))
	}
	word += p.take(func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(`(){}"`, r) })
	return newTerm(op, word)
}

func (p *queryParser) group(op string) *node {
	open := p.rest[0]
	p.rest = p.rest[1:]
	if p.depth >= queryDepth {
		return nil
	}
	p.depth++
	n := p.sequence(')', op)
	p.depth--
	if open == '{' {
		n.kind = anyOf
	}
	if len(n.kids) == 0 {
		return nil
	}
	return n
}

func newTerm(op, value string) *node {
	value = strings.TrimSpace(value)
	if value == "" {
		return nil
	}
	return &node{kind: term, op: op, value: value}
}

func (p *queryParser) quoted() string {
	text, rest, _ := strings.Cut(p.rest[1:], `"`)
	p.rest = rest
	return text
}

func (p *queryParser) space() { p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace) }

func (p *queryParser) take(ok func(rune) bool) string {
	end := strings.IndexFunc(p.rest, func(r rune) bool { return !ok(r) })
	if end < 0 {
		end = len(p.rest)
	}
	word := p.rest[:end]
	p.rest = p.rest[end:]
	return word
}

// keyword takes an upper-case word that stands alone.
func (p *queryParser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.rest, word)
	if !ok || rest != "" && !unicode.IsSpace(rune(rest[0])) && !strings.ContainsRune(`(){}"`, rune(rest[0])) {
		return false
	}
	p.rest = rest
	return true
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }
