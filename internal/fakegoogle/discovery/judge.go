package discovery

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/mask"
)

// knownNoise is what the documents say that Google itself does not hold to.
var knownNoise = []string{
	"drive.permissions.create: request.emailAddress is read-only",
	"gmail.users.labels.create: request.messageListVisibility is missing",
	"gmail.users.labels.create: request.labelListVisibility is missing",
}

// Judge returns what is wrong with a call or its answer, in words; nothing if both keep to the document.
func (d *Document) Judge(x fakegoogle.Exchange) []string {
	path := strings.TrimPrefix(x.Request.URL.EscapedPath(), "/")
	verb := x.Request.Method
	if x.Uploaded && verb == http.MethodPut {
		verb = http.MethodPost // a chunk of an upload that was begun with POST
	}
	m, values, ok := d.table.Find(verb, path)
	if !ok {
		if byID := d.byID[x.Method]; x.Uploaded && byID != nil {
			m, values, ok = byID, map[string]string{}, true
		}
	}
	if !ok {
		return []string{fmt.Sprintf("%s has no method %s %s", d.ID, verb, x.Request.URL.Path)}
	}
	j := &judgement{doc: d, method: m, uploaded: x.Uploaded}
	if x.Method != "" && x.Method != m.ID {
		j.say("was served as %s", x.Method)
	}
	j.parameters(values, x.Request.URL.Query(), x.Uploaded)
	j.scopes(x)
	if m.Request != nil && len(x.Body) > 0 && x.Status < 400 {
		j.body("request", &Schema{Ref: m.Request.Ref}, x.Body, true)
	} else if m.Request == nil && len(x.Body) > 0 && !x.Uploaded {
		j.say("takes no body")
	}
	if x.Status/100 == 2 && x.Request.URL.Query().Get("alt") != "media" {
		j.answer(x)
	}
	return slices.DeleteFunc(j.found, func(s string) bool { return slices.Contains(knownNoise, s) })
}

type judgement struct {
	doc      *Document
	method   *Method
	uploaded bool // what the metadata lacks is in the media
	found    []string
}

func (j *judgement) say(format string, args ...any) {
	j.found = append(j.found, j.method.ID+": "+fmt.Sprintf(format, args...))
}

func (j *judgement) parameters(path map[string]string, query url.Values, uploaded bool) {
	for name, p := range j.method.Parameters {
		if p.Required && p.Location == "query" && !query.Has(name) {
			j.say("the parameter %s is missing", name)
		}
	}
	for name, value := range path {
		if p, ok := j.method.Parameters[name]; ok {
			j.scalar("parameter "+name, p.Type, p.Format, p.Enum, value)
		}
	}
	for name, list := range query {
		if uploaded && (name == "uploadType" || name == "upload_id") {
			continue
		}
		p, ok := j.method.Parameters[name]
		if !ok || p.Location != "query" {
			if p, ok = j.doc.Parameters[name]; !ok {
				j.say("there is no parameter %s", name)
				continue
			}
		}
		if len(list) > 1 && !p.Repeated {
			j.say("the parameter %s stands more than once", name)
		}
		for _, value := range list {
			j.scalar("parameter "+name, p.Type, p.Format, p.Enum, value)
		}
	}
	if fields := query.Get("fields"); fields != "" && j.method.Response != nil {
		m, err := mask.Parse(fields)
		if err != nil {
			j.say("%v", err)
			return
		}
		j.mask("", m, j.doc.Schemas[j.method.Response.Ref])
	}
}

// mask checks that every field of a mask exists.
func (j *judgement) mask(at string, m mask.Mask, s *Schema) {
	s = j.resolve(s)
	for s != nil && s.Type == "array" {
		s = j.resolve(s.Items)
	}
	for name, below := range m {
		if name == "*" {
			continue
		}
		if s == nil || s.Properties[name] == nil && s.AdditionalProperties == nil {
			j.say("the fields mask names %s, which the answer does not have", at+name)
			continue
		}
		next := s.Properties[name]
		if next == nil {
			next = s.AdditionalProperties
		}
		if len(below) > 0 {
			j.mask(at+name+"/", below, next)
		}
	}
}

