package guard_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// send posts a body of the test's own, with headers changed by pairs; an empty value takes one away.
func (c *caller) send(body string, headers ...string) answer {
	c.d.t.Helper()
	r := c.post("ping", nil)
	r2 := c.d.request(http.MethodPost, "/mcp", body)
	r2.Header = r.Header
	r2.Header.Del("Mcp-Method")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			r2.Header.Del(headers[i])
			continue
		}
		r2.Header.Add(headers[i], headers[i+1])
	}
	return c.do(r2)
}

// meta is the _meta of a message of the era, with a comma in front; "" for a legacy one.
func (e era) meta() string {
	if e == legacy {
		return ""
	}
	return `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}`
}

// TestBodies: what is no single, plain message goes no further (attack 44; MCP transports, Sending Messages).
func TestBodies(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant([]string{"calendar:read"})
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	z.Close()
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		before := d.passedOn()
		ping := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":1` + e.meta() + `}}`
		for _, k := range []struct {
			name, body string
			headers    []string
			want, code int
		}{
			{"no type", ping, []string{"Content-Type", ""}, 415, 0},
			{"another type", ping, []string{"Content-Type", "", "Content-Type", "text/json"}, 415, 0},
			{"a broken type", ping, []string{"Content-Type", "", "Content-Type", "application/json; charset"}, 415, 0},
			{"gzip", zipped.String(), []string{"Content-Encoding", "gzip"}, 415, 0},
			{"gzip, unsaid", zipped.String(), nil, 400, -32700},
			{"deflate, a lie", ping, []string{"Content-Encoding", "deflate"}, 415, 0},
			{"identity", ping, []string{"Content-Encoding", "identity"}, 415, 0},
			{"empty", "", nil, 400, -32700},
			{"no JSON", "ping", nil, 400, -32700},
			{"not UTF-8", strings.Replace(ping, "ping", "p\xffing", 1), nil, 400, -32700},
			{"UTF-16", "\xff\xfe{\x00}\x00", nil, 400, -32700},
			{"with a mark", "\ufeff" + ping, nil, 400, -32700},
			{"a batch", "[" + ping + "]", nil, 400, -32600},
			{"an empty batch", "[]", nil, 400, -32600},
			{"two messages", ping + ping, nil, 400, -32700},
			{"something behind", ping + "x", nil, 400, -32700},
			{"a string", `"ping"`, nil, 400, -32600},
			{"null", `null`, nil, 400, -32600},
			{"method twice", `{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{}}`, nil, 400, -32600},
			{"Method", `{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{}}`, nil, 400, -32600},
			{"params twice", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_echo"},"params":{"name":"calendar_note"}}`, nil, 400, -32600},
			{"name twice", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_echo","name":"calendar_note"}}`, nil, 400, -32600},
			{"name twice, escaped", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_echo","n\u0061me":"calendar_note"}}`, nil, 400, -32600},
			{"Name", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_echo","Name":"calendar_note"}}`, nil, 400, -32600},
			{"name in a list", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[{"name":"calendar_note"}]}`, nil, 400, -32600},
			{"id null", `{"jsonrpc":"2.0","id":null,"method":"ping"}`, nil, 400, -32600},
			{"deep", `{"jsonrpc":"2.0","id":1,"method":"ping","params":` + strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10001), nil, 400, -32700},
		} {
			a := c.send(k.body, k.headers...)
			code := 0
			if a.status == 400 {
				code = a.message(t).code()
			}
			if a.status != k.want || code != k.code {
				t.Errorf("%s, %s: %d %d %.200s, want %d %d", e, k.name, a.status, code, a.body, k.want, k.code)
			}
		}
		if n := d.passedOn() - before; n != 0 {
			t.Errorf("%s: %d bodies were passed on", e, n)
		}
		if a := c.send(ping, "Content-Type", "", "Content-Type", "Application/JSON; charset=utf-8", "Mcp-Method", ifModern(e, "ping")); a.message(t).code() == -32700 || a.status == 415 {
			t.Errorf("%s: %d %s", e, a.status, a.body)
		}
	}
}

// ifModern is s for a client of the modern era, "" for another.
func ifModern(e era, s string) string {
	if e == modern {
		return s
	}
	return ""
}

// TestSize: a message has at most 4 MiB, told or untold (attack 44, G3).
func TestSize(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	c := &caller{d: d, era: modern, token: token}
	message := func(n int) string {
		head := `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"`
		tail := `"` + modern.meta() + `}}`
		return head + strings.Repeat("a", n-len(head)-len(tail)) + tail
	}
	if a := c.send(message(4<<20), "Mcp-Method", "tools/list"); a.status != http.StatusOK {
		t.Errorf("4 MiB: %d %.200s", a.status, a.body)
	}
	before := d.passedOn()
	if a := c.send(message(4<<20+1), "Mcp-Method", "tools/list"); a.status != http.StatusRequestEntityTooLarge || a.message(t).code() == 0 {
		t.Errorf("a byte more: %d %.200s", a.status, a.body)
	}
	chunk := strings.Repeat("a", 1<<16)
	var b strings.Builder
	fmt.Fprintf(&b, "POST /mcp HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n", strings.TrimPrefix(d.issuer, "http://"), token)
	for range 65 {
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	if a := d.raw(b.String()); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("65 chunks: %d %.200s", a.status, a.body)
	}
	if d.passedOn() != before {
		t.Error("it was passed on")
	}
}

// TestSmuggling: a request whose length can be read in two ways is nobody's (RFC 9112 section 6.3).
func TestSmuggling(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant(all)
	for name, c := range map[string]struct {
		headers string
		want    int
	}{
		"both lengths":          {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 0}, // net/http takes the chunks and closes
		"two lengths":           {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
		"a length with a sign":  {"Content-Length: +5\r\n", 400},
		"two codings":           {"Transfer-Encoding: gzip, chunked\r\n", 501},
		"chunked twice":         {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501},
		"an obscured coding":    {"Transfer-Encoding: xchunked\r\n", 501},
		"a space in the name":   {"Content-Length : 5\r\n", 400},
		"a line that goes on":   {"X-A: a\r\n b\r\nContent-Length : 5\r\n", 400},
		"a bare line feed name": {"X-A\nContent-Length: 5\r\n", 400},
	} {
		a := d.raw("POST /mcp HTTP/1.1\r\nHost: " + strings.TrimPrefix(d.issuer, "http://") + "\r\nAuthorization: Bearer " + token + "\r\nContent-Type: application/json\r\n" + c.headers + "\r\n0\r\n\r\n")
		if a.status < 400 || c.want != 0 && a.status != c.want {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if d.passedOn() != 0 {
		t.Error("one was passed on")
	}
}

// TestHeadersAgree: headers that say something else than the message are refused, so that nothing on the way can be told
// another story than what is behind (attack 44; MCP 2026-07-28, SEP-2243).
func TestHeadersAgree(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant([]string{"calendar:read"})
	encoded := func(s string) string { return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?=" }
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		for _, k := range []struct {
			name    string
			headers []string
			ok      bool
		}{
			{"agree", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo"}, true},
			{"agree, base64", []string{"Mcp-Method", "tools/call", "Mcp-Name", encoded("calendar_echo")}, true},
			{"another tool", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_note"}, false},
			{"another tool, base64", []string{"Mcp-Method", "tools/call", "Mcp-Name", encoded("calendar_note")}, false},
			{"another method", []string{"Mcp-Method", "tools/list", "Mcp-Name", "calendar_echo"}, false},
			{"another case", []string{"Mcp-Method", "tools/call", "Mcp-Name", "Calendar_Echo"}, false},
			{"twice the same", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo", "Mcp-Name", "calendar_echo"}, false},
			{"twice, the first good", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo", "Mcp-Name", "calendar_note"}, false},
			{"two methods", []string{"Mcp-Method", "tools/call", "Mcp-Method", "ping", "Mcp-Name", "calendar_echo"}, false},
			{"broken base64", []string{"Mcp-Method", "tools/call", "Mcp-Name", "=?base64?Y2FsZW5kYXJfZWNobw?="}, false},
			{"base64 without end", []string{"Mcp-Method", "tools/call", "Mcp-Name", "=?base64?Y2FsZW5kYXJfZWNobw=="}, false},
			{"another version", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo", "Mcp-Protocol-Version", "", "Mcp-Protocol-Version", "2099-01-01"}, false},
			{"two versions", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo", "Mcp-Protocol-Version", string(e)}, false},
			{"no headers", nil, e == legacy},
			{"no name", []string{"Mcp-Method", "tools/call"}, e == legacy},
			{"no method", []string{"Mcp-Name", "calendar_echo"}, e == legacy},
			{"no version", []string{"Mcp-Method", "tools/call", "Mcp-Name", "calendar_echo", "Mcp-Protocol-Version", ""}, e == legacy},
		} {
			a := c.send(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"calendar_echo","arguments":{"text":"x"}`+e.meta()+`}}`, k.headers...)
			if k.ok && (a.status != 200 || !strings.Contains(a.body, "home says x")) {
				t.Errorf("%s, %s: %d %s", e, k.name, a.status, a.body)
			}
			want := -32020
			if e == legacy && k.name == "another version" { // to mcp-go it is a message of that version, without what it must have
				want = -32602
			}
			if !k.ok && (a.status != 400 || a.message(t).code() != want || strings.Contains(a.body, "says x")) {
				t.Errorf("%s, %s: %d %s, want 400 and %d", e, k.name, a.status, a.body, want)
			}
		}
	}
	select {
	case text := <-d.sent:
		t.Errorf("a note was written: %q", text)
	default:
	}
}

// TestScopeBypass: the guard and what stands behind it see the same tool, however the call is dressed (attack 44).
func TestScopeBypass(t *testing.T) {
	d := newDoor(t)
	_, token := d.grant([]string{"calendar:read"})
	for _, e := range []era{legacy, modern} {
		c := d.caller(e, token)
		for name, k := range map[string]struct{ method, params string }{
			"plain":            {"tools/call", `"name":"calendar_note"`},
			"escaped":          {"tools/call", `"n\u0061me":"calendar\u005fnote"`},
			"as a task":        {"tools/call", `"name":"calendar_note","task":{"ttl":1000}`},
			"as a retry":       {"tools/call", `"name":"calendar_note","requestState":"x.00","inputResponses":{"approval":{"action":"accept","content":{"approve":true}}}`},
			"within arguments": {"tools/call", `"name":"calendar_note","arguments":{"name":"calendar_echo"}`},
			"within _meta":     {"tools/call", `"name":"calendar_note","x":{"name":"calendar_echo"}`},
		} {
			body := `{"jsonrpc":"2.0","id":1,"method":"` + k.method + `","params":{` + k.params + e.meta() + `}}`
			a := c.send(body, "Mcp-Method", ifModern(e, k.method), "Mcp-Name", ifModern(e, "calendar_note"))
			if a.status != http.StatusForbidden {
				t.Errorf("%s, %s: %d %s", e, name, a.status, a.body)
			}
		}
		// Without an id it is a notification, which nobody answers: it must not run either.
		a := c.send(`{"jsonrpc":"2.0","method":"tools/call","params":{"name":"calendar_note"`+e.meta()+`}}`, "Mcp-Method", ifModern(e, "tools/call"), "Mcp-Name", ifModern(e, "calendar_note"))
		if a.status < 400 {
			t.Errorf("%s, as a notification: %d %s", e, a.status, a.body)
		}
		// A name with another letter for one of its own is another tool, to both.
		for _, name := range []string{"Calendar_note", "calendar_note ", " calendar_note", "calendar_note\u200b", "calendar_note\u0000", "calendar＿note"} {
			r := c.post("tools/call", map[string]any{"name": name})
			if e == modern {
				r.Header.Set("Mcp-Name", "=?base64?"+base64.StdEncoding.EncodeToString([]byte(name))+"?=")
			}
			if m := d.do(r).message(t); m.code() != -32602 && m.code() != -32020 {
				t.Errorf("%s, %q: %+v %s", e, name, m.Error, m.Result)
			}
		}
	}
	select {
	case text := <-d.sent:
		t.Errorf("a note was written: %q", text)
	default:
	}
}
