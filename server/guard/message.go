package guard

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"postern/server/peek"
)

// The codes of errors that the guard itself answers with.
const (
	headerMismatch = -32020 // MCP 2026-07-28, HeaderMismatch
	// insufficientScope is Postern's own, from those that the protocol leaves free.
	insufficientScope = -32003
)

// mismatch says where the headers of a message say something else than its body (MCP 2026-07-28, SEP-2243); "" if they
// do not. Whether they may be missing is for the reader behind to say, who knows the revision.
func mismatch(r *http.Request, m peek.Message) string {
	for _, c := range []struct{ header, body string }{{methodHeader, m.Method}, {nameHeader, orElse(m.Name, m.URI)}, {versionHeader, m.Version}} {
		values := r.Header.Values(c.header)
		switch {
		case len(values) == 0:
		case len(values) > 1:
			return "the header " + c.header + " stands more than once"
		case c.header == versionHeader && c.body == "": // it need not stand in the body of an older message
		case decoded(values[0]) != c.body:
			return "the header " + c.header + " says something else than the message"
		}
	}
	return ""
}

// decoded is the value of a header that may be written =?base64?…?= (MCP 2026-07-28, transports).
func decoded(v string) string {
	inner, ok := strings.CutPrefix(v, "=?base64?")
	if !ok {
		return v
	}
	inner, ok = strings.CutSuffix(inner, "?=")
	b, err := base64.StdEncoding.DecodeString(inner)
	if !ok || err != nil {
		return v
	}
	return string(b)
}

// replace gives the reader behind the very bytes that were read.
func replace(r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.TransferEncoding = nil
}

// refuse answers with a JSON-RPC error.
func refuse(w http.ResponseWriter, status int, id json.RawMessage, code int, text string, data any) {
	if id == nil {
		id = json.RawMessage("null")
	}
	e := map[string]any{"code": code, "message": text}
	if data != nil {
		e["data"] = data
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": id, "error": e}) // that nobody reads it is no error
}
