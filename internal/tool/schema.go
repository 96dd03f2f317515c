package tool

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// profileArgument is the name of the argument that every Google tool takes and no input struct declares.
const profileArgument = "profile"

// inputSchema is the JSON Schema of a tool's arguments, as shown and as checked.
type inputSchema struct {
	json     json.RawMessage
	schema   *jsonschema.Schema
	resolved func() *jsonschema.Resolved // for validating; made when a call first needs it
	names    []string                    // of the properties, in order
}

// schemaOf derives the schema of In, a struct. Beside the json and jsonschema tags (name and description) a field may
// have the tags enum:"a,b", default:"v", min:"1", max:"50", maxLen:"2000" (characters) and maxItems:"1000". It panics on a type that no schema can
// describe: a fault in the program, found by its first test.
func schemaOf[In any](tool string, google, all bool) *inputSchema {
	s, err := jsonschema.For[In](nil)
	if err != nil {
		panic(fmt.Sprintf("tool %s: %v", tool, err))
	}
	tighten(s, reflect.TypeFor[In]())
	if google {
		if s.Properties == nil {
			s.Properties = map[string]*jsonschema.Schema{}
		}
		d := "Profile (name or email) to act as; omit for this client's default."
		if all {
			d = `Profile (name or email) to act as, or "all"; omit for this client's default.`
		}
		s.Properties[profileArgument] = &jsonschema.Schema{Type: "string", Description: d}
		s.PropertyOrder = append(s.PropertyOrder, profileArgument)
	}
	s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(fmt.Sprintf("tool %s: %v", tool, err))
	}
	resolved := sync.OnceValue(func() *jsonschema.Resolved {
		r, err := s.Resolve(nil)
		if err != nil {
			panic(fmt.Sprintf("tool %s: %v", tool, err))
		}
		return r
	})
	return &inputSchema{json: raw, schema: s, resolved: resolved, names: slices.Clone(s.PropertyOrder)}
}

// tighten applies the field tags to the schema of t, and takes "null" out of its types: an absent argument is absent.
func tighten(s *jsonschema.Schema, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice {
			s = s.Items
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || s == nil {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.Properties[name]
		if p == nil || name == "" {
			continue
		}
		if i := slices.Index(p.Types, "null"); i >= 0 && len(p.Types) == 2 {
			p.Type, p.Types = p.Types[1-i], nil
		}
		target := p
		if p.Items != nil {
			target = p.Items
		}
		if v, ok := f.Tag.Lookup("enum"); ok {
			for e := range strings.SplitSeq(v, ",") {
				target.Enum = append(target.Enum, e)
			}
		}
		if v, ok := f.Tag.Lookup("default"); ok {
			p.Default = literal(p.Type, v)
		}
		number(f.Tag.Get("min"), &target.Minimum)
		number(f.Tag.Get("max"), &target.Maximum)
		if n, err := strconv.Atoi(f.Tag.Get("maxItems")); err == nil {
			p.MaxItems = &n
		}
		if n, err := strconv.Atoi(f.Tag.Get("maxLen")); err == nil {
			target.MaxLength = &n
		}
		tighten(p, f.Type)
	}
}

func number(tag string, into **float64) {
	if f, err := strconv.ParseFloat(tag, 64); err == nil {
		*into = &f
	}
}

func literal(typ, v string) json.RawMessage {
	if typ == "string" {
		b, _ := json.Marshal(v)
		return b
	}
	return json.RawMessage(v)
}

// check reports, in words for the model, what is wrong with the arguments.
func (s *inputSchema) check(args map[string]any) error {
	for name := range args {
		if !slices.Contains(s.names, name) {
			if len(s.names) == 0 {
				return Errorf("invalid_argument", "unknown argument %q: this tool takes none", name)
			}
			return Errorf("invalid_argument", "unknown argument %q: this tool takes %s", name, strings.Join(s.names, ", "))
		}
	}
	for _, name := range s.schema.Required {
		if _, ok := args[name]; !ok {
			return Errorf("invalid_argument", "argument %q is missing: %s", name, s.schema.Properties[name].Description)
		}
	}
	for _, name := range s.names {
		v, ok := args[name]
		if !ok {
			continue
		}
		if err := s.checkOne(name, v); err != nil {
			return err
		}
	}
	if err := s.resolved().Validate(args); err != nil {
		return Errorf("invalid_argument", "the arguments do not fit the tool's schema: %s", clip(err.Error(), 300))
	}
	return nil
}

func (s *inputSchema) checkOne(name string, v any) error {
	p := s.schema.Properties[name]
	if want := p.Type; want != "" && !isType(v, want) {
		return Errorf("invalid_argument", "argument %q must be %s, not %s", name, article(want), clip(show(v), 60))
	}
	if text, ok := v.(string); ok && p.MaxLength != nil && utf8.RuneCountInString(text) > *p.MaxLength {
		return Errorf("invalid_argument", "argument %q has %d characters, the most is %d", name, utf8.RuneCountInString(text), *p.MaxLength)
	}
	if list, ok := v.([]any); ok {
		if p.MaxItems != nil && len(list) > *p.MaxItems {
			return Errorf("invalid_argument", "argument %q has %d items, the most is %d: split the call", name, len(list), *p.MaxItems)
		}
		for i, e := range list {
			if p.Items != nil && p.Items.Type != "" && !isType(e, p.Items.Type) {
				return Errorf("invalid_argument", "argument %q, item %d must be %s, not %s", name, i+1, article(p.Items.Type), clip(show(e), 60))
			}
		}
	}
	if n, ok := v.(float64); ok {
		if p.Minimum != nil && n < *p.Minimum || p.Maximum != nil && n > *p.Maximum {
			return Errorf("invalid_argument", "argument %q is %v, it must be %s", name, n, span(p))
		}
	}
	if len(p.Enum) > 0 && !slices.Contains(p.Enum, v) {
		return Errorf("invalid_argument", "argument %q is %s, it must be one of %s", name, clip(show(v), 60), show(p.Enum))
	}
	return nil
}

func span(p *jsonschema.Schema) string {
	switch {
	case p.Minimum == nil:
		return fmt.Sprintf("at most %v", *p.Maximum)
	case p.Maximum == nil:
		return fmt.Sprintf("at least %v", *p.Minimum)
	}
	return fmt.Sprintf("from %v to %v", *p.Minimum, *p.Maximum)
}

func isType(v any, want string) bool {
	switch v := v.(type) {
	case string:
		return want == "string"
	case bool:
		return want == "boolean"
	case float64:
		return want == "number" || want == "integer" && v == float64(int64(v))
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	}
	return false
}

func article(typ string) string {
	switch typ {
	case "integer", "array", "object":
		return "an " + typ
	}
	return "a " + typ
}

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return string(b)
}

// clip cuts s to at most n runes.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// arguments reads a call's arguments: an object, without the members that are null.
func arguments(raw json.RawMessage) (map[string]any, error) {
	m := map[string]any{}
	if len(raw) == 0 || string(raw) == "null" {
		return m, nil
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, Errorf("invalid_argument", "the arguments are not a JSON object")
	}
	for k, v := range m {
		if v == nil {
			delete(m, k)
		}
	}
	return m, nil
}

// decode reads checked arguments into the tool's input struct.
func decode[In any](args json.RawMessage) (In, error) {
	var in In
	if err := json.Unmarshal(args, &in); err != nil {
		return in, Errorf("invalid_argument", "reading the arguments: %s", clip(err.Error(), 300))
	}
	return in, nil
}
