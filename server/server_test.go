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
	"sync"
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
	owner  *profiles
	block  chan struct{} // closed when gmail_wait waits
	freed  chan struct{} // closed when gmail_wait was cancelled
}

// profiles are two sample profiles without a Google.
type profiles struct {
	mu   sync.Mutex
	list []tool.Profile
}

func (p *profiles) List(context.Context) ([]tool.Profile, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.list, nil
}

func (p *profiles) set(list ...tool.Profile) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = list
}

func (*profiles) HTTPClient(context.Context, string) (*http.Client, error) {
	return &http.Client{}, nil
}
func (*profiles) Default(context.Context) (string, error) { return "1", nil }

var (
	home = tool.Profile{ID: "1", Name: "home", Email: "home@example.com", Health: "valid"}
	work = tool.Profile{ID: "2", Name: "work", Email: "work@example.com", Health: "valid"}
)

// picture is a result with an image and a file.
type picture struct{ text }

func (picture) Contents() []tool.Content {
	return []tool.Content{{Image: []byte("png"), MIME: "image/png"}, {File: "postern://file/ab12", Name: "a.pdf", MIME: "application/pdf"}}
}

type text string

func (s text) Markdown() string { return string(s) }

type service struct{}

func open(context.Context, ...option.ClientOption) (*service, error) { return &service{}, nil }

// newDesk starts a session; with changes its Runner first.
func newDesk(t *testing.T, policy tool.Policy, with ...func(*tool.Runner)) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, queue: &approval.Queue{Store: s, Poll: time.Millisecond}, ended: make(chan error, 1), owner: &profiles{list: []tool.Profile{home, work}}, block: make(chan struct{}), freed: make(chan struct{})}
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
			close(d.freed)
			return "", ctx.Err()
		}),
		tool.Read(open, "gmail_picture", "Show a picture.", func(context.Context, *service, noInput) (picture, error) { return picture{"a picture"}, nil }),
		tool.Outward(open, "gmail_send", "Send.", func(_ context.Context, _ *service, in echoInput) (tool.Plan[string], error) {
			return tool.Plan[string]{Frozen: in.Text, Preview: approval.Preview{Title: "Send it", Body: in.Text}}, nil
		}, func(_ context.Context, _ *service, f string) (text, error) { return text("sent " + f), nil }),
	}}
	r := &tool.Runner{Sets: []tool.Set{set}, Profiles: d.owner, Defaults: s, Queue: d.queue, Policy: func(context.Context) tool.Policy { return policy }}
	for _, change := range with {
		change(r)
	}
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
			d.call("gmail_picture", map[string]any{}, meta)
			d.call("profiles_list", map[string]any{}, meta)
			d.request("resources/list", with(map[string]any{}))
			d.request("resources/templates/list", with(map[string]any{}))
			d.request("resources/read", with(map[string]any{"uri": "postern://profiles"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://work/labels"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://nobody/labels"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://a%07%22b/labels"}))
			d.request("resources/read", with(map[string]any{"uri": "postern://elsewhere"}))
			d.request("prompts/list", with(map[string]any{}))
			d.request("prompts/get", with(map[string]any{"name": "unanswered_mail", "arguments": map[string]string{"days": "5"}}))
			d.request("prompts/get", with(map[string]any{"name": "inbox_triage", "arguments": map[string]string{"profile": "work", "label": "Work/Board"}}))
			d.request("prompts/get", with(map[string]any{"name": "reply_in_my_voice", "arguments": map[string]string{"message_id": "18c0ffee", "points": "yes,\nbut later"}}))
			d.request("prompts/get", with(map[string]any{"name": "reply_in_my_voice"}))
			d.request("prompts/get", with(map[string]any{"name": "tell_a_joke"}))
			d.request("completion/complete", with(map[string]any{"ref": map[string]string{"type": "ref/resource", "uri": "postern://{profile}/labels"}, "argument": map[string]string{"name": "profile", "value": ""}}))
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

func TestAChangedListIsTold(t *testing.T) {
	t.Run("older clients", func(t *testing.T) {
		d := newDesk(t, tool.Policy{})
		d.owner.set()
		d.initialize("2025-11-25", map[string]any{})
		before := d.request("tools/list", map[string]any{})
		if strings.Contains(string(before.Result), "gmail_echo") {
			t.Errorf("without a profile there is %s", before.Result)
		}
		// A client that calls what it is not shown is told what the owner can do.
		if got, bad := textOf(t, d.call("gmail_echo", map[string]any{"text": "x"}, nil)); !bad || !strings.Contains(got, "postern profiles add") {
			t.Errorf("without a profile: %s", got)
		}
		d.owner.set(home)
		d.send(`{"jsonrpc":"2.0","id":300,"method":"tools/call","params":{"name":"profiles_list"}}`)
		if m := d.receive(); m.Method != "notifications/tools/list_changed" {
			t.Errorf("the first word after a change: %+v", m)
		}
		d.receive()
		d.send(`{"jsonrpc":"2.0","id":301,"method":"tools/call","params":{"name":"profiles_list"}}`)
		if m := d.receive(); string(m.ID) != "301" {
			t.Errorf("it was told twice: %+v", m)
		}
		if after := d.request("tools/list", map[string]any{}); !strings.Contains(string(after.Result), "gmail_echo") {
			t.Errorf("with a profile there is %s", after.Result)
		}
	})
	t.Run("2026-07-28", func(t *testing.T) {
		d := newDesk(t, tool.Policy{})
		b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": "s1", "method": "subscriptions/listen", "params": map[string]any{"_meta": modern, "notifications": map[string]any{"toolsListChanged": true}}})
		if err != nil {
			t.Fatal(err)
		}
		d.send(string(b))
		if m := d.receive(); m.Method != "notifications/subscriptions/acknowledged" {
			t.Fatalf("instead of a subscription: %+v", m)
		}
		d.request("tools/list", map[string]any{"_meta": modern})
		d.owner.set()
		d.send(`{"jsonrpc":"2.0","id":300,"method":"tools/call","params":{"name":"profiles_list","_meta":` + string(encode(modern)) + `}}`)
		if m := d.receive(); m.Method != "notifications/tools/list_changed" || !strings.Contains(string(m.Params), `"io.modelcontextprotocol/subscriptionId":"s1"`) {
			t.Errorf("the first word after a change: %s %s", m.Method, m.Params)
		}
		d.receive()
	})
}
