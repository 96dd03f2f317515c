package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/api/option"

	"postern/internal/approval"
	"postern/internal/store"
	"postern/internal/tool"
)

var update = flag.Bool("update", false, "write the golden files")

// desk is a Server with a small set of tools, and a client that speaks to it line by line.
type desk struct {
	t      *testing.T
	server *Server
	queue  *approval.Queue
	in     *io.PipeWriter
	out    *bufio.Reader
	ended  chan error
	next   int
	log    bytes.Buffer // what was said, for a golden file
	block  chan struct{}
}

// profiles are two sample profiles without a Google.
type profiles struct{}

func (profiles) List(context.Context) ([]tool.Profile, error) {
	return []tool.Profile{{ID: "1", Name: "home", Email: "home@example.com", Health: "valid"}, {ID: "2", Name: "work", Email: "work@example.com", Health: "valid"}}, nil
}
func (profiles) HTTPClient(context.Context, string) (*http.Client, error) { return &http.Client{}, nil }
func (profiles) Default(context.Context) (string, error)                  { return "1", nil }

type text string

func (s text) Markdown() string { return string(s) }

type service struct{}

func open(context.Context, ...option.ClientOption) (*service, error) { return &service{}, nil }

func newDesk(t *testing.T, policy tool.Policy) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, queue: &approval.Queue{Store: s, Poll: time.Millisecond}, ended: make(chan error, 1), block: make(chan struct{})}
	type echoInput struct {
		Text string `json:"text" jsonschema:"What to say." maxLen:"100"`
	}
	type noInput struct{}
	set := tool.Set{Name: "gmail", Title: "Sample", Tools: []tool.Tool{
		tool.Read(open, "gmail_echo", "Say it again.", func(ctx context.Context, _ *service, in echoInput) (text, error) {
			tool.From(ctx).Progress(1, 2, "half")
			tool.From(ctx).Progress(2, 2, "all")
			return text("you said " + in.Text), nil
		}),
		tool.Read(open, "gmail_list_labels", "List labels.", func(context.Context, *service, noInput) (text, error) { return "INBOX", nil }),
		tool.Read(open, "gmail_panic", "Break.", func(context.Context, *service, noInput) (text, error) { panic("broken on purpose") }),
		tool.Read(open, "gmail_wait", "Wait for ever.", func(ctx context.Context, _ *service, _ noInput) (text, error) {
			close(d.block)
			<-ctx.Done()
			return "", ctx.Err()
		}),
		tool.Outward(open, "gmail_send", "Send.", func(_ context.Context, _ *service, in echoInput) (tool.Plan[string], error) {
			return tool.Plan[string]{Frozen: in.Text, Preview: approval.Preview{Title: "Send it", Body: in.Text}}, nil
		}, func(_ context.Context, _ *service, f string) (text, error) { return text("sent " + f), nil }),
	}}
	r := &tool.Runner{Sets: []tool.Set{set}, Profiles: profiles{}, Defaults: s, Queue: d.queue, Policy: func(context.Context) tool.Policy { return policy }}
	d.server = &Server{Runner: r, Client: tool.Client{Key: "test", Name: "test", Local: true}, Version: "1.0",
		Labels: func(_ context.Context, id string) ([]string, error) {
			return []string{"Work", "Work/Board", "Family" + id}, nil
		}}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	d.in, d.out = inW, bufio.NewReader(outR)
	go func() { d.ended <- d.server.Stdio(t.Context(), inR, outW); outW.Close() }()
	t.Cleanup(func() {
		inW.Close()
		go func() { _, _ = io.Copy(io.Discard, d.out) }()
		<-d.ended
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Errorf("closing: %v", err)
		}
		s.Close()
	})
	return d
}

func (d *desk) send(line string) {
	d.t.Helper()
	fmt.Fprintf(&d.log, ">>> %s\n", line)
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

// message is anything that the server says.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

func (d *desk) receive() message {
	d.t.Helper()
	line, err := d.out.ReadString('\n')
	if err != nil {
		d.t.Fatalf("the server ended: %v", err)
	}
	fmt.Fprintf(&d.log, "<<< %s", line)
	var m message
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		d.t.Fatalf("%q: %v", line, err)
	}
	return m
}

func (d *desk) request(method string, params any) message {
	d.t.Helper()
	d.next++
	b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": d.next, "method": method, "params": params})
	if err != nil {
		d.t.Fatal(err)
	}
	d.send(string(b))
	for {
		if m := d.receive(); m.Method == "" {
			return m
		}
	}
}

