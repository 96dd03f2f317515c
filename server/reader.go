package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"

	"postern/server/peek"
)

const (
	// maxLine is the most bytes of one message. Files go by handle, so no honest message is longer.
	maxLine = 8 << 20
	// maxBatch is the most messages of one array.
	maxBatch = 100
)

// lineReader passes on the messages that are well formed, one a line, and answers the others itself, so that the
// session goes on. When the input ends, answers get their grace.
type lineReader struct {
	in       *bufio.Reader
	w        *lineWriter
	rest     []byte
	revision string // that the client asked for with initialize
	ended    chan struct{}
	once     sync.Once
}

func newLineReader(in io.Reader, w *lineWriter) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 64<<10), w: w, ended: make(chan struct{})}
}

// Read implements io.Reader, for mcp-go.
func (r *lineReader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		line, tail, err := r.line()
		if tail != nil {
			r.w.refuse(lastID(tail), nil, mcp.INVALID_REQUEST, "a message has at most %d MiB: pass files by handle", maxLine>>20)
		} else if line = bytes.TrimSpace(line); len(line) > 0 {
			r.take(line)
		}
		if err != nil && len(r.rest) == 0 {
			r.w.settled(grace)
			r.once.Do(func() { close(r.ended) })
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// line reads one line. Of one that is longer than maxLine it keeps the tail alone.
func (r *lineReader) line() (line, tail []byte, err error) {
	const kept = 256
	for {
		piece, err := r.in.ReadSlice('\n')
		if tail == nil {
			line = append(line, piece...)
		} else {
			tail = append(tail, piece...)
		}
		if len(line) > maxLine {
			tail, line = slices.Clone(line[len(line)-kept:]), nil
		}
		if len(tail) > kept {
			tail = slices.Clone(tail[len(tail)-kept:])
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tail, err
		}
	}
}

// take looks at a line and puts what is to be passed on into rest.
func (r *lineReader) take(line []byte) {
	switch {
	case !json.Valid(line):
		r.w.refuse(nil, nil, mcp.PARSE_ERROR, "this line is not JSON: a message is one line of JSON")
	case line[0] == '[':
		r.batch(line)
	default:
		r.message(line, nil)
	}
}

// batch takes the messages of an array. Only revision 2025-03-26 has them; 2025-06-18 took them out again.
func (r *lineReader) batch(line []byte) {
	var list []json.RawMessage
	switch err := json.Unmarshal(line, &list); {
	case err != nil || len(list) == 0:
		r.w.refuse(nil, nil, mcp.INVALID_REQUEST, "an empty batch")
		return
	case r.revision != mcp.ProtocolVersion20250326:
		r.w.refuse(nil, nil, mcp.INVALID_REQUEST, "batches belong to revision 2025-03-26 alone: send one message a line")
		return
	case len(list) > maxBatch:
		r.w.refuse(nil, nil, mcp.INVALID_REQUEST, "a batch has %d messages, the most is %d", len(list), maxBatch)
		return
	}
	b := &batch{left: 1}
	r.w.expect(1)
	for _, m := range list {
		r.message(m, b)
	}
	_ = r.w.collect(b, nil, 1) // a client that has gone needs no answer
}

// message takes one message, of a batch if b is not nil.
func (r *lineReader) message(line []byte, b *batch) {
	var m struct {
		JSONRPC any             `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Method  *string         `json:"method"`
		Result  json.RawMessage `json:"result"`
		Error   *protocolError  `json:"error"`
		Params  json.RawMessage `json:"params"`
	}
	if err := json.Unmarshal(line, &m); err != nil {
		r.w.refuse(nil, b, mcp.INVALID_REQUEST, "this is no message of JSON-RPC 2.0")
		return
	}
	switch {
	case m.Method == nil && (m.Result != nil || m.Error != nil):
		r.w.asking.replied("", m.ID, reply{Result: m.Result, Error: m.Error})
		return
	case m.ID != nil && !peek.ID(m.ID):
		r.w.refuse(scalar(m.ID), b, mcp.INVALID_REQUEST, "an id is a string or a whole number of at most 53 bits")
		return
	case m.JSONRPC != "2.0":
		r.w.refuse(m.ID, b, mcp.INVALID_REQUEST, `"jsonrpc" must be "2.0"`)
		return
	case m.Method != nil && (m.Result != nil || m.Error != nil):
		r.w.refuse(m.ID, b, mcp.INVALID_REQUEST, "a message is a request or a response, not both")
		return
	case m.Method == nil:
		r.w.refuse(m.ID, b, mcp.INVALID_REQUEST, "a message has a method, a result or an error")
		return
	case *m.Method == "initialize" && b != nil:
		r.w.refuse(m.ID, b, mcp.INVALID_REQUEST, "initialize comes alone, in no batch")
		return
	}
	r.observe(*m.Method, m.ID, m.Params)
	if given(m.ID) && *m.Method != "subscriptions/listen" {
		r.w.note(m.ID, b)
	}
	var one bytes.Buffer
	if json.Compact(&one, line) == nil { // a message of a batch may have line breaks in its text form
		r.rest = append(append(r.rest, one.Bytes()...), '\n')
	}
}

// scalar is an id as it can be given back, nil for what is none at all.
func scalar(id json.RawMessage) json.RawMessage {
	if len(id) > 0 && bytes.ContainsAny(id[:1], `"-0123456789`) {
		return id
	}
	return nil
}

// observe notes what the account of requests has to know.
func (r *lineReader) observe(method string, id, params json.RawMessage) {
	var p struct {
		ProtocolVersion string          `json:"protocolVersion"`
		RequestID       json.RawMessage `json:"requestId"`
		Notifications   struct {
			ToolsListChanged bool `json:"toolsListChanged"`
		} `json:"notifications"`
	}
	switch method {
	case "initialize", "notifications/cancelled", "subscriptions/listen":
		if json.Unmarshal(params, &p) != nil {
			return // mcp-go says what is wrong with it
		}
	}
	switch method {
	case "initialize":
		r.revision = p.ProtocolVersion
		r.w.began()
	case "notifications/cancelled":
		r.w.giveUp(p.RequestID)
	case "subscriptions/listen":
		if p.Notifications.ToolsListChanged && given(id) {
			r.w.listen(id)
		}
	}
}

// lastIDs are the ways in which the text of a message ends with its id. It cannot stand inside a string there, as that
// would have to end before the last brace.
var lastIDs = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`,\s*"id"\s*:\s*(-?[0-9]+|"[^"\\]*")\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$`)
})

// lastID finds the id at the end of a message that was too long, so that its sender need not wait; nil if it is not
// there.
func lastID(tail []byte) json.RawMessage {
	if m := lastIDs().FindSubmatch(tail); m != nil {
		return json.RawMessage(m[1])
	}
	return nil
}
