package demo

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	api "google.golang.org/api/gmail/v1"
	"google.golang.org/api/option"

	"postern/internal/fakegoogle/fakegoogletest"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func TestMailboxIsTheSameForTheSameDay(t *testing.T) {
	list := func() any {
		d := New(noon)
		if err := d.write(); err != nil {
			t.Fatal(err)
		}
		return d.Mail.Messages(Email)
	}
	if diff := cmp.Diff(list(), list()); diff != "" {
		t.Errorf("two mailboxes of one day differ:\n%.2000s", diff)
	}
}

func TestMailboxIsBelievable(t *testing.T) {
	d := New(noon)
	fakegoogletest.Judge(t, d.Google)
	svc, err := api.NewService(t.Context(), option.WithHTTPClient(d.HTTPClient()))
	if err != nil {
		t.Fatal(err)
	}
	count := func(q string) int {
		list, err := svc.Users.Messages.List("me").Q(q).MaxResults(500).Do()
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		return len(list.Messages)
	}
	for q, least := range map[string]int{
		"": 170, "in:inbox": 60, "is:unread": 12, "in:sent": 20, "in:drafts": 2, "has:attachment": 12, "filename:pdf": 4, "filename:docx": 2, "filename:xlsx": 1, "filename:pptx": 2,
		"filename:csv": 1, "category:promotions": 10, "label:work-board": 2, "newer_than:7d": 15, "from:layla": 2, "subject:打ち合わせ": 1, "devis frêne": 1, "Перевод": 1, "rfc822msgid:t0.0@sample.postern.example": 1,
	} {
		if n := count(q); n < least {
			t.Errorf("%q finds %d mails, want at least %d", q, n, least)
		}
	}
	all, err := svc.Users.Messages.List("me").IncludeSpamTrash(true).MaxResults(500).Do()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.Messages { // every mail can be read, and is judged
		if full, err := svc.Users.Messages.Get("me", m.Id).Do(); err != nil || full.Payload == nil || full.Snippet == "" && len(full.Payload.Parts) == 0 {
			t.Errorf("mail %s: %+v, %v", m.Id, full, err)
		}
	}
	if n := count("from:mia to:nobody"); n != 0 {
		t.Errorf("a search for nobody finds %d mails", n)
	}
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		if err := New(time.Now).write(); err != nil {
			b.Fatal(err)
		}
	}
}

var _ http.RoundTripper = (*Demo)(nil)
