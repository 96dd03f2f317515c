package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"postern/internal/tool"
)

func TestProgressStandsBeforeTheAnswer(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	for range 20 {
		d.next++
		d.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"gmail_echo","arguments":{"text":"x"},"_meta":{"progressToken":"p%d"}}}`, d.next, d.next))
		m := d.receive()
		if m.Method != "notifications/progress" || !strings.Contains(string(m.Params), fmt.Sprintf(`"p%d"`, d.next)) {
			t.Fatalf("the first word is no progress: %s %s", m.Method, m.Params)
		}
		for m.Method != "" {
			m = d.receive()
		}
	}
}

func TestNothingIsSaidAfterTheAnswer(t *testing.T) {
	var out bytes.Buffer
	req := mcp.CallToolRequest{}
	req.Params.Meta = &mcp.Meta{ProgressToken: "p"}
	report, end := progress(req, &lineWriter{out: &out})
	report(1, 3, "one")
	end()
	report(3, 3, "three")
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d reports: %s", n, out.String())
	}
}

func TestCancellingStopsTheCall(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(`{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"gmail_wait","arguments":{}}}`)
	<-d.block
	d.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":50}}`)
	<-d.freed
	// Who has given up a call wants no answer to it, and the session ends without waiting for one.
	d.send(`{"jsonrpc":"2.0","id":51,"method":"ping"}`)
	if m := d.receive(); string(m.ID) != "51" {
		t.Errorf("after the cancellation: %s %s", m.ID, m.Result)
	}
	if m := d.request("ping", map[string]any{}); m.Error != nil {
		t.Errorf("afterwards: %+v", m.Error)
	}
}