func (d *desk) initialize(version string, capabilities map[string]any) {
	d.t.Helper()
	d.request("initialize", map[string]any{"protocolVersion": version, "capabilities": capabilities, "clientInfo": map[string]any{"name": "tester", "version": "1"}})
	d.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
}

// call calls a tool; meta is added to the parameters.
func (d *desk) call(name string, args map[string]any, meta map[string]any) message {
	d.t.Helper()
	p := map[string]any{"name": name, "arguments": args}
	if meta != nil {
		p["_meta"] = meta
	}
	return d.request("tools/call", p)
}

func textOf(t *testing.T, m message) (string, bool) {
	t.Helper()
	var r struct {
		Content []struct{ Text string }
		IsError bool
	}
	if m.Error != nil {
		t.Fatalf("an error of the protocol: %+v", m.Error)
	}
	if err := json.Unmarshal(m.Result, &r); err != nil || len(r.Content) == 0 {
		t.Fatalf("%s: %v", m.Result, err)
	}
	return r.Content[0].Text, r.IsError
}

// modern is what each request of 2026-07-28 says of itself.
var modern = map[string]any{
	"io.modelcontextprotocol/protocolVersion":    "2026-07-28",
	"io.modelcontextprotocol/clientInfo":         map[string]any{"name": "tester", "version": "1"},
	"io.modelcontextprotocol/clientCapabilities": map[string]any{},
}

