package gmail_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	api "google.golang.org/api/gmail/v1"

	"postern/internal/approval"
)

// asked puts a mail to the owner without waiting, and returns the question.
func (d *desk) asked(name string, a args) approval.Request {
	d.t.Helper()
	d.runner.Hold = 1
	out := d.call(name, a)
	if out.Pending == "" {
		d.t.Fatal(out.Text)
	}
	r, err := d.queue.Get(d.t.Context(), out.Pending)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// revise changes a question as the owner, and returns what became of it.
func (d *desk) revise(r approval.Request, changes map[string]string) approval.Request {
	d.t.Helper()
	if err := d.queue.Revise(d.t.Context(), r.ID, changes); err != nil {
		d.t.Fatal(err)
	}
	again, err := d.queue.WaitRevised(d.t.Context(), r.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return again
}

func (d *desk) yes(r approval.Request, instead string) approval.Request {
	d.t.Helper()
	if err := d.queue.Answer(d.t.Context(), r.ID, approval.Answer{Approved: true, Version: r.Version, Instead: instead}); err != nil {
		d.t.Fatal(err)
	}
	return d.done(r.ID)
}

func shown(p approval.Preview) string {
	var b strings.Builder
	for _, f := range p.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return b.String() + lines(p.Warnings) + "\n" + p.Body
}

// TestWhatTheOwnerChangesIsSent as they changed it, and nothing else of the mail changes.
func TestWhatTheOwnerChangesIsSent(t *testing.T) {
	d := newDesk(t)
	d.mail.AddSendAs(ada, api.SendAs{SendAsEmail: ada, IsPrimary: true, IsDefault: true, Signature: "<b>Ada</b>"})
	r := d.asked("gmail_send", args{"to": []string{"mia@elsewhere.org"}, "subject": "Plan", "body_md": "The **old** text."})
	again := d.revise(r, map[string]string{"to": `"Doe, Jane" <jane@third.example>, mia@elsewhere.org`, "subject": "New plan", "text": "The *new* text."})
	if again.Version != 1 || again.Problem != "" || again.Wanted != nil {
		t.Fatalf("after the change: %+v", again)
	}
	contains(t, shown(again.Preview), "jane@third.example", "never written to jane@third.example", "Subject: New plan", "The new text.", "Ada")
	lacks(t, shown(again.Preview), "old text")
	for _, e := range again.Preview.Edits {
		if e.Name == "to" && e.Value != `"Doe, Jane" <jane@third.example>, mia@elsewhere.org` || e.Name == "text" && e.Value != "The *new* text." {
			t.Errorf("it is offered again as %+v", e)
		}
	}
	// A yes to what was shown before is none to this.
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Approved: true}); err == nil || !strings.Contains(err.Error(), "changed since") {
		t.Errorf("a yes to the old text: %v", err)
	}
	if done := d.yes(again, ""); done.State != approval.Done {
		t.Fatalf("%s: %s", done.State, done.Result)
	} else {
		contains(t, done.Result, "The owner has changed this", "subject, text, to")
	}
	sent := d.mail.Sent(ada)
	if len(sent) != 1 {
		t.Fatalf("%d mails were sent", len(sent))
	}
	e := parse(t, sent[0].Raw)
	if e.GetHeader("Subject") != "New plan" || !strings.Contains(e.GetHeader("To"), "jane@third.example") || !strings.Contains(e.HTML, "<em>new</em>") || !strings.Contains(e.HTML, "<b>Ada</b>") || strings.Contains(string(sent[0].Raw), "old") {
		t.Errorf("what was sent: %s", sent[0].Raw)
	}
}

// TestAChangedReply keeps its conversation, its subject and what it quotes.
func TestAChangedReply(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, raw("From: Grace <grace@example.org>\nTo: ada@example.com\nSubject: Boat\nMessage-ID: <m2@x>\n\nCome at nine.\n"))
	r := d.asked("gmail_send", args{"reply_to_message_id": id, "body_md": "Old answer."})
	for _, e := range r.Preview.Edits {
		if e.Name == "subject" {
			t.Error("the subject of a reply can be changed")
		}
	}
	again := d.revise(r, map[string]string{"text": "New answer."})
	contains(t, again.Preview.Body, "New answer.", "> ")
	lacks(t, again.Preview.Body, "Old answer.")
	d.yes(again, "")
	sent := newest(t, d.mail.Sent(ada))
	e := parse(t, sent.Raw)
	if e.GetHeader("In-Reply-To") == "" || !strings.Contains(e.HTML, "New answer.") || !strings.Contains(e.HTML, "gmail_quote") || !strings.HasPrefix(e.GetHeader("Subject"), "Re: ") {
		t.Errorf("what was sent: %s", sent.Raw)
	}
}