// closed ends the input, and fails if the session does not end within a second.
func (d *desk) closed() {
	d.t.Helper()
	began := time.Now()
	d.in.Close()
	if err := <-d.ended; err != nil {
		d.t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > time.Second {
		d.t.Errorf("ended after %v", took)
	}
	d.ended <- nil // for the clean-up
}

func TestClosedInputEndsACall(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(`{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"gmail_wait","arguments":{}}}`)
	<-d.block
	go func() { _, _ = io.Copy(io.Discard, d.out) }()
	d.closed()
	<-d.freed
}

func TestClosedInputEndsThoughNobodyReads(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	for i := range 3 {
		d.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"ping"}`, 50+i))
	}
	d.closed()
}

func TestPipedRequestsAreAnswered(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(`{"jsonrpc":"2.0","id":60,"method":"tools/call","params":{"name":"gmail_echo","arguments":{"text":"late"}}}`)
	d.in.Close()
	if m := d.receive(); string(m.ID) != "60" {
		t.Errorf("the last request was answered with %+v", m)
	}
}

func TestBadLines(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	big := strings.Repeat("x", maxLine)
	for _, c := range []struct {
		line string
		id   string
		code int
	}{
		{`{"jsonrpc":`, "null", mcp.PARSE_ERROR},
		{`no json at all`, "null", mcp.PARSE_ERROR},
		{"\xff\xfe\x00", "null", mcp.PARSE_ERROR},
		{"\ufeff" + `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "null", mcp.PARSE_ERROR},
		{big + "more", "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"` + big + `"}}`, "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","method":"ping","params":{"id":8,"x":"` + big + `"},"id":"nine"}`, `"nine"`, mcp.INVALID_REQUEST},
		{`{"method":"ping","params":{"x":"` + big + `"}, "id":10, "jsonrpc":"2.0"}`, "10", mcp.INVALID_REQUEST},
		{`42`, "null", mcp.INVALID_REQUEST},
		{`"ping"`, "null", mcp.INVALID_REQUEST},
		{`null`, "null", mcp.INVALID_REQUEST},
		{`[]`, "null", mcp.INVALID_REQUEST},
		{`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":null,"method":"ping"}`, "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}`, "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":2,"method":7}`, "null", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":3}`, "3", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"1.0","id":4,"method":"ping"}`, "4", mcp.INVALID_REQUEST},
		{`{"id":5,"method":"ping"}`, "5", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":6,"method":"no/method"}`, "6", mcp.METHOD_NOT_FOUND},
		{`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":[1]}`, "7", mcp.INVALID_REQUEST},
		{`{"jsonrpc":"2.0","id":8,"method":"tools/call"}`, "8", mcp.INVALID_PARAMS},
		{`{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"gmail_fly"}}`, "9", mcp.INVALID_PARAMS},
		{`{"jsonrpc":"2.0","id":1.0,"method":"no/method"}`, "1", mcp.METHOD_NOT_FOUND},
	} {
		d.send(c.line)
		if m := d.receive(); m.Error == nil || m.Error.Code != c.code || string(m.ID) != c.id && !(c.id == "null" && m.ID == nil) {
			t.Errorf("%.60q: id %s, %+v", c.line, m.ID, m.Error)
		}
	}
	for _, line := range []string{"", "   ", "\r", `{"jsonrpc":"2.0","id":99,"result":{}}`, `{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"x"}}`, `{"jsonrpc":"2.0","method":"no/notification"}`} {
		d.send(line) // which is nothing to answer
	}
	for _, c := range []struct{ args, want string }{
		{`"x"`, "not a JSON object"}, {`["x"]`, "not a JSON object"}, {`{"text":7}`, `"text" must be a string`}, {`{}`, `"text" is missing`},
		{`{"text":"x","more":1}`, "more"}, {`{"text":"` + strings.Repeat("x", 1<<20) + `"}`, "text"}, {`{"text":"` + strings.Repeat("x", 3<<20) + `"}`, "handle"},
	} {
		d.send(`{"jsonrpc":"2.0","id":200,"method":"tools/call","params":{"name":"gmail_echo","arguments":` + c.args + `}}`)
		if got, bad := textOf(t, d.receive()); !bad || !strings.Contains(got, c.want) {
			t.Errorf("arguments %.60s: %s", c.args, got)
		}
	}
	if got, bad := textOf(t, d.call("gmail_echo", map[string]any{"text": "still here"}, nil)); bad || !strings.Contains(got, "still here") {
		t.Errorf("afterwards: %s", got)
	}
}

func TestBatches(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-03-26", map[string]any{})
	d.send(`[{"jsonrpc":"2.0","id":1,"method":"ping"}, {"jsonrpc":"2.0","method":"notifications/initialized"}, 7,` +
		` {"jsonrpc":"2.0","id":"two","method":"tools/call","params":{"name":"gmail_echo","arguments":{"text":"x"}}}, {"jsonrpc":"2.0","id":3,"method":"initialize"},` +
		` {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"gmail_wait"}}, {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}]`)
	line, err := d.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var list []message
	if err := json.Unmarshal([]byte(line), &list); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	got := map[string]bool{}
	for _, m := range list {
		got[string(m.ID)] = m.Error == nil
	}
	if want := map[string]bool{"1": true, `"two"`: true, "null": false, "3": false}; !maps.Equal(want, got) {
		t.Errorf("answers %v, want %v: %s", got, want, line)
	}
	d.send(`[{"jsonrpc":"2.0","method":"notifications/initialized"}]`) // nothing to answer
	d.send("[" + strings.Repeat(`1,`, maxBatch) + "1]")
	if m := d.receive(); m.Error == nil || m.Error.Code != mcp.INVALID_REQUEST {
		t.Errorf("too many: %+v", m)
	}
	if m := d.request("ping", map[string]any{}); m.Error != nil {
		t.Errorf("afterwards: %+v", m.Error)
	}
}

// TestAnOddMessageOfABatch holds nobody else's answer up.
func TestAnOddMessageOfABatch(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-03-26", map[string]any{})
	for _, odd := range []string{
		`{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}`, `{"jsonrpc":2.0,"id":7,"method":"ping"}`, `{"jsonrpc":"2.0","id":1e400,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}`, `{"id":7,"method":"ping"}`, `{"jsonrpc":"2.0","id":1.5,"method":"ping"}`,
	} {
		d.send("[" + odd + `,{"jsonrpc":"2.0","id":2,"method":"ping"}]`)
		line, err := d.out.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var list []message
		if err := json.Unmarshal([]byte(line), &list); err != nil || len(list) != 2 {
			t.Fatalf("%s: %v: %s", odd, err, line)
		}
		for _, m := range list {
			if string(m.ID) != "2" && (m.Error == nil || !strings.Contains(odd, `"id":`+string(m.ID))) {
				t.Errorf("%s: %s", odd, line)
			}
		}
	}
}

// TestRefusalsHoldUpNothing has a client that reads none of its answers: its end must be noticed nevertheless.
func TestRefusalsHoldUpNothing(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(strings.Repeat("x\n", 2000))
	d.closed()
}

func TestOtherRevisions(t *testing.T) {
	for asked, want := range map[string]string{"2024-11-05": "2024-11-05", "2025-03-26": "2025-03-26", "2025-06-18": "2025-06-18", "2025-11-25": "2025-11-25", "1999-01-01": "2025-11-25"} {
		t.Run(asked, func(t *testing.T) {
			d := newDesk(t, tool.Policy{})
			m := d.request("initialize", map[string]any{"protocolVersion": asked, "capabilities": map[string]any{}, "clientInfo": map[string]any{"name": "tester", "version": "1"}})
			if !strings.Contains(string(m.Result), `"protocolVersion":"`+want+`"`) {
				t.Errorf("the server takes %s, want %s", m.Result, want)
			}
			if got, bad := textOf(t, d.call("gmail_echo", map[string]any{"text": "x"}, nil)); bad || !strings.Contains(got, "you said x") {
				t.Errorf("a call: %s", got)
			}
		})
	}
}
