package peek

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// object reads the members of an object, of JSON that is known to be valid UTF-8 and valid. None may stand twice, nor in
// another case than a known one. The values are parts of raw. It copies nothing and checks nothing anew, since every
// message passes here.
func object(raw []byte, known []string) (map[string]json.RawMessage, error) {
	raw = bytes.Trim(raw, space)
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errors.New("it must be an object")
	}
	members := make(map[string]json.RawMessage, len(known))
	rest := skip(raw[1:])
	for rest[0] == '"' {
		quoted := rest[:valueEnd(rest)]
		name, err := unquote(quoted)
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("the member %q stands twice", clip(name))
		}
		if !slices.Contains(known, name) {
			if i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) }); i >= 0 {
				return nil, fmt.Errorf("the member %q must be written %q", clip(name), known[i])
			}
		}
		rest = skip(skip(rest[len(quoted):])[1:]) // the colon
		end := valueEnd(rest)
		members[name] = json.RawMessage(rest[:end:end])
		if rest = skip(rest[end:]); rest[0] == ',' {
			rest = skip(rest[1:])
		}
	}
	return members, nil
}

// space is what may stand between the tokens of JSON (RFC 8259 section 2).
const space = " \t\r\n"

func skip(b []byte) []byte { return bytes.TrimLeft(b, space) }

// valueEnd is where the value that b begins with ends.
func valueEnd(b []byte) int {
	depth, quoted, escaped := 0, false, false
	for i, c := range b {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			if quoted = !quoted; !quoted && depth == 0 {
				return i + 1
			}
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 { // it ends what the value stands in
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case depth == 0 && (c == ',' || strings.IndexByte(space, c) >= 0):
			return i
		}
	}
	return len(b)
}

// unquote reads a string.
func unquote(raw []byte) (s string, err error) {
	if len(raw) < 2 || raw[0] != '"' {
		return "", errors.New("it is not a string")
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	err = json.Unmarshal(raw, &s)
	return s, err
}
