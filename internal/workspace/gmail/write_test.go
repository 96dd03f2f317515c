package gmail_test

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	api "google.golang.org/api/gmail/v1"

	"github.com/jhillyerd/enmime/v2"

	"postern/internal/approval"
	"postern/internal/fakegoogle"
	fakemail "postern/internal/fakegoogle/gmail"
	"postern/internal/tool"
)

// parse reads the bytes of a mail that Google got.
func parse(t *testing.T, raw []byte) *enmime.Envelope {
	t.Helper()
	e, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range e.Errors {
		if x.Severe {
			t.Errorf("the mail is broken: %v", x)
		}
	}
	return e
}

func newest(t *testing.T, all []fakemail.Mail) fakemail.Mail {
	t.Helper()
	if len(all) == 0 {
		t.Fatal("there is no mail")
	}
	return all[len(all)-1]
}

func idIn(t *testing.T, text, name string) string {
	t.Helper()
	m := regexp.MustCompile(name + `:(\S+)`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in:\n%s", name, text)
	}
	return m[1]
}

func TestDraftIsCleanMail(t *testing.T) {
	d := newDesk(t)
	d.mail.AddSendAs(ada, api.SendAs{SendAsEmail: ada, DisplayName: "Ada Löv", IsPrimary: true, IsDefault: true, Signature: "<b>Ada</b>"})
	text := d.must("gmail_save_draft", args{"to": []string{"Jürgen Ö <j@exämple.org>", "b@example.org"}, "cc": []string{"c@example.org"}, "subject": "Grüße 😀",
		"body_md": "Dear **all**,\n\n- one\n- [two](https://example.org)\n\n<script>alert(1)</script> and <b>raw</b>\n\n| a | b |\n|---|---|\n| 1 | 2 |"})
	contains(t, text, "not sent", "draft_id:r", "Grüße")
	if len(d.mail.Sent(ada)) != 0 {
		t.Fatal("a draft was sent")
	}
	m := newest(t, d.mail.Messages(ada))
	for line := range bytes.Lines(m.Raw) {
		if len(line) > 1000 || bytes.HasSuffix(line, []byte("\n")) && !bytes.HasSuffix(line, []byte("\r\n")) {
			t.Errorf("a line that is no line of a mail: %.80q", line)
		}
	}
	e := parse(t, m.Raw)
	to, err := mail.ParseAddressList(e.GetHeader("To"))
	if err != nil || len(to) != 2 || to[0].Name != "Jürgen Ö" || to[0].Address != "j@xn--exmple-cua.org" {
		t.Errorf("To: %v, %v", to, err)
	}
	if e.GetHeader("Subject") != "Grüße 😀" || !strings.Contains(e.GetHeader("From"), "Ada Löv") {
		t.Errorf("Subject %q, From %q", e.GetHeader("Subject"), e.GetHeader("From"))
	}
	contains(t, e.HTML, "<strong>all</strong>", "<li>one</li>", `href="https://example.org"`, "&lt;script&gt;", "<table>", "<b>Ada</b>")
	lacks(t, e.HTML, "<script", "<b>raw")
	contains(t, e.Text, "Dear all,", "- one", "two <https://example.org>", "a | b", "-- ")
	lacks(t, e.Text, "**")
}

