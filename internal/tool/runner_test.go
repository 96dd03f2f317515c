package tool_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/option"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/store"
	"postern/internal/tool"
)

// desk is a Runner over a real store and queue, with a small set of tools.
type desk struct {
	t      *testing.T
	runner *tool.Runner
	queue  *approval.Queue
	store  *store.Store
	client tool.Client

	mu       sync.Mutex // guards the fields below
	sent     []string
	profiles []tool.Profile
	policy   tool.Policy
}

type note string

func (n note) Markdown() string { return string(n) }

type service struct{}

type textInput struct {
	Text string `json:"text,omitempty"`
}

type signInAgain struct{}

func (signInAgain) Error() string     { return `profile "home" must sign in again: revoked` }
func (signInAgain) OwnerMust() string { return "postern profiles refresh home" }

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, store: s, queue: &approval.Queue{Store: s, Poll: time.Millisecond}, client: tool.Client{Key: "c", Name: "client", Local: true},
		profiles: []tool.Profile{{ID: "1", Name: "home", Email: "home@example.com", Scopes: []string{"read", "send"}}, {ID: "2", Name: "work", Email: "work@example.com", Scopes: []string{"read"}}}}
	open := func(context.Context, ...option.ClientOption) (*service, error) { return &service{}, nil }
	set := tool.Set{Name: "gmail", Title: "Sample", Tools: []tool.Tool{
		tool.Read(open, "gmail_read", "Read.", func(ctx context.Context, _ *service, in textInput) (note, error) {
			switch in.Text {
			case "panic":
				panic("on purpose")
			case "again":
				return "", signInAgain{}
			}
			return note(in.Text + " as " + tool.From(ctx).Profile.Name), nil
		}, tool.Needs("read")),
		tool.Write(open, "gmail_write", "Write.", func(context.Context, *service, textInput) (note, error) { return "written", nil }, tool.Needs("read")),
		tool.Outward(open, "gmail_send", "Send.", func(_ context.Context, _ *service, in textInput) (tool.Plan[string], error) {
			p := tool.Plan[string]{Frozen: in.Text, Preview: approval.Preview{Title: "Send " + in.Text}}
			if in.Text == "to myself" {
				p.Class = tool.ClassWrite
			}
			return p, nil
		}, func(_ context.Context, _ *service, f string) (note, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.sent = append(d.sent, f)
			return note("sent " + f), nil
		}, tool.Needs("send")),
	}}
	d.runner = &tool.Runner{Sets: []tool.Set{set}, Profiles: d, Defaults: s, Queue: d.queue, Recorder: s, Hold: 50 * time.Millisecond,
		Policy: func(context.Context) tool.Policy { d.mu.Lock(); defer d.mu.Unlock(); return d.policy }}
	t.Cleanup(func() { d.close(); s.Close() })
	return d
}

func (d *desk) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := d.runner.Close(ctx); err != nil {
		d.t.Errorf("closing: %v", err)
	}
}

func (d *desk) List(context.Context) ([]tool.Profile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.profiles), nil
}
func (d *desk) HTTPClient(context.Context, string) (*http.Client, error) { return &http.Client{}, nil }
func (d *desk) Default(context.Context) (string, error)                  { return "", nil }

func (d *desk) call(name string, args map[string]any) *tool.Outcome {
	d.t.Helper()
	b, err := json.Marshal(args)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.runner.Call(d.t.Context(), tool.Invocation{Client: d.client, Tool: name, Args: b})
}

func (d *desk) sends() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sent)
}

func (d *desk) names() []string {
	d.t.Helper()
	tools, err := d.runner.Tools(d.t.Context(), d.client)
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, t := range tools {
		names = append(names, t.Name)
	}
	return names
}

