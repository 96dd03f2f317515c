// Package mask reads the fields parameter of Google's APIs and filters JSON by it.
package mask

import "fmt"

// Mask says which fields of an object are wanted, by name; the name "*" stands for every field. A nil or empty mask
// means everything.
type Mask map[string]Mask

// Parse reads the grammar a,b(c,d),e/f,*. A dot separates like a slash.
func Parse(s string) (Mask, error) {
	p := parser{in: s}
	m, err := p.list()
	if err == nil && p.pos < len(s) {
		err = fmt.Errorf("unexpected %q at %d", s[p.pos], p.pos)
	}
	if err != nil {
		return nil, fmt.Errorf("malformed fields mask %q: %w", s, err)
	}
	return m, nil
}

type parser struct {
	in  string
	pos int
}

func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) list() (Mask, error) {
	m := Mask{}
	for {
		if err := p.path(m); err != nil {
			return nil, err
		}
		if p.peek() != ',' {
			return m, nil
		}
		p.pos++
	}
}

func (p *parser) path(into Mask) error {
	start := p.pos
	for isName(p.peek()) {
		p.pos++
	}
	if p.pos == start {
		return fmt.Errorf("a field name is missing at %d", p.pos)
	}
	name := p.in[start:p.pos]
	var below Mask
	switch p.peek() {
	case '/', '.':
		p.pos++
		below = Mask{}
		if err := p.path(below); err != nil {
			return err
		}
	case '(':
		p.pos++
		var err error
		if below, err = p.list(); err != nil {
			return err
		}
		if p.peek() != ')' {
			return fmt.Errorf("a closing parenthesis is missing at %d", p.pos)
		}
		p.pos++
	}
	into.add(name, below)
	return nil
}

// add joins below to what is wanted of name already; everything wins over a part.
func (m Mask) add(name string, below Mask) {
	old, seen := m[name]
	switch {
	case !seen:
		m[name] = below
	case len(old) == 0 || len(below) == 0:
		m[name] = nil
	default:
		for k, v := range below {
			old.add(k, v)
		}
	}
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '*' || c == '@' || c == '$'
}

// Filter returns the wanted parts of a decoded JSON value. A list is filtered item by item.
func (m Mask) Filter(v any) any {
	if len(m) == 0 {
		return v
	}
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = m.Filter(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if below, ok := m.of(k); ok {
				out[k] = below.Filter(x)
			}
		}
		return out
	}
	return v
}

// of returns the mask below the field name, and whether it is wanted at all.
func (m Mask) of(name string) (Mask, bool) {
	below, ok := m[name]
	star, all := m["*"]
	switch {
	case !ok:
		return star, all
	case !all || len(below) == 0:
		return below, true
	case len(star) == 0:
		return nil, true
	}
	both := Mask{}
	for _, x := range []Mask{below, star} {
		for k, v := range x {
			both.add(k, v)
		}
	}
	return both, true
}
