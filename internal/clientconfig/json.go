package clientconfig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// jsonFile keeps servers as members of one object. Comments and trailing commas are allowed, as the clients do.
type jsonFile struct {
	section string // the name of the object
	kind    string // what "type" says; "" for no such member
}

// server is an entry.
type server struct {
	Type    string   `json:"type,omitempty"`
	Command string   `json:"command"`
	Args    []string `json:"args"`
}

func (f jsonFile) server(command string) server { return server{f.kind, command, []string{"stdio"}} }

func (f jsonFile) entry(command string) string {
	out, err := f.put(nil, command)
	if err != nil { // never: an empty file can be written
		return ""
	}
	return string(bytes.TrimSpace(out))
}

func (f jsonFile) find(data []byte, command string) (old string, is bool, err error) {
	root, err := parse(data)
	if err != nil {
		return "", false, err
	}
	section, err := object(root, f.section)
	if section == nil || err != nil {
		return "", false, err
	}
	i := member(section, Name)
	if i < 0 {
		return "", false, nil
	}
	value := section.Members[i].Value
	value.BeforeExtra, value.AfterExtra = nil, nil
	old = string(value.Pack())
	value.Standardize()
	var s server
	if json.Unmarshal(value.Pack(), &s) == nil {
		is = s.Command == command && slices.Equal(s.Args, []string{"stdio"})
	}
	return old, is, nil
}

func (f jsonFile) put(data []byte, command string) ([]byte, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}\n")
	}
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	top := root.Value.(*hujson.Object)
	s := styleOf(data, top)
	section, err := object(root, f.section)
	if err != nil {
		return nil, err
	}
	if section == nil {
		section = &hujson.Object{}
		s.add(top, f.section, hujson.Value{Value: section}, 1)
	}
	value, err := s.value(f.server(command), 2)
	if err != nil {
		return nil, err
	}
	if i := member(section, Name); i >= 0 {
		value.BeforeExtra, value.AfterExtra = section.Members[i].Value.BeforeExtra, section.Members[i].Value.AfterExtra
		section.Members[i].Value = value
	} else {
		s.add(section, Name, value, 2)
	}
	out := root.Pack()
	if _, is, err := f.find(out, command); err != nil || !is {
		return nil, errByHand
	}
	return out, f.same(data, out)
}

// drop takes out all of that name: where there are several, clients take the last.
func (f jsonFile) drop(data []byte) ([]byte, error) {
	out := data
	for {
		rest, err := f.dropLast(out)
		if err != nil {
			return nil, err
		}
		if bytes.Equal(rest, out) {
			return out, f.same(data, out)
		}
		out = rest
	}
}

// same wants two files to hold the same but for the entry.
func (f jsonFile) same(before, after []byte) error {
	var all [2][]byte
	for i, data := range [][]byte{before, after} {
		root, err := parse(data)
		if err != nil {
			return errByHand
		}
		section, err := object(root, f.section)
		if err != nil {
			return errByHand
		}
		if section != nil {
			for at := member(section, Name); at >= 0; at = member(section, Name) {
				section.Members = slices.Delete(section.Members, at, at+1)
			}
			if top := root.Value.(*hujson.Object); len(section.Members) == 0 {
				at := member(top, f.section)
				top.Members = slices.Delete(top.Members, at, at+1)
			}
		}
		root.Minimize()
		all[i] = root.Pack()
	}
	if !bytes.Equal(all[0], all[1]) {
		return errByHand
	}
	return nil
}

func (f jsonFile) dropLast(data []byte) ([]byte, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	section, err := object(root, f.section)
	if section == nil || err != nil {
		return data, err
	}
	i := member(section, Name)
	if i < 0 {
		return data, nil
	}
	last := i == len(section.Members)-1
	comma := last && section.Members[i].Value.AfterExtra != nil
	// A comment at the end of the line before stands before the name, and stays.
	kept := comment(section.Members[i].Name.BeforeExtra)
	section.Members = slices.Delete(section.Members, i, i+1)
	switch {
	case !last:
		section.Members[i].Name.BeforeExtra = followed(kept, section.Members[i].Name.BeforeExtra)
	default:
		section.AfterExtra = followed(kept, section.AfterExtra)
		switch {
		case i > 0 && comma && section.Members[i-1].Value.AfterExtra == nil:
			section.Members[i-1].Value.AfterExtra = hujson.Extra{}
		case i > 0 && !comma:
			section.AfterExtra = followed(section.Members[i-1].Value.AfterExtra, section.AfterExtra)
			section.Members[i-1].Value.AfterExtra = nil
		}
	}
	if len(section.Members) == 0 && len(bytes.TrimSpace(section.AfterExtra)) == 0 {
		section.AfterExtra = nil
	}
	return root.Pack(), nil
}