func TestWhatAClientIsShown(t *testing.T) {
	own := []string{"approvals_get", "profiles_list", "profiles_use"}
	for _, c := range []struct {
		name   string
		change func(*tool.Client)
		want   []string
	}{
		{"everything", func(*tool.Client) {}, []string{"approvals_get", "gmail_read", "gmail_send", "gmail_write", "profiles_list", "profiles_use"}},
		{"reading", func(c *tool.Client) { c.ReadOnly = true }, []string{"approvals_get", "gmail_read", "profiles_list"}},
		{"a scope", func(c *tool.Client) { c.Scopes = []tool.Scope{"gmail:write"} }, []string{"approvals_get", "gmail_read", "gmail_write", "profiles_list", "profiles_use"}},
		{"another toolset", func(c *tool.Client) { c.Toolsets = []string{"drive"} }, own},
		{"a profile without the Google scope", func(c *tool.Client) { c.Profiles = []string{"2"} }, []string{"approvals_get", "gmail_read", "gmail_write", "profiles_list", "profiles_use"}},
		{"no profile", func(c *tool.Client) { c.Profiles = []string{} }, own},
	} {
		d := newDesk(t)
		c.change(&d.client)
		if got := d.names(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// What is not shown is not there.
	d := newDesk(t)
	d.client.ReadOnly = true
	if out := d.call("gmail_send", nil); out.Err == nil || out.Err.Code != "unknown_tool" {
		t.Errorf("a hidden tool: %s", out.Text)
	}
}

func TestWhichProfile(t *testing.T) {
	d := newDesk(t)
	if out := d.call("gmail_read", nil); out.Err == nil || out.Err.Code != "which_profile" || !strings.Contains(out.Text, `"work"`) {
		t.Errorf("without a default: %s", out.Text)
	}
	for arg, want := range map[string]string{"work": "as work", "HOME@example.com": "as home"} {
		if out := d.call("gmail_read", map[string]any{"profile": arg}); !strings.Contains(out.Text, want) {
			t.Errorf("profile %s: %s", arg, out.Text)
		}
	}
	if out := d.call("profiles_use", map[string]any{"profile": "work"}); out.Err != nil {
		t.Fatal(out.Text)
	}
	if out := d.call("gmail_read", nil); !strings.HasPrefix(out.Text, "profile: work (work@example.com)") {
		t.Errorf("after profiles_use: %s", out.Text)
	}
	other := d.client
	other.Key = "another"
	if out := d.runner.Call(t.Context(), tool.Invocation{Client: other, Tool: "gmail_read"}); out.Err == nil {
		t.Errorf("another client has the default, too: %s", out.Text)
	}
	if out := d.call("gmail_send", map[string]any{"profile": "work"}); out.Err == nil || out.Err.Code != "missing_scope" || !strings.Contains(out.Text, "postern profiles refresh work") || !strings.Contains(out.Text, `"home"`) {
		t.Errorf("a profile without the scope: %s", out.Text)
	}
	if out := d.call("gmail_read", map[string]any{"profile": "all"}); out.Err == nil {
		t.Errorf("all, where it means nothing: %s", out.Text)
	}
	d.client.Profiles = []string{"1"}
	if out := d.call("gmail_read", map[string]any{"profile": "work"}); out.Err == nil || strings.Contains(out.Text, "work@example.com") {
		t.Errorf("a profile that the client may not use: %s", out.Text)
	}
}

func TestFailuresAreOneErrorEach(t *testing.T) {
	d := newDesk(t)
	for text, c := range map[string]struct{ code, says string }{
		"panic": {"internal", "failed inside Postern"},
		"again": {"sign_in_again", "postern profiles refresh home"},
	} {
		if out := d.call("gmail_read", map[string]any{"profile": "home", "text": text}); out.Err == nil || out.Err.Code != c.code || !strings.Contains(out.Text, c.says) {
			t.Errorf("%s: %s", text, out.Text)
		}
	}
	if out := d.call("gmail_read", map[string]any{"profile": "home", "text": "x"}); out.Err != nil {
		t.Errorf("afterwards: %s", out.Text)
	}
	if out := d.runner.Call(t.Context(), tool.Invocation{Client: d.client, Tool: "gmail_read", Args: []byte("[1]")}); out.Err == nil || out.Err.Code != "invalid_argument" {
		t.Errorf("arguments that are a list: %s", out.Text)
	}
	if out := d.runner.Call(t.Context(), tool.Invocation{Client: d.client, Tool: "gmail_read", Args: make([]byte, tool.MaxArguments+1)}); out.Err == nil || out.Err.Code != "invalid_argument" {
		t.Errorf("too many arguments: %s", out.Text)
	}
}

func TestAHeldCallRunsOnceAfterTheYes(t *testing.T) {
	d := newDesk(t)
	out := d.call("gmail_send", map[string]any{"profile": "home", "text": "it"})
	if out.Pending == "" || !strings.Contains(out.Text, "pending_approval") || len(d.sends()) != 0 {
		t.Fatalf("held: %s, sent %v", out.Text, d.sends())
	}
	if got := d.call("approvals_get", map[string]any{"approval_id": out.Pending}); !strings.Contains(got.Text, "pending") {
		t.Errorf("before the answer: %s", got.Text)
	}
	stranger := d.client
	stranger.Key = "another"
	if got := d.runner.Call(t.Context(), tool.Invocation{Client: stranger, Tool: "approvals_get", Args: []byte(`{"approval_id":"` + out.Pending + `"}`)}); got.Err == nil {
		t.Errorf("another client reads the approval: %s", got.Text)
	}
	if err := d.queue.Answer(t.Context(), out.Pending, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if err := d.queue.Answer(t.Context(), out.Pending, approval.Answer{Approved: true}); !errors.Is(err, approval.ErrSettled) {
		t.Errorf("a second yes: %v", err)
	}
	for {
		r, err := d.queue.Get(t.Context(), out.Pending)
		if err != nil {
			t.Fatal(err)
		}
		if r.State == approval.Done {
			break
		}
	}
	if got := d.call("approvals_get", map[string]any{"approval_id": out.Pending}); !strings.Contains(got.Text, "sent it") || !slices.Equal(d.sends(), []string{"it"}) {
		t.Errorf("after the yes: %s, sent %v", got.Text, d.sends())
	}
	d.close()
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		name    string
		policy  tool.Policy
		tool    string
		text    string
		code    string
		pending bool
	}{
		{"an outward call that is allowed", tool.Policy{Outward: tool.Allow}, "gmail_send", "x", "", false},
		{"an outward call that is denied", tool.Policy{Outward: tool.Deny}, "gmail_send", "x", "not_allowed", false},
		{"an outward call, by default", tool.Policy{}, "gmail_send", "x", "", true},
		{"an outward tool that does less", tool.Policy{}, "gmail_send", "to myself", "", false},
		{"a write that is denied", tool.Policy{Write: tool.Deny}, "gmail_write", "x", "not_allowed", false},
		{"a read, whatever else", tool.Policy{Write: tool.Deny, Outward: tool.Deny}, "gmail_read", "x", "", false},
	} {
		d := newDesk(t)
		d.policy = c.policy
		out := d.call(c.tool, map[string]any{"profile": "home", "text": c.text})
		code := ""
		if out.Err != nil {
			code = out.Err.Code
		}
		if code != c.code || (out.Pending != "") != c.pending {
			t.Errorf("%s: code %q, pending %q: %s", c.name, code, out.Pending, out.Text)
		}
	}
}

func TestAClientThatGoesWithdrawsItsQuestion(t *testing.T) {
	d := newDesk(t)
	d.runner.Hold = time.Minute
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan *tool.Outcome, 1)
	go func() {
		done <- d.runner.Call(ctx, tool.Invocation{Client: d.client, Tool: "gmail_send", Args: []byte(`{"profile":"home","text":"it"}`)})
	}()
	var id string
	for id == "" {
		open, err := d.queue.Pending(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(open) == 1 {
			id = open[0].ID
		}
	}
	cancel()
	if out := <-done; out.Err == nil || out.Err.Code != "cancelled" {
		t.Errorf("the call: %s", out.Text)
	}
	if err := d.queue.Answer(t.Context(), id, approval.Answer{Approved: true}); !errors.Is(err, approval.ErrSettled) || len(d.sends()) != 0 {
		t.Errorf("a yes after that: %v, sent %v", err, d.sends())
	}
}

func TestClosingWithdrawsWhatWaits(t *testing.T) {
	d := newDesk(t)
	out := d.call("gmail_send", map[string]any{"profile": "home", "text": "it"})
	d.close()
	if r, err := d.queue.Get(t.Context(), out.Pending); err != nil || r.State != approval.Withdrawn {
		t.Errorf("the question is %s, %v", r.State, err)
	}
}

func TestEveryCallIsRecordedWithoutItsContents(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	d.runner.Recorder = s
	d.call("gmail_read", map[string]any{"profile": "home", "text": "confidential"})
	d.call("gmail_read", map[string]any{"profile": "nobody"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = store.Open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	entries, err := s.Entries(t.Context(), activity.Filter{})
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if e := entries[0]; e.Outcome != activity.OK || e.Profile != "home" || e.Client != "client" || e.Tool != "gmail_read" || e.BytesIn == 0 || e.BytesOut == 0 {
		t.Errorf("the first: %+v", e)
	}
	if e := entries[1]; e.Outcome != activity.Failed || e.Code != "unknown_profile" {
		t.Errorf("the second: %+v", e)
	}
	if b, _ := json.Marshal(entries); strings.Contains(string(b), "confidential") {
		t.Errorf("the record holds contents: %s", b)
	}
}

// TestAClientFromOutsideWritesOnceAsked: its writes are put to the owner, who is shown the arguments; the yes is told on.
func TestAClientFromOutsideWritesOnceAsked(t *testing.T) {
	d := newDesk(t)
	d.client.AskWrites = true
	wrote := ""
	d.runner.Wrote = func(_ context.Context, c tool.Client) error { wrote = c.Key; return nil }
	out := d.call("gmail_write", map[string]any{"profile": "home", "text": "it"})
	if out.Pending == "" {
		t.Fatalf("it is not asked: %s", out.Text)
	}
	q, err := d.queue.Get(t.Context(), out.Pending)
	if err != nil || q.Class != "write" || len(q.Preview.Fields) != 1 || q.Preview.Fields[0].Value != "it" {
		t.Errorf("the owner is shown %+v, %v", q.Preview, err)
	}
	if err := d.queue.Answer(t.Context(), out.Pending, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	for state := approval.Pending; state != approval.Done; {
		if q, err = d.queue.Get(t.Context(), out.Pending); err != nil || q.State == approval.Failed {
			t.Fatalf("%s %s, %v", q.State, q.Result, err)
		}
		state = q.State
	}
	if wrote != d.client.Key {
		t.Errorf("the yes was told of %q", wrote)
	}
	if out := d.call("gmail_read", map[string]any{"profile": "home", "text": "x"}); out.Err != nil || out.Pending != "" {
		t.Errorf("a read: %+v", out)
	}
}

// TestACallWhoseGrantEndedIsNotRun, though the owner has said yes to it.
func TestACallWhoseGrantEndedIsNotRun(t *testing.T) {
	d := newDesk(t)
	d.client.Live = func(context.Context) error { return errors.New("the grant has ended") }
	if out := d.call("gmail_write", map[string]any{"profile": "home", "text": "it"}); out.Err == nil || !strings.Contains(out.Text, "the grant has ended; nothing was done") {
		t.Errorf("%+v", out)
	}
	if out := d.call("gmail_read", map[string]any{"profile": "home", "text": "x"}); out.Err != nil {
		t.Errorf("a read: %s", out.Text)
	}
}

func TestWhenAllIsClosedNothingRuns(t *testing.T) {
	d := newDesk(t)
	d.policy = tool.Policy{Closed: "it is locked down"}
	for _, name := range []string{"gmail_read", "gmail_write", "gmail_send", "profiles_list"} {
		args := map[string]any{"profile": "home", "text": "x"}
		if name == "profiles_list" {
			args = nil
		}
		if out := d.call(name, args); out.Err == nil || !strings.Contains(out.Text, "it is locked down") {
			t.Errorf("%s: %s", name, out.Text)
		}
	}
}

// TestACallFromOutsideIsAskedAsOne by the class of its address.
func TestACallFromOutsideIsAskedAsOne(t *testing.T) {
	for address, want := range map[string]bool{"public": true, "this computer": false, "": false} {
		d := newDesk(t)
		d.client.Address = address
		out := d.call("gmail_send", map[string]any{"profile": "home", "text": "hello"})
		r, err := d.queue.Get(t.Context(), out.Pending)
		if err != nil || r.Public != want {
			t.Errorf("from %q: public %v, %v", address, r.Public, err)
		}
	}
}