func (j *judgement) scopes(x fakegoogle.Exchange) {
	if len(j.method.Scopes) == 0 || x.Status >= 400 || x.Status == 0 {
		return
	}
	for _, s := range x.Scopes {
		if slices.Contains(j.method.Scopes, s) {
			return
		}
	}
	j.say("was let in with the scopes %v, which do not suffice", x.Scopes)
}

func (j *judgement) answer(x fakegoogle.Exchange) {
	if len(x.Answer) == 0 || x.Uploaded && x.Header.Get("Content-Type") == "" {
		return
	}
	if j.method.Response == nil {
		var any map[string]any
		if json.Unmarshal(x.Answer, &any) == nil && len(any) > 0 {
			j.say("has no answer, but got one")
		}
		return
	}
	j.body("answer", &Schema{Ref: j.method.Response.Ref}, x.Answer, false)
}

func (j *judgement) body(what string, s *Schema, b []byte, request bool) {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		j.say("the %s is no JSON: %v", what, err)
		return
	}
	j.value(what, s, v, request)
}

func (j *judgement) resolve(s *Schema) *Schema {
	for s != nil && s.Ref != "" {
		s = j.doc.Schemas[s.Ref]
	}
	return s
}

func (j *judgement) value(at string, s *Schema, v any, request bool) {
	if s = j.resolve(s); s == nil {
		return
	}
	switch v := v.(type) {
	case nil:
		j.say("%s is null", at)
	case map[string]any:
		if s.Type != "object" && s.Type != "any" {
			j.say("%s is an object, want %s", at, s.Type)
			return
		}
		j.object(at, s, v, request)
	case []any:
		if s.Type != "array" {
			j.say("%s is a list, want %s", at, s.Type)
			return
		}
		for i, item := range v {
			j.value(fmt.Sprintf("%s[%d]", at, i), s.Items, item, request)
		}
	case bool:
		if s.Type != "boolean" && s.Type != "any" {
			j.say("%s is a boolean, want %s", at, s.Type)
		}
	case json.Number:
		if s.Type != "integer" && s.Type != "number" && s.Type != "any" {
			j.say("%s is a number, want %s", at, s.Type)
		}
	case string:
		switch s.Type {
		case "string":
			j.scalar(at, s.Type, s.Format, s.Enum, v)
		case "any":
		default:
			j.say("%s is a string, want %s", at, s.Type)
		}
	}
}

func (j *judgement) object(at string, s *Schema, v map[string]any, request bool) {
	for name, item := range v {
		field := s.Properties[name]
		if field == nil {
			if s.AdditionalProperties == nil && s.Type != "any" {
				j.say("%s.%s does not exist", at, name)
				continue
			}
			field = s.AdditionalProperties
		}
		if request && field != nil && field.ReadOnly {
			j.say("%s.%s is read-only", at, name)
		}
		j.value(at+"."+name, field, item, request)
	}
	if !request || j.uploaded {
		return
	}
	for name, field := range s.Properties {
		if _, given := v[name]; !given && slices.Contains(field.Annotations.Required, j.method.ID) {
			j.say("%s.%s is missing", at, name)
		}
	}
}

// scalar checks a value that is written as text.
func (j *judgement) scalar(at, kind, format string, enum []string, value string) {
	if len(enum) > 0 && !slices.Contains(enum, value) {
		j.say("%s is %q, want one of %v", at, value, enum)
		return
	}
	var err error
	switch {
	case kind == "boolean":
		_, err = strconv.ParseBool(value)
	case format == "int32" || kind == "integer" && format == "":
		_, err = strconv.ParseInt(value, 10, 32)
	case format == "uint32":
		_, err = strconv.ParseUint(value, 10, 32)
	case format == "int64":
		_, err = strconv.ParseInt(value, 10, 64)
	case format == "uint64":
		_, err = strconv.ParseUint(value, 10, 64)
	case format == "byte":
		if strings.ContainsAny(value, " \r\n") {
			err = fmt.Errorf("spaces in base64")
		}
	case kind == "number":
		_, err = strconv.ParseFloat(value, 64)
	}
	if err != nil {
		j.say("%s is no %s %s: %.40q", at, kind, format, value)
	}
}