// comment returns what comes before the last line of a space, if it is more than space.
func comment(extra hujson.Extra) hujson.Extra {
	if i := bytes.LastIndexByte(extra, '\n'); i >= 0 && len(bytes.TrimSpace(extra[:i])) > 0 {
		return slices.Clone(extra[:i])
	}
	return nil
}

// followed puts two spaces together. A comment that goes on to the end of the line must not swallow what comes then.
func followed(first, then hujson.Extra) hujson.Extra {
	out := slices.Clone(first)
	if bytes.Contains(first, []byte("//")) && !bytes.HasSuffix(first, []byte("\n")) && !bytes.HasPrefix(bytes.TrimLeft(then, " \t\r"), []byte("\n")) {
		out = append(out, '\n')
	}
	return append(out, then...)
}

// parse reads a file whose value is an object.
func parse(data []byte) (hujson.Value, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	if tooDeep(data) {
		return hujson.Value{}, fmt.Errorf("the file is nested too deeply to be a configuration")
	}
	root, err := hujson.Parse(data)
	if err != nil {
		return root, fmt.Errorf("the file is no valid JSON (%s): mend it first", strings.TrimPrefix(err.Error(), "hujson: "))
	}
	if _, ok := root.Value.(*hujson.Object); !ok {
		return root, fmt.Errorf("the file holds no JSON object: mend it first")
	}
	return root, nil
}

// object returns the object that is a member of the file's, nil if there is none.
func object(root hujson.Value, name string) (*hujson.Object, error) {
	top := root.Value.(*hujson.Object)
	i := member(top, name)
	if i < 0 {
		return nil, nil
	}
	o, ok := top.Members[i].Value.Value.(*hujson.Object)
	if !ok {
		return nil, fmt.Errorf("%q in the file is no object: mend it first", name)
	}
	return o, nil
}

// member is the place of a member, the last of several, or less than zero.
func member(o *hujson.Object, name string) int {
	for i := len(o.Members) - 1; i >= 0; i-- {
		if l, ok := o.Members[i].Name.Value.(hujson.Literal); ok && l.String() == name {
			return i
		}
	}
	return -1
}

// style is how a file is written.
type style struct {
	newline, indent string // "" for all in one line
	colon           string // between it and a value
}

func styleOf(data []byte, top *hujson.Object) style {
	s := style{newline: "\n", indent: "  ", colon: " "}
	if bytes.Contains(data, []byte("\r\n")) {
		s.newline = "\r\n"
	}
	if len(top.Members) == 0 {
		return s
	}
	first := top.Members[0]
	s.colon = string(first.Value.BeforeExtra)
	if strings.Trim(s.colon, " ") != "" {
		s.colon = " "
	}
	before := string(first.Name.BeforeExtra)
	i := strings.LastIndexByte(before, '\n')
	switch space := before[i+1:]; {
	case i < 0:
		s.newline, s.indent = "", ""
	case space != "" && strings.Trim(space, " \t") == "":
		s.indent = space
	}
	return s
}

// value writes a value at a depth.
func (s style) value(v any, depth int) (hujson.Value, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if s.newline != "" {
		e.SetIndent(strings.Repeat(s.indent, depth), s.indent)
	}
	if err := e.Encode(v); err != nil {
		return hujson.Value{}, err
	}
	out, err := hujson.Parse([]byte(strings.ReplaceAll(strings.TrimSpace(b.String()), "\n", s.newline)))
	out.BeforeExtra = hujson.Extra(s.colon)
	return out, err
}

// add adds a member at the end of an object whose members are at a depth. What stands there already, such as a comment at
// the end of the last line, stays where it is.
func (s style) add(o *hujson.Object, name string, v hujson.Value, depth int) {
	head, tail := o.AfterExtra, hujson.Extra(s.newline+strings.Repeat(s.indent, depth-1))
	if i := bytes.LastIndexByte(o.AfterExtra, '\n'); i >= 0 {
		head, tail = bytes.TrimSuffix(o.AfterExtra[:i], []byte("\r")), o.AfterExtra[i:]
		if len(head) < i {
			tail = o.AfterExtra[i-1:]
		}
	}
	if len(bytes.TrimSpace(head)) == 0 {
		head = nil
	}
	m := hujson.ObjectMember{Name: hujson.Value{Value: hujson.String(name)}, Value: v}
	m.Name.BeforeExtra = followed(head, hujson.Extra(s.newline+strings.Repeat(s.indent, depth)))
	if v.BeforeExtra == nil {
		m.Value.BeforeExtra = hujson.Extra(s.colon)
	}
	if n := len(o.Members); n > 0 && o.Members[n-1].Value.AfterExtra != nil {
		m.Value.AfterExtra = hujson.Extra{} // the list ends with a comma
	}
	o.Members = append(o.Members, m)
	o.AfterExtra = tail
}
