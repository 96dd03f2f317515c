// Package peek reads of a JSON-RPC message what must be known before it is passed on: the method, and what the method
// names. It refuses everything that two readers could read in two ways, since the one behind it decides for itself
// what a message says.
package peek

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// Message is what is read of a JSON-RPC 2.0 message.
type Message struct {
	ID       json.RawMessage // nil of a notification
	Method   string          // "" of a response
	Name     string          // of the tool or prompt that is meant
	URI      string          // of the resource that is meant
	Args     json.RawMessage // of the tool or prompt, as they were sent; nil if there are none
	Version  string          // of the protocol, as _meta states it since 2026-07-28; "" if it does not
	Response bool            // it answers a request of the server
}

// Error is why a message is refused, with the code that JSON-RPC 2.0 section 5.1 has for it.
type Error struct {
	Code   int
	Reason string
	ID     json.RawMessage // of the message, if that could be read
}

func (e *Error) Error() string { return e.Reason }

// The codes of an Error.
const (
	ParseError     = -32700
	InvalidRequest = -32600
)

// MetaVersion is the member of _meta that states the protocol's version.
const MetaVersion = "io.modelcontextprotocol/protocolVersion"

// maxDepth is how deep a message may be nested.
const maxDepth = 64

// The members that are read, per object. One that differs from these in case alone is refused: encoding/json would take
// it for the same.
var (
	messageMembers = []string{"jsonrpc", "id", "method", "params", "result", "error"}
	paramsMembers  = []string{"name", "uri", "arguments", "_meta", "ref", "argument", "cursor", "task", "level", "requestId", "requestState", "inputResponses", "protocolVersion", "capabilities", "clientInfo"}
	metaMembers    = []string{MetaVersion}
)

// Read reads one message. Its error is an *Error.
func Read(body []byte) (Message, error) {
	if !utf8.Valid(body) {
		return Message{}, &Error{Code: ParseError, Reason: "the body is not UTF-8"}
	}
	if trimmed := skip(body); len(trimmed) > 0 && trimmed[0] == '[' {
		return Message{}, &Error{Code: InvalidRequest, Reason: "batches are not taken: send one message at a time"}
	}
	if err := shallow(body); err != nil {
		return Message{}, &Error{Code: ParseError, Reason: err.Error()}
	}
	top, err := object(body, messageMembers)
	if err != nil {
		return Message{}, &Error{Code: InvalidRequest, Reason: err.Error()}
	}
	m := Message{ID: top["id"]}
	if err := m.read(top); err != nil {
		e := &Error{Code: InvalidRequest, Reason: err.Error()}
		if idOf(m.ID) == nil {
			e.ID = m.ID
		}
		return Message{}, e
	}
	return m, nil
}

func (m *Message) read(top map[string]json.RawMessage) error {
	if v, err := text(top, "jsonrpc"); err != nil || v != "2.0" {
		return errors.New(`"jsonrpc" must be "2.0"`)
	}
	if m.ID != nil {
		if err := idOf(m.ID); err != nil {
			return err
		}
	}
	_, result := top["result"]
	_, failed := top["error"]
	method, named := top["method"]
	switch {
	case named && (result || failed):
		return errors.New("a message is a request or a response, not both")
	case !named && m.ID != nil && (result || failed):
		m.Response = true
		return nil
	case !named:
		return errors.New(`"method" is missing`)
	}
	var err error
	if m.Method, err = unquote(method); err != nil || m.Method == "" {
		return errors.New(`"method" must be a string`)
	}
	raw, ok := top["params"]
	if !ok {
		return nil
	}
	params, err := object(raw, paramsMembers)
	if err != nil {
		return fmt.Errorf(`"params": %w`, err)
	}
	if m.Name, err = text(params, "name"); err != nil {
		return err
	}
	if m.URI, err = text(params, "uri"); err != nil {
		return err
	}
	m.Args = params["arguments"]
	if raw, ok := params["_meta"]; ok {
		meta, err := object(raw, metaMembers)
		if err != nil {
			return fmt.Errorf(`"_meta": %w`, err)
		}
		if m.Version, err = text(meta, MetaVersion); err != nil {
			return err
		}
	}
	return nil
}

// text returns a member that must be a string, "" if it is missing.
func text(o map[string]json.RawMessage, name string) (s string, err error) {
	raw, ok := o[name]
	if !ok {
		return "", nil
	}
	if s, err = unquote(raw); err != nil {
		return "", fmt.Errorf("%q must be a string", name)
	}
	return s, nil
}

// ID reports whether raw is an id that every reader reads alike: a string, or a whole number of at most 53 bits. (MCP has
// no null; larger numbers are rounded by many readers, and their answers would find nobody.)
func ID(raw json.RawMessage) bool {
	if len(raw) > 0 && raw[0] == '"' {
		return true
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n <= 1<<53 && n >= -1<<53
	}
	if f, err := strconv.ParseFloat(string(raw), 64); err == nil { // 1.0 is 1
		return f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return false
}

func idOf(raw json.RawMessage) error {
	if ID(raw) {
		return nil
	}
	return errors.New(`"id" must be a string or a whole number of at most 53 bits`)
}

// shallow refuses what is no JSON, or nested too deep, before anything recurses into it.
func shallow(body []byte) error {
	depth, quoted, escaped := 0, false, false
	for _, b := range body {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("it is nested deeper than %d", maxDepth)
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	if !json.Valid(body) {
		return errors.New("the body is not valid JSON")
	}
	return nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}