// TestSessions holds whole sessions, in both eras of the protocol, to their golden files.
func TestSessions(t *testing.T) {
	for _, era := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(era, func(t *testing.T) {
			d := newDesk(t, tool.Policy{})
			with := func(p map[string]any) map[string]any { return p }
			var meta map[string]any
			if era == "2026-07-28" {
				meta = modern
				with = func(p map[string]any) map[string]any { p["_meta"] = modern; return p }
				d.request("server/discover", with(map[string]any{}))
			} else {
				d.initialize(era, map[string]any{})
			}
			d.request("tools/list", with(map[string]any{}))
			d.call("gmail_echo", map[string]any{"text": "hello"}, meta)
			d.call("gmail_echo", map[string]any{"text": 7}, meta)
			d.call("gmail_echo", map[string]any{}, meta)
			d.call("gmail_fly", map[string]any{}, meta)
			d.call("gmail_panic", map[string]any{}, meta)
			d.call("profiles_list", map[string]any{}, meta)
			d.request("resources/list", with(map[string]any{}))
			d.request("resources/templates/list", with(map[string]any{}))
			d.request("resources/read", with(map[string]any{"uri": "postern://profiles"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://work/labels"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://nobody/labels"}))
			d.request("prompts/list", with(map[string]any{}))
			d.request("prompts/get", with(map[string]any{"name": "unanswered_mail", "arguments": map[string]string{"days": "5"}}))
			d.request("completion/complete", with(map[string]any{"ref": map[string]string{"type": "ref/prompt", "name": "inbox_triage"}, "argument": map[string]string{"name": "profile", "value": "w"}}))
			d.request("completion/complete", with(map[string]any{"ref": map[string]string{"type": "ref/prompt", "name": "inbox_triage"}, "argument": map[string]string{"name": "label", "value": "bo"}, "context": map[string]any{"arguments": map[string]string{"profile": "work"}}}))
			path := filepath.Join("testdata", era+".golden")
			if *update {
				if err := os.WriteFile(path, d.log.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, d.log.Bytes()) {
				t.Errorf("the session differs from %s (-update if that is meant):\n%s", path, firstDifference(string(want), d.log.String()))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "want " + w[i] + "\ngot  " + g[i]
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

func TestInstructionsFit(t *testing.T) {
	if n := len(instructions) + len(sampleNote); n > 1024 {
		t.Errorf("the instructions have %d bytes, the most is 1024", n)
	}
}

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

func TestCancellingStopsTheCall(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(`{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"gmail_wait","arguments":{}}}`)
	<-d.block
	d.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":50}}`)
	if m := d.receive(); string(m.ID) != "50" || !strings.Contains(string(m.Result)+fmt.Sprint(m.Error), "cancelled") {
		t.Errorf("after the cancellation: %s %+v", m.Result, m.Error)
	}
}

func TestClosedInputEndsACall(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{})
	d.send(`{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"gmail_wait","arguments":{}}}`)
	<-d.block
	began := time.Now()
	d.in.Close()
	go func() { _, _ = io.Copy(io.Discard, d.out) }()
	if err := <-d.ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("ended after %v", took)
	}
	d.ended <- nil // for the clean-up
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
	for _, line := range []string{`{"jsonrpc":`, `no json at all`, strings.Repeat("x", maxLine+10)} {
		d.send(line)
		if m := d.receive(); m.Error == nil || m.Error.Code != -32700 {
			t.Errorf("%.40q: %+v", line, m)
		}
	}
	d.send("")
	d.send("   ")
	if m := d.request("no/method", map[string]any{}); m.Error == nil || m.Error.Code != -32601 {
		t.Errorf("an unknown method: %+v", m.Error)
	}
	if got, bad := textOf(t, d.call("gmail_echo", map[string]any{"text": "still here"}, nil)); bad || !strings.Contains(got, "still here") {
		t.Errorf("afterwards: %s", got)
	}
}

func TestAnOutwardCallAsks(t *testing.T) {
	d := newDesk(t, tool.Policy{})
	d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{}}) // which the owner has not allowed
	d.send(`{"jsonrpc":"2.0","id":70,"method":"tools/call","params":{"name":"gmail_send","arguments":{"text":"it"}}}`)
	r := d.pending()
	if r.Client != "tester" || r.Tool != "gmail_send" {
		t.Errorf("the question: %+v", r)
	}
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if got, bad := textOf(t, d.receive()); bad || !strings.Contains(got, "sent it") {
		t.Errorf("after the yes: %s", got)
	}
}

func (d *desk) pending() approval.Request {
	d.t.Helper()
	for d.t.Context().Err() == nil {
		open, err := d.queue.Pending(d.t.Context())
		if err != nil {
			d.t.Fatal(err)
		}
		if len(open) == 1 {
			return open[0]
		}
	}
	return approval.Request{}
}

func TestElicitation(t *testing.T) {
	answer := func(action string, content map[string]any) map[string]any {
		return map[string]any{"action": action, "content": content}
	}
	t.Run("older clients", func(t *testing.T) {
		d := newDesk(t, tool.Policy{Elicitation: true})
		d.initialize("2025-11-25", map[string]any{"elicitation": map[string]any{}})
		for _, c := range []struct {
			answer map[string]any
			want   string
			bad    bool
		}{
			{answer("accept", map[string]any{"approve": true}), "sent it", false},
			{answer("accept", map[string]any{"approve": false, "reason": "too late"}), "too late", true},
			{answer("decline", nil), "said no", true},
		} {
			d.next++
			d.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"gmail_send","arguments":{"text":"it"}}}`, d.next+100))
			ask := d.receive()
			if ask.Method != "elicitation/create" || !strings.Contains(string(ask.Params), "Send it") {
				t.Fatalf("instead of a question: %+v", ask)
			}
			b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": ask.ID, "result": c.answer})
			if err != nil {
				t.Fatal(err)
			}
			d.send(string(b))
			if got, bad := textOf(t, d.receive()); bad != c.bad || !strings.Contains(got, c.want) {
				t.Errorf("%v: %v, %s", c.answer, bad, got)
			}
		}
	})
	t.Run("2026-07-28", func(t *testing.T) {
		d := newDesk(t, tool.Policy{Elicitation: true})
		meta := map[string]any{}
		for k, v := range modern {
			meta[k] = v
		}
		meta["io.modelcontextprotocol/clientCapabilities"] = map[string]any{"elicitation": map[string]any{}}
		params := map[string]any{"name": "gmail_send", "arguments": map[string]any{"text": "it"}, "_meta": meta}
		first := d.request("tools/call", params)
		var asked struct {
			ResultType   string                     `json:"resultType"`
			Requests     map[string]json.RawMessage `json:"inputRequests"`
			RequestState string                     `json:"requestState"`
		}
		if err := json.Unmarshal(first.Result, &asked); err != nil || asked.RequestState == "" || asked.Requests[question] == nil {
			t.Fatalf("instead of a question: %s, %+v, %v", first.Result, first.Error, err)
		}
		params["inputResponses"] = map[string]any{question: answer("accept", map[string]any{"approve": true})}
		params["requestState"] = strings.Repeat("a", 10) + asked.RequestState[10:]
		if m := d.request("tools/call", params); !strings.Contains(string(m.Result), "isError\":true") {
			t.Errorf("a forged state was taken: %s", m.Result)
		}
		params["requestState"] = asked.RequestState
		if got, bad := textOf(t, d.request("tools/call", params)); bad || !strings.Contains(got, "sent it") {
			t.Errorf("after the yes: %s", got)
		}
	})
}
