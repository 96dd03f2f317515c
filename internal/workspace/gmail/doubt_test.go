package gmail_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"postern/internal/approval"
	"postern/internal/tool"
)

// between is a desk whose requests to Google go through a function.
type between struct {
	*desk
	trip func(base http.RoundTripper, r *http.Request) (*http.Response, error)
}

func (b *between) HTTPClient(ctx context.Context, id string) (*http.Client, error) {
	c, err := b.desk.HTTPClient(ctx, id)
	if err == nil {
		c.Transport = tripper{b, c.Transport}
	}
	return c, err
}

type tripper struct {
	b    *between
	base http.RoundTripper
}

func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) { return t.b.trip(t.base, r) }

// TestABrokenUploadSendsNothingTwice loses the answer to the last part of an upload, and then the network: what is told
// last, that Google cannot be reached, does not mean that the mail has not gone.
func TestABrokenUploadSendsNothingTwice(t *testing.T) {
	for _, as := range []string{"a mail", "a draft"} {
		t.Run(as, func(t *testing.T) {
			d := newDesk(t)
			file, err := d.folder.Put(t.Context(), "test", "big.bin", "application/octet-stream", bytes.NewReader(bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)))
			if err != nil {
				t.Fatal(err)
			}
			in := args{"to": []string{"k@example.org"}, "subject": "Big", "body_md": "b", "attachments": []string{file.Handle}}
			if as == "a draft" {
				in = args{"draft_id": idIn(t, d.must("gmail_save_draft", in), "draft_id")}
			}
			var dead atomic.Bool
			d.runner.Profiles = &between{d, func(base http.RoundTripper, r *http.Request) (*http.Response, error) {
				if dead.Load() {
					return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ENETUNREACH}
				}
				resp, err := base.RoundTrip(r)
				if part := r.Header.Get("Content-Range"); err == nil && part != "" && !strings.HasSuffix(part, "/*") && strings.Contains(r.URL.Path, "send") {
					resp.Body.Close()
					dead.Store(true)
					return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
				}
				return resp, err
			}}
			_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", in) })
			if n := len(d.mail.Sent(ada)); n != 1 || !dead.Load() {
				t.Fatalf("%d mails went, the network broke: %v", n, dead.Load())
			}
			if out.Err == nil || out.Err.Code != "unknown_outcome" {
				t.Errorf("it is told %q", out.Text)
			}
		})
	}
}

// TestWhatWasApprovedIsWhatGoes changes the draft between the last look at it and the sending.
func TestWhatWasApprovedIsWhatGoes(t *testing.T) {
	d := newDesk(t)
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "good"}), "draft_id")
	var swapped atomic.Bool
	d.runner.Profiles = &between{d, func(base http.RoundTripper, r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/drafts/send") && swapped.CompareAndSwap(false, true) {
			d.must("gmail_save_draft", args{"draft_id": id, "to": []string{"evil@evil.example"}, "body_md": "other words"})
		}
		return base.RoundTrip(r)
	}}
	_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", args{"draft_id": id}) })
	if !swapped.Load() {
		t.Fatal("nothing was changed")
	}
	for _, m := range d.mail.Sent(ada) {
		contains(t, string(m.Raw), "k@example.org", "good")
		lacks(t, string(m.Raw), "evil", "other words")
	}
	if n := len(d.mail.Sent(ada)); (n == 0) != (out.Err != nil) || out.Err != nil && out.Err.Code != "changed" {
		t.Errorf("%d went, and it is told %q", n, out.Text)
	}
}
