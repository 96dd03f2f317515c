// Package template matches request paths against the URI templates of Google's discovery documents.
package template

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Template is a parsed URI template: literal text, {name} (one path segment or a part of one) and {+name} (slashes too).
type Template struct {
	names   []string
	match   *regexp.Regexp
	literal int
}

var variable = regexp.MustCompile(`\{(\+?)([A-Za-z0-9_.]+)\}`)

// Parse reads a template without a leading slash, such as "gmail/v1/users/{userId}/messages/{id}".
func Parse(path string) (*Template, error) {
	t := &Template{}
	var expr strings.Builder
	expr.WriteString("^")
	rest := 0
	for _, m := range variable.FindAllStringSubmatchIndex(path, -1) {
		text := path[rest:m[0]]
		expr.WriteString(regexp.QuoteMeta(text))
		t.literal += len(text)
		if m[2] != m[3] {
			expr.WriteString("(.+?)")
		} else {
			expr.WriteString("([^/]+?)")
		}
		t.names = append(t.names, path[m[4]:m[5]])
		rest = m[1]
	}
	text := path[rest:]
	if strings.ContainsAny(text, "{}") {
		return nil, fmt.Errorf("malformed URI template %q", path)
	}
	expr.WriteString(regexp.QuoteMeta(text) + "$")
	t.literal += len(text)
	var err error
	t.match, err = regexp.Compile(expr.String())
	return t, err
}

// Match returns the variables of path, which is percent-encoded and has no leading slash; ok is false if it does not
// match or is badly encoded.
func (t *Template) Match(path string) (values map[string]string, ok bool) {
	m := t.match.FindStringSubmatch(path)
	if m == nil {
		return nil, false
	}
	values = make(map[string]string, len(t.names))
	for i, name := range t.names {
		v, err := url.PathUnescape(m[i+1])
		if err != nil {
			return nil, false
		}
		values[name] = v
	}
	return values, true
}

// Table finds by verb and path what was added under a template.
type Table[T any] struct {
	rows map[string][]row[T] // by verb, the most literal text first
}

type row[T any] struct {
	path     string
	template *Template
	value    T
}

// Add puts value under the verb and the template path. The same pair twice is an error.
func (t *Table[T]) Add(verb, path string, value T) error {
	parsed, err := Parse(path)
	if err != nil {
		return err
	}
	if t.rows == nil {
		t.rows = map[string][]row[T]{}
	}
	rows := t.rows[verb]
	if slices.ContainsFunc(rows, func(r row[T]) bool { return r.path == path }) {
		return fmt.Errorf("%s %s is there already", verb, path)
	}
	// A fresh slice, so that a table copied by value keeps its own rows.
	rows = append(slices.Clone(rows), row[T]{path, parsed, value})
	slices.SortStableFunc(rows, func(a, b row[T]) int { return b.template.literal - a.template.literal })
	t.rows[verb] = rows
	return nil
}

// Find returns what stands under verb and path (percent-encoded, without a leading slash) with the path's variables.
func (t *Table[T]) Find(verb, path string) (value T, values map[string]string, ok bool) {
	for _, r := range t.rows[verb] {
		if values, ok := r.template.Match(path); ok {
			return r.value, values, true
		}
	}
	return value, nil, false
}
