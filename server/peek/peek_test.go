package peek

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want Message
	}{
		"call":            {`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"gmail_send","arguments":{"to":"a","to":"b"}}}`, Message{ID: json.RawMessage("7"), Method: "tools/call", Name: "gmail_send", Args: json.RawMessage(`{"to":"a","to":"b"}`)}},
		"modern":          {`{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, Message{ID: json.RawMessage(`"a"`), Method: "tools/list", Version: "2026-07-28"}},
		"notification":    {`{"jsonrpc":"2.0","method":"notifications/initialized"}`, Message{Method: "notifications/initialized"}},
		"resource":        {`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"postern://profiles"}}`, Message{ID: json.RawMessage("1"), Method: "resources/read", URI: "postern://profiles"}},
		"response":        {`{"jsonrpc":"2.0","id":1,"result":{}}`, Message{ID: json.RawMessage("1"), Response: true}},
		"escaped letters": {`{"jsonrpc":"2.0","id":1,"m\u0065thod":"tools/call","params":{"n\u0061me":"x"}}`, Message{ID: json.RawMessage("1"), Method: "tools/call", Name: "x"}},
	} {
		got, err := Read([]byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	call := func(members string) string { return `{"jsonrpc":"2.0","id":1,` + members + `}` }
	for name, c := range map[string]struct {
		body string
		code int
		want string
	}{
		"empty":                  {"", ParseError, "not valid JSON"},
		"cut":                    {`{"jsonrpc":"2.0"`, ParseError, "not valid JSON"},
		"two messages":           {call(`"method":"ping"`) + call(`"method":"ping"`), ParseError, "not valid JSON"},
		"batch":                  {`[` + call(`"method":"ping"`) + `]`, InvalidRequest, "batches"},
		"not UTF-8":              {call("\"method\":\"p\xffing\""), ParseError, "UTF-8"},
		"deep":                   {call(`"method":"x","params":{"arguments":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`), ParseError, "nested"},
		"a string":               {`"x"`, InvalidRequest, "object"},
		"method twice":           {call(`"method":"tools/list","method":"tools/call"`), InvalidRequest, `"method" stands twice`},
		"method twice, escaped":  {call(`"method":"tools/list","m\u0065thod":"tools/call"`), InvalidRequest, `"method" stands twice`},
		"method in another case": {call(`"method":"tools/list","Method":"tools/call"`), InvalidRequest, `must be written "method"`},
		"name twice":             {call(`"method":"tools/call","params":{"name":"a","name":"b"}`), InvalidRequest, `"name" stands twice`},
		"name in another case":   {call(`"method":"tools/call","params":{"name":"a","NAME":"b"}`), InvalidRequest, `must be written "name"`},
		"a letter that folds":    {call(`"method":"tools/call","params":{"arguments":{},"argument` + "\u017f" + `":{}}`), InvalidRequest, `must be written "arguments"`},
		"a sign that folds":      {call(`"method":"tools/list","paramſ":{"name":"b"}`), InvalidRequest, `must be written "params"`},
		"a result that folds":    {call(`"method":"tools/list","reſult":{}`), InvalidRequest, `must be written "result"`},
		"_Meta":                  {call(`"method":"x","params":{"_Meta":{}}`), InvalidRequest, `must be written "_meta"`},
		"version in capitals":    {call(`"method":"x","params":{"_meta":{"io.modelcontextprotocol/ProtocolVersion":"a"}}`), InvalidRequest, "must be written"},
		"version no string":      {call(`"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":20260728}}`), InvalidRequest, "must be a string"},
		"_meta no object":        {call(`"method":"x","params":{"_meta":null}`), InvalidRequest, "object"},
		"params null":            {call(`"method":"x","params":null`), InvalidRequest, "object"},
		"uri twice":              {call(`"method":"resources/read","params":{"uri":"a","ur\u0069":"b"}`), InvalidRequest, `"uri" stands twice`},
		"id twice":               {`{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}`, InvalidRequest, `"id" stands twice`},
		"ID":                     {`{"jsonrpc":"2.0","ID":1,"method":"x"}`, InvalidRequest, `must be written "id"`},
		"id true":                {`{"jsonrpc":"2.0","id":true,"method":"x"}`, InvalidRequest, `"id"`},
		"no version":             {`{"id":1,"method":"x"}`, InvalidRequest, "2.0"},
		"a mark in front":        {"\ufeff" + call(`"method":"ping"`), ParseError, "not valid JSON"},
		"an empty method":        {call(`"method":""`), InvalidRequest, `"method" must be a string`},
		"a response without id":  {`{"jsonrpc":"2.0","result":{}}`, InvalidRequest, `"method" is missing`},
		"65 deep":                {call(`"method":"x","params":{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`), ParseError, "nested"},
		"params twice":           {call(`"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}`), InvalidRequest, `"params" stands twice`},
		"version twice":          {call(`"method":"x","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"a","io.modelcontextprotocol/protocolVersion":"b"}}`), InvalidRequest, "stands twice"},
		"name no string":         {call(`"method":"tools/call","params":{"name":["a"]}`), InvalidRequest, `"name" must be a string`},
		"name null":              {call(`"method":"tools/call","params":{"name":null}`), InvalidRequest, `"name" must be a string`},
		"params no object":       {call(`"method":"tools/call","params":["a"]`), InvalidRequest, "object"},
		"method no string":       {call(`"method":7`), InvalidRequest, `"method" must be a string`},
		"no method":              {call(`"params":{}`), InvalidRequest, `"method" is missing`},
		"request and response":   {call(`"method":"x","result":{}`), InvalidRequest, "not both"},
		"another version":        {`{"jsonrpc":"1.0","id":1,"method":"x"}`, InvalidRequest, "2.0"},
		"id null":                {`{"jsonrpc":"2.0","id":null,"method":"x"}`, InvalidRequest, `"id"`},
		"id an object":           {`{"jsonrpc":"2.0","id":{},"method":"x"}`, InvalidRequest, `"id"`},
	} {
		_, err := Read([]byte(c.body))
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Reason, c.want) {
			t.Errorf("%s: %v, want %d with %q", name, err, c.code, c.want)
		}
	}
}