// TestAChangedDraftIsSent with the changes, and is gone afterwards; one that was changed in Gmail is not.
func TestAChangedDraftIsSent(t *testing.T) {
	d := newDesk(t)
	file, err := d.folder.Put(t.Context(), "", "plan.txt", "text/plain", strings.NewReader("the plan"))
	if err != nil {
		t.Fatal(err)
	}
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "One", "body_md": "**Old** text", "attachments": []string{file.Handle}}), "draft_id")
	again := d.revise(d.asked("gmail_send", args{"draft_id": id}), map[string]string{"cc": "c@example.org", "text": "Plain\ntext <b>"})
	contains(t, shown(again.Preview), "Cc: c@example.org", "Plain\ntext <b>", "Attachment: plan.txt")
	if len(again.Preview.Instead) != 0 {
		t.Error("a draft can be kept as another")
	}
	if done := d.yes(again, ""); done.State != approval.Done {
		t.Fatal(done.Result)
	}
	e := parse(t, newest(t, d.mail.Sent(ada)).Raw)
	if !strings.Contains(e.GetHeader("Cc"), "c@example.org") || !strings.Contains(e.HTML, "text &lt;b&gt;") || len(e.Attachments) != 1 || string(e.Attachments[0].Content) != "the plan" {
		t.Errorf("what was sent: %q %q, %d attachments", e.GetHeader("Cc"), e.HTML, len(e.Attachments))
	}
	d.refused("gmail_send", args{"draft_id": id}, "nothing with that id")

	id = idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "Two", "body_md": "Text"}), "draft_id")
	r := d.asked("gmail_send", args{"draft_id": id})
	again = d.revise(r, map[string]string{"text": "Other"})
	d.must("gmail_save_draft", args{"draft_id": id, "subject": "Three"})
	if done := d.yes(again, ""); done.State != approval.Failed || !strings.Contains(done.Result, "changed since") || len(d.mail.Sent(ada)) != 1 {
		t.Errorf("a draft that was changed in Gmail: %s %q", done.State, done.Result)
	}
}

// TestAMailIsKeptInstead as a draft, with what the owner changed, and not sent.
func TestAMailIsKeptInstead(t *testing.T) {
	d := newDesk(t)
	r := d.asked("gmail_send", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"})
	if len(r.Preview.Instead) != 1 {
		t.Fatalf("instead of it: %+v", r.Preview.Instead)
	}
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Approved: true, Instead: "delete"}); err == nil {
		t.Error("anything can be done instead")
	}
	again := d.revise(r, map[string]string{"subject": "Later"})
	done := d.yes(again, again.Preview.Instead[0].ID)
	contains(t, done.Result, "did not send", "draft_id:")
	if all := d.mail.Messages(ada); done.State != approval.Done || len(d.mail.Sent(ada)) != 0 || len(all) != 1 || parse(t, all[0].Raw).GetHeader("Subject") != "Later" {
		t.Errorf("%s, %d sent, %d in the mailbox", done.State, len(d.mail.Sent(ada)), len(all))
	}
}

// TestAChangeThatCannotBe leaves the question as it was, and says why.
func TestAChangeThatCannotBe(t *testing.T) {
	d := newDesk(t)
	r := d.asked("gmail_send", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"})
	for problem, changes := range map[string]map[string]string{
		"is no mail address": {"to": "nobody"},
		"has no recipient":   {"to": " "},
		"line break":         {"subject": "a\r\nBcc: eve@example.com"},
		"bcc":                {"bcc": "a@b.example\r\nX: y"},
	} {
		again := d.revise(r, changes)
		if again.Version != 0 || !strings.Contains(again.Problem, problem) {
			t.Errorf("%v: version %d, %q", changes, again.Version, again.Problem)
		}
	}
	if err := d.queue.Revise(t.Context(), r.ID, map[string]string{"from": "eve@example.com"}); err == nil {
		t.Error("the sender can be changed")
	}
	if done := d.yes(r, ""); done.State != approval.Done || parse(t, newest(t, d.mail.Sent(ada)).Raw).GetHeader("Subject") != "s" {
		t.Errorf("afterwards it is %s: %s", done.State, done.Result)
	}
}

// TestNoYesWhileAChangeIsMade is taken: it would be to what was shown before.
func TestNoYesWhileAChangeIsMade(t *testing.T) {
	d := newDesk(t)
	d.queue.Poll = time.Hour // the asking process sees nothing
	r := d.asked("gmail_send", args{"to": []string{"k@example.org"}, "subject": "s", "body_md": "b"})
	if err := d.queue.Revise(t.Context(), r.ID, map[string]string{"subject": "t"}); err != nil {
		t.Fatal(err)
	}
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Approved: true}); err == nil || !strings.Contains(err.Error(), "changed since") {
		t.Errorf("a yes meanwhile: %v", err)
	}
	if err := d.queue.Answer(t.Context(), r.ID, approval.Answer{Reason: "no"}); err != nil {
		t.Errorf("a no meanwhile: %v", err)
	}
}
