package guard_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An era is how a client of one time speaks.
type era string

const (
	legacy era = "2025-11-25"
	modern era = "2026-07-28"
)

// caller is a client with a token.
type caller struct {
	d       *door
	era     era
	token   string
	session string
	next    int
}

// caller returns a client with the token; a legacy one has begun a session.
func (d *door) caller(e era, token string) *caller {
	d.t.Helper()
	c := &caller{d: d, era: e, token: token}
	if e == legacy {
		a := c.do(c.post("initialize", map[string]any{"protocolVersion": string(legacy), "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "tester", "version": "1"}}))
		c.session = a.header.Get("Mcp-Session-Id")
		if a.status != http.StatusOK || c.session == "" {
			d.t.Fatalf("initialize: %d %s", a.status, a.body)
		}
	}
	return c
}

// post makes a request that asks for method.
func (c *caller) post(method string, params map[string]any) *http.Request {
	c.d.t.Helper()
	c.next++
	if params == nil {
		params = map[string]any{}
	}
	if c.era == modern {
		params["_meta"] = map[string]any{
			"io.modelcontextprotocol/protocolVersion":    string(modern),
			"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "tester", "version": "1"},
			"io.modelcontextprotocol/clientCapabilities": map[string]any{},
		}
	}
	b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": c.next, "method": method, "params": params})
	if err != nil {
		c.d.t.Fatal(err)
	}
	r := c.d.request(http.MethodPost, "/mcp", string(b))
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", "application/json, text/event-stream")
	if c.era == modern {
		r.Header.Set("Mcp-Method", method)
		for _, name := range []string{"name", "uri"} {
			if v, ok := params[name].(string); ok {
				r.Header.Set("Mcp-Name", v)
			}
		}
	}
	if method != "initialize" {
		r.Header.Set("Mcp-Protocol-Version", string(c.era))
	}
	if c.session != "" {
		r.Header.Set("Mcp-Session-Id", c.session)
	}
	return r
}

// request makes a request as a program sends it.
func (d *door) request(method, path, body string) *http.Request {
	d.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.issuer+path, reader)
	if err != nil {
		d.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// answer is what came back, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

func (c *caller) do(r *http.Request) answer { c.d.t.Helper(); return c.d.do(r) }

func (d *door) do(r *http.Request) answer {
	d.t.Helper()
	res, err := d.client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

// raw sends bytes as they stand and returns the answer.
func (d *door) raw(text string) answer {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.issuer, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		d.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		d.t.Fatalf("no answer to %.80q: %v", text, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

// message is an answer of JSON-RPC, from an object or the last event of a stream.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int             `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	} `json:"error"`
}

func (a answer) message(t *testing.T) (m message) {
	t.Helper()
	body := a.body
	if i := strings.LastIndex(body, "data: "); i >= 0 {
		body = body[i+len("data: "):]
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%d %q: %v", a.status, a.body, err)
	}
	return m
}

// code is the code of an error, 0 for none.
func (m message) code() int {
	if m.Error == nil {
		return 0
	}
	return m.Error.Code
}

// rpc calls a method and returns what it says.
func (c *caller) rpc(method string, params map[string]any) (answer, message) {
	c.d.t.Helper()
	a := c.do(c.post(method, params))
	return a, a.message(c.d.t)
}

// call calls a tool.
func (c *caller) call(name string, args map[string]any) (answer, message) {
	c.d.t.Helper()
	return c.rpc("tools/call", map[string]any{"name": name, "arguments": args})
}