// TestDepthAndQuotes: 64 levels are taken, and brackets within a string are none.
func TestDepthAndQuotes(t *testing.T) {
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}}`,
		`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"` + strings.Repeat(`[{\"`, 1000) + `"}}`,
	} {
		if _, err := Read([]byte(body)); err != nil {
			t.Errorf("%.80s: %v", body, err)
		}
	}
}

// TestRefusalsCarryTheID, where there is one that can be trusted, so that the sender knows which message it was.
func TestRefusalsCarryTheID(t *testing.T) {
	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","id":"a","method":7}`: `"a"`, `{"jsonrpc":"2.0","id":7}`: "7", `{"jsonrpc":"2.0","id":{},"method":"x"}`: "", `[{"jsonrpc":"2.0","id":7,"method":"x"}]`: "",
		`{"jsonrpc":"2.0","id":7,"id":8,"method":"x"}`: "",
	} {
		_, err := Read([]byte(body))
		var e *Error
		if !errors.As(err, &e) || string(e.ID) != want {
			t.Errorf("%s: %+v, want the id %q", body, e, want)
		}
	}
}

// FuzzRead holds what is read to what encoding/json would read behind it, and that nothing panics.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"gmail_send","arguments":{}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}`, `{"jsonrpc":"2.0","id":"x","result":null}`, `[]`, `{"params":{"name":1}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Read(body)
		if err != nil {
			return
		}
		var behind struct {
			ID     json.RawMessage `json:"id"`
			Method string          `json:"method"`
			Params struct {
				Name string         `json:"name"`
				URI  string         `json:"uri"`
				Meta map[string]any `json:"_meta"`
			} `json:"params"`
		}
		if err := json.Unmarshal(body, &behind); err != nil {
			t.Fatalf("%q is taken, but encoding/json says %v", body, err)
		}
		version, _ := behind.Params.Meta[MetaVersion].(string)
		if behind.Method != m.Method || behind.Params.Name != m.Name || behind.Params.URI != m.URI || version != m.Version {
			t.Fatalf("%q is read as %+v, and as %+v behind", body, m, behind)
		}
	})
}

func TestID(t *testing.T) {
	for raw, want := range map[string]bool{
		`0`: true, `-7`: true, `9007199254740992`: true, `"x"`: true, `""`: true, `1.0`: true, `1e3`: true,
		``: false, `9007199254740993`: false, `1.5`: false, `1e300`: false, `1e400`: false, `null`: false, `true`: false, `{}`: false,
	} {
		if got := ID(json.RawMessage(raw)); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}