func TestReplyAllThreads(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, raw("From: Grace <grace@example.org>\nTo: ada@example.com, Ken <ken@example.org>\nCc: zoe@example.org\nReply-To: desk@example.org\nSubject: RE: AW: Boat\nMessage-ID: <m2@x>\nReferences: <m0@x> <m1@x>\n\nCome at nine.\n"))
	text := d.must("gmail_save_draft", args{"reply_to_message_id": id, "reply_all": true, "body_md": "I will."})
	m := newest(t, d.mail.Messages(ada))
	e := parse(t, m.Raw)
	if idIn(t, text, "thread_id") != id || m.ThreadID != id {
		t.Errorf("the reply is in thread %s, not in %s", m.ThreadID, id)
	}
	for name, want := range map[string]string{"In-Reply-To": "<m2@x>", "References": "<m0@x> <m1@x> <m2@x>", "Subject": "Re: Boat"} {
		if got := e.GetHeader(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	contains(t, e.GetHeader("To"), "desk@example.org")
	contains(t, e.GetHeader("Cc"), "ken@example.org", "zoe@example.org")
	lacks(t, e.GetHeader("To")+e.GetHeader("Cc"), "ada@example.com", "grace@")
	contains(t, e.Text, "I will.", "wrote:", "> Come at nine.")
	d.refused("gmail_save_draft", args{"reply_to_message_id": id, "subject": "Something else", "body_md": "x"}, "subject")
	d.refused("gmail_save_draft", args{"reply_to_message_id": id, "forward_message_id": id}, "not both")
}

func TestForwardTakesTheAttachmentsAlong(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, withFile("Numbers", "numbers.csv", "text/csv", "Ada,12"))
	d.must("gmail_save_draft", args{"forward_message_id": id, "to": []string{"k@example.org"}, "body_md": "See below."})
	e := parse(t, newest(t, d.mail.Messages(ada)).Raw)
	if e.GetHeader("Subject") != "Fwd: Numbers" || len(e.Attachments) != 1 || e.Attachments[0].FileName != "numbers.csv" || !strings.Contains(string(e.Attachments[0].Content), "Ada,12") {
		t.Errorf("the forward: %q, %+v", e.GetHeader("Subject"), e.Attachments)
	}
	contains(t, e.Text, "Forwarded message", "See below.")
}

func TestChangingADraftKeepsTheRest(t *testing.T) {
	d := newDesk(t)
	file, err := d.folder.Put(t.Context(), "test", "a.txt", "", strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "One", "body_md": "Text", "attachments": []string{file.Handle}}), "draft_id")
	again := d.must("gmail_save_draft", args{"draft_id": id, "subject": "Two"})
	if idIn(t, again, "draft_id") != id || len(d.mail.Messages(ada)) != 1 {
		t.Errorf("the draft was doubled: %s", again)
	}
	e := parse(t, newest(t, d.mail.Messages(ada)).Raw)
	if e.GetHeader("Subject") != "Two" || !strings.Contains(e.GetHeader("To"), "k@example.org") || !strings.Contains(e.Text, "Text") || len(e.Attachments) != 1 {
		t.Errorf("after the change: %q, %q, %q, %d attachments", e.GetHeader("Subject"), e.GetHeader("To"), e.Text, len(e.Attachments))
	}
}

func TestSendWaitsForTheOwnerAndSendsOnce(t *testing.T) {
	d := newDesk(t)
	r, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome {
		return d.call("gmail_send", args{"to": []string{"mia@exampl.com", "x@elsewhere.org"}, "bcc": []string{"boss@example.com"}, "subject": "Plan", "body_md": "The plan is attached."})
	})
	if out.Err != nil {
		t.Fatal(out.Text)
	}
	all := lines(r.Preview.Warnings)
	contains(t, all, "looks like your own domain", "outside of example.com", "never written to x@elsewhere.org", "Bcc", "attachment")
	contains(t, r.Preview.Body, "The plan is attached.")
	if r.Class != "outward" || r.Tool != "gmail_send" || r.Profile != "ada" {
		t.Errorf("the question: %+v", r)
	}
	sent := d.mail.Sent(ada)
	if len(sent) != 1 {
		t.Fatalf("%d mails were sent", len(sent))
	}
	contains(t, out.Text, "Sent.", sent[0].ID)
	if e := parse(t, sent[0].Raw); e.GetHeader("Message-ID") == "" || !strings.Contains(e.GetHeader("Bcc"), "boss@example.com") {
		t.Errorf("what was sent: %s", sent[0].Raw)
	}
}

func TestADenialSendsNothing(t *testing.T) {
	d := newDesk(t)
	_, out := d.deciding(approval.Answer{Reason: "not today"}, func() *tool.Outcome {
		return d.call("gmail_send", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"})
	})
	if out.Err == nil || out.Err.Code != "denied" || len(d.mail.Sent(ada)) != 0 {
		t.Errorf("a denied send: %s, %d sent", out.Text, len(d.mail.Sent(ada)))
	}
	contains(t, out.Text, "not today")
}

// TestADraftThatChangedIsNotSent changes the draft between the question and the answer.
func TestADraftThatChangedIsNotSent(t *testing.T) {
	d := newDesk(t)
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "One", "body_md": "Text"}), "draft_id")
	d.runner.Hold = 1
	out := d.call("gmail_send", args{"draft_id": id})
	if out.Pending == "" {
		t.Fatal(out.Text)
	}
	d.must("gmail_save_draft", args{"draft_id": id, "to": []string{"eve@example.org"}})
	if err := d.queue.Answer(t.Context(), out.Pending, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	r := d.done(out.Pending)
	if r.State != approval.Failed || !strings.Contains(r.Result, "changed since") || len(d.mail.Sent(ada)) != 0 {
		t.Errorf("a changed draft: %s, %q, %d sent", r.State, r.Result, len(d.mail.Sent(ada)))
	}
}

