package gmail_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/approval"
	"postern/internal/exchange"
	"postern/internal/extract"
	"postern/internal/fakegoogle"
	"postern/internal/fakegoogle/fakegoogletest"
	fakemail "postern/internal/fakegoogle/gmail"
	"postern/internal/retry"
	"postern/internal/store"
	"postern/internal/tool"
	"postern/internal/workspace/gmail"
)

const ada, bob = "ada@example.com", "bob@example.com"

// desk is the tools with everything below them: a judged Google, a store, an approval queue and an exchange folder.
type desk struct {
	t      *testing.T
	google *fakegoogle.Google
	mail   *fakemail.Server
	queue  *approval.Queue
	folder *exchange.Folder
	runner *tool.Runner
	client tool.Client
}

// TestMain makes the test the process that reads files, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "read-file" {
		os.Exit(extract.Work(os.Args[2], os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, google: fakegoogletest.New(t), client: tool.Client{Key: "test", Name: "test", Local: true}}
	d.mail = fakemail.New(time.Now)
	d.google.Register(d.mail.Service())
	d.queue = &approval.Queue{Store: s, Poll: time.Millisecond}
	d.folder = &exchange.Folder{Dir: filepath.Join(t.TempDir(), "files"), Index: s}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d.runner = &tool.Runner{Sets: []tool.Set{gmail.Tools}, Profiles: d, Queue: d.queue, Files: d.folder, Defaults: s, Texts: &extract.Reader{Command: []string{self, "read-file"}}}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.runner.Close(ctx); err != nil {
			t.Errorf("closing the runner: %v", err)
		}
		s.Close()
	})
	return d
}

// List, HTTPClient and Default make the desk tool.Profiles: two accounts, of which ada is the default.
func (d *desk) List(context.Context) ([]tool.Profile, error) {
	scopes := []string{api.GmailModifyScope, api.GmailSettingsBasicScope}
	return []tool.Profile{{ID: "1", Name: "ada", Email: ada, Scopes: scopes}, {ID: "2", Name: "bob", Email: bob, Scopes: scopes}}, nil
}

func (d *desk) HTTPClient(_ context.Context, id string) (*http.Client, error) {
	email := map[string]string{"1": ada, "2": bob}[id]
	c := fakegoogletest.Client(d.google, email, api.GmailModifyScope, api.GmailSettingsBasicScope)
	c.Transport = retry.Transport{Base: c.Transport, Sleep: func(context.Context, time.Duration) error { return nil }}
	return c, nil
}

func (d *desk) Default(context.Context) (string, error) { return "1", nil }

type args map[string]any

// call runs a tool and returns its outcome.
func (d *desk) call(name string, a any) *tool.Outcome {
	d.t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.runner.Call(d.t.Context(), tool.Invocation{Client: d.client, Tool: name, Args: b})
}

// must is call for one that has to work; it returns the text.
func (d *desk) must(name string, a args) string {
	d.t.Helper()
	out := d.call(name, a)
	if out.Err != nil || out.Pending != "" {
		d.t.Fatalf("%s: %s", name, out.Text)
	}
	return out.Text
}

// refused checks that a call fails and says each of the texts.
func (d *desk) refused(name string, a any, says ...string) {
	d.t.Helper()
	out := d.call(name, a)
	if out.Err == nil {
		d.t.Errorf("%s %.200v was not refused:\n%.500s", name, a, out.Text)
	}
	contains(d.t, out.Text, says...)
}

// deciding answers the next question while a call waits, and returns the question.
func (d *desk) deciding(a approval.Answer, call func() *tool.Outcome) (approval.Request, *tool.Outcome) {
	d.t.Helper()
	asked := make(chan approval.Request, 1)
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if open, err := d.queue.Pending(ctx); err == nil && len(open) == 1 {
				asked <- open[0]
				if err := d.queue.Answer(ctx, open[0].ID, a); err != nil {
					d.t.Errorf("answering: %v", err)
				}
				return
			}
		}
	}()
	out := call()
	cancel()
	select {
	case r := <-asked:
		return r, out
	default:
		d.t.Fatalf("nobody was asked: %s", out.Text)
		return approval.Request{}, out
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in:\n%.1500s", p, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(text, p) {
			t.Errorf("%q stands in:\n%.1500s", p, text)
		}
	}
}

// raw writes a mail with CRLF.
func raw(format string, a ...any) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(format, a...), "\n", "\r\n"))
}

// note is a plain mail.
func note(from, to, subject, id, text string) []byte {
	return raw("From: %s\nTo: %s\nSubject: %s\nMessage-ID: <%s>\nContent-Type: text/plain; charset=utf-8\n\n%s\n", from, to, subject, id, text)
}