// done waits until an approved call has ended.
func (d *desk) done(id string) approval.Request {
	d.t.Helper()
	for d.t.Context().Err() == nil {
		r, err := d.queue.Get(d.t.Context(), id)
		if err != nil {
			d.t.Fatal(err)
		}
		if r.State == approval.Done || r.State == approval.Failed {
			return r
		}
	}
	return approval.Request{}
}

func TestAFileThatChangedIsNotSent(t *testing.T) {
	d := newDesk(t)
	path := filepath.Join(d.folder.Dir, "offer.txt")
	if err := os.MkdirAll(d.folder.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("100 euros")
	d.runner.Hold = 1
	out := d.call("gmail_send", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b", "attachments": []string{"offer.txt"}})
	write("999 euros")
	if err := d.queue.Answer(t.Context(), out.Pending, approval.Answer{Approved: true}); err != nil {
		t.Fatal(err)
	}
	if r := d.done(out.Pending); r.State != approval.Failed || len(d.mail.Sent(ada)) != 0 {
		t.Errorf("a changed file: %s %q, %d sent", r.State, r.Result, len(d.mail.Sent(ada)))
	}
}

func TestADraftIsSentAsItIs(t *testing.T) {
	d := newDesk(t)
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "One", "body_md": "Text"}), "draft_id")
	_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", args{"draft_id": id}) })
	if out.Err != nil || len(d.mail.Sent(ada)) != 1 || len(d.mail.Messages(ada)) != 1 {
		t.Errorf("sending a draft: %s, %d sent", out.Text, len(d.mail.Sent(ada)))
	}
	d.refused("gmail_send", args{"draft_id": id}, "draft_id")
	d.refused("gmail_send", args{"draft_id": id, "subject": "other"}, "as it is")
	d.refused("gmail_send", args{"subject": "no recipient", "body_md": "x"}, "recipient")
}

func TestABrokenConnectionSendsNothingTwice(t *testing.T) {
	mail := args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"}
	t.Run("the mail went", func(t *testing.T) {
		d := newDesk(t)
		d.google.Inject(fakegoogle.Fault{Method: "gmail.users.messages.send", Cut: true, Late: true})
		_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", mail) })
		if out.Err != nil || len(d.mail.Sent(ada)) != 1 || d.google.Count("gmail.users.messages.send") != 1 {
			t.Errorf("%s; %d sent in %d tries", out.Text, len(d.mail.Sent(ada)), d.google.Count("gmail.users.messages.send"))
		}
	})
	t.Run("nobody knows", func(t *testing.T) {
		d := newDesk(t)
		d.google.Inject(fakegoogle.Fault{Method: "gmail.users.messages.send", Cut: true})
		_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", mail) })
		if out.Err == nil || out.Err.Code != "unknown_outcome" || d.google.Count("gmail.users.messages.send") != 1 {
			t.Errorf("%s; %d tries", out.Text, d.google.Count("gmail.users.messages.send"))
		}
	})
}

func TestLargeMailsAreUploadedInChunks(t *testing.T) {
	d := newDesk(t)
	big := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
	file, err := d.folder.Put(t.Context(), "test", "big.bin", "application/octet-stream", bytes.NewReader(big))
	if err != nil {
		t.Fatal(err)
	}
	_, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome {
		return d.call("gmail_send", args{"to": []string{"k@example.org"}, "subject": "Big", "body_md": "b", "attachments": []string{file.Handle}})
	})
	if out.Err != nil {
		t.Fatal(out.Text)
	}
	e := parse(t, newest(t, d.mail.Sent(ada)).Raw)
	if len(e.Attachments) != 1 || !bytes.Equal(e.Attachments[0].Content, big) {
		t.Error("the attachment did not arrive whole")
	}
	if n := d.google.Count("gmail.users.messages.send"); n < 8 {
		t.Errorf("an 8 MB mail took %d requests, want chunks", n)
	}
}

func TestBadMailsAreRefusedBeforeAnybodyIsAsked(t *testing.T) {
	d := newDesk(t)
	huge, err := d.folder.Put(t.Context(), "test", "huge.bin", "", bytes.NewReader(make([]byte, 30<<20)))
	if err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(d.folder.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	base := func(name string, v any) args {
		a := args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"}
		a[name] = v
		return a
	}
	for _, c := range []struct {
		a    args
		want string
	}{
		{base("subject", "x\r\nBcc: eve@example.org"), "subject"},
		{base("to", []string{"k@example.org\r\nBcc: eve@example.org"}), "to"},
		{base("cc", []string{"k@example.org\nX: y"}), "cc"},
		{base("bcc", []string{"\"a\r\nb\" <k@example.org>"}), "bcc"},
		{base("from", "ada@example.com\r\nX: y"), "from"},
		{base("from", "president@example.org"), "ada@example.com"},
		{base("to", []string{"nobody"}), "nobody"},
		{base("to", []string{"a@b@c.org"}), "to"},
		{base("attachments", []string{huge.Handle}), "huge.bin"},
		{base("attachments", []string{outside}), "exchange folder"},
		{base("attachments", []string{"../x"}), "exchange folder"},
		{base("attachments", []string{"link"}), "exchange folder"},
		{base("attachments", []string{"postern://file/none"}), "postern://file/none"},
		{base("body_html", "<p>x</p>"), "not both"},
		{base("reply_to_message_id", "18c0000000000000"), "reply_to_message_id"},
		{base("reply_all", true), "reply_to_message_id"},
	} {
		d.refused("gmail_send", c.a, c.want)
		d.refused("gmail_save_draft", c.a, c.want)
	}
	if open, err := d.queue.List(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("the owner was asked: %+v, %v", open, err)
	}
	if n := len(d.mail.Messages(ada)); n != 0 {
		t.Errorf("%d mails were made", n)
	}
}

func TestModify(t *testing.T) {
	d := newDesk(t)
	var ids []string
	for range 3 {
		ids = append(ids, d.mail.AddMessage(ada, note("g@example.org", ada, "x", "", "x")))
	}
	text := d.must("gmail_modify", args{"message_ids": append(ids[:2:2], "18c0ffee00000000"), "action": "label", "add": []string{"Projects/Boat"}, "remove": []string{"unread"}})
	contains(t, text, "2 mails changed", "New labels: Projects, Projects/Boat", "Not changed: 18c0ffee00000000")
	labels := map[string]string{}
	for _, m := range d.mail.Messages(ada) {
		labels[m.ID] = strings.Join(m.Labels, " ")
	}
	if labels[ids[0]] != "INBOX Label_2" || labels[ids[2]] != "INBOX UNREAD" {
		t.Errorf("labels: %v", labels)
	}
	for _, step := range []struct{ action, want string }{{"read", "INBOX"}, {"star", "INBOX STARRED"}, {"archive", "STARRED"}, {"trash", "STARRED TRASH"}, {"untrash", "STARRED"}, {"unread", "STARRED UNREAD"}} {
		contains(t, d.must("gmail_modify", args{"thread_ids": []string{ids[2]}, "action": step.action}), "1 conversations changed", "To undo")
		for _, m := range d.mail.Messages(ada) {
			if got := strings.Join(m.Labels, " "); m.ID == ids[2] && got != step.want {
				t.Errorf("after %s: %q, want %q", step.action, got, step.want)
			}
		}
	}
	d.refused("gmail_modify", args{"message_ids": ids, "action": "label"}, "add or remove")
	d.refused("gmail_modify", args{"message_ids": ids, "action": "label", "remove": []string{"Nope"}}, "Nope")
	d.refused("gmail_modify", args{"message_ids": ids, "action": "label", "add": []string{"SENT"}}, "SENT")
	d.refused("gmail_modify", args{"message_ids": []string{"18c0ffee00000000"}, "action": "archive"}, "none of the mails")
	d.refused("gmail_modify", args{"action": "archive"}, "message_ids")
	d.refused("gmail_modify", args{"message_ids": ids, "action": "delete"}, "archive")
}
