package mail

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestStripQuoted(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"English", "Yes.\n\nOn Mon, 2 Nov 2026 at 10:00, Ada <ada@example.com> wrote:\n> Will you?\n", "Yes."},
		{"over two lines", "Yes.\n\nOn Monday, 2 November 2026 at ten, Ada Example\n<ada@example.com> wrote:\n> Will you?\n", "Yes."},
		{"German", "Ja.\n\nAm 02.11.26 um 10:00 schrieb Ada Example:\n> Kommst du?\n", "Ja."},
		{"French", "Oui.\n\nLe lun. 2 nov. 2026 à 10:00, Ada <a@x.org> a écrit :\n> Tu viens ?\n", "Oui."},
		{"Japanese", "はい。\n\n2026年11月2日(月) 10:00 Ada <a@x.org>:\n> 来ますか。\n", "はい。"},
		{"Outlook's line", "Yes.\n\n-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: Bob\nSubject: x\n\nWill you?\n", "Yes."},
		{"Outlook's header", "Yes.\n\nFrom: Ada <a@x.org>\nSent: Monday, 2 November 2026\nTo: Bob\nSubject: x\n\nWill you?\n", "Yes."},
		{"a signature", "Yes.\n\n-- \nBob\nExample Ltd.\n", "Yes."},
		{"a telephone", "Yes.\n\nSent from my telephone\n", "Yes."},
		{"answers between the lines", "> Will you?\nYes.\n> When?\nAt nine.", "> Will you?\nYes.\n> When?\nAt nine."},
		{"a forward", "See below.\n\n---------- Forwarded message ---------\nFrom: Ada\n\nThe text.", "See below.\n\n---------- Forwarded message ---------\nFrom: Ada\n\nThe text."},
		{"a sentence that looks like one", "On Monday we wrote:\nnothing quoted here", "On Monday we wrote:\nnothing quoted here"},
		{"nothing else", "> only\n> quoted", "> only\n> quoted"},
	} {
		if got := StripQuoted(c.in); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestHTMLToMarkdown(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"structure", "<h2>Title</h2><p>One <em>two</em></p><ul><li>a</li><li>b</li></ul>", "## Title\n\nOne *two*\n\n- a\n- b"},
		{"a table of data", "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "|a|b|\n|---|---|\n|1|2|"},
		{"a table of layout", `<table role="presentation"><tr><td>left</td><td>right</td></tr></table>`, "left\n\nright"},
		{"display none", `seen<div style="display: none !important">hidden</div>`, "seen"},
		{"font size", `seen<span style="font-size:0px">hidden</span>`, "seen"},
		{"opacity", `seen<span style="opacity:0.0">hidden</span>`, "seen"},
		{"white on white", `seen<p style="color:#fff;background:#FFFFFF">hidden</p>`, "seen"},
		{"off the page", `seen<p style="position:absolute;left:-9999px">hidden</p>`, "seen"},
		{"a class", `<style>p.pre, .x { max-height:0 }</style>seen<p class="pre">hidden</p>`, "seen"},
		{"a class for small screens", `<style>@media (max-width:600px){.d{display:none}}</style><p class="d">seen</p>`, "seen"},
		{"the attribute", `seen<p hidden>hidden</p>`, "seen"},
		{"comments and scripts", `seen<!-- hidden --><script>hidden</script><noscript>hidden</noscript>`, "seen"},
		{"a tracking pixel", `seen<img src="https://t.example/p" width="1" height="1" alt="x">`, "seen"},
		{"small text is text", `<p style="font-size:11px">small print</p>`, "small print"},
		{"Gmail's quotation", `new<div class="gmail_quote">On x, y wrote:<blockquote>old</blockquote></div>`, "new"},
		{"Gmail's forward", `new<div class="gmail_quote">---------- Forwarded message ---------<br>kept</div>`, "new\n\n---------- Forwarded message ---------\nkept"},
	} {
		got := HTMLToMarkdown([]byte(c.in), false)
		if strings.Contains(got, "hidden") || strings.Contains(got, "old") {
			t.Errorf("%s: what nobody sees was read: %q", c.name, got)
		}
		if plain(got) != plain(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// plain makes spaces and escapes comparable: how much of them the converter sets is its own affair.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer(`\-`, "-", `\`, "").Replace(s)), " ")
}

func TestDeepNestingIsRead(t *testing.T) {
	in := strings.Repeat("<div><table><tr><td>", 5000) + "the text" + strings.Repeat("</td></tr></table></div>", 5000)
	if got := HTMLToMarkdown([]byte(in), false); !strings.Contains(got, "the text") {
		t.Errorf("got %.100q", got)
	}
	hidden := strings.Repeat("<div>", 500) + `<p style="display:none">hidden</p>seen`
	if got := HTMLToMarkdown([]byte(hidden), false); strings.Contains(got, "hidden") || !strings.Contains(got, "seen") {
		t.Errorf("got %.100q", got)
	}
}

func TestNestedMailsAndInvitations(t *testing.T) {
	raw := strings.ReplaceAll(`From: a@x.org
Subject: Outer
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

outer text
--b
Content-Type: message/rfc822

From: b@x.org
Subject: Inner
Content-Type: text/plain

inner text
--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1
SUMMARY:Boat trip
DTSTART:20261102T100000Z
DTEND:20261102T110000Z
LOCATION:Pier 4
ORGANIZER:mailto:a@x.org
ATTENDEE;PARTSTAT=ACCEPTED:mailto:c@x.org
END:VEVENT
END:VCALENDAR
--b--
`, "\n", "\r\n")
	root, err := FromRaw([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	m := Read(root, Options{})
	if m.Text != "outer text" || len(m.Forwarded) != 1 || m.Forwarded[0].Text != "inner text" || m.Forwarded[0].Header.Get("Subject") != "Inner" {
		t.Errorf("the mails: %q, %+v", m.Text, m.Forwarded)
	}
	if len(m.Events) != 1 || m.Events[0].Summary != "Boat trip" || m.Events[0].Location != "Pier 4" || len(m.Events[0].Attendees) != 1 || m.Events[0].Attendees[0] != "c@x.org (accepted)" {
		t.Errorf("the invitation: %+v", m.Events)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "Inner.eml" {
		t.Errorf("attachments: %+v", m.Attachments)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("From: a@x.org\r\n\r\ntext"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/ms-tnef\r\n\r\nx\r\n--b--"))
	f.Add([]byte("Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:x\r\nEND:VEVENT\r\nEND:VCALENDAR"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		root, err := FromRaw(raw)
		if err != nil {
			return
		}
		if m := Read(root, Options{}); !utf8.ValidString(m.Text) {
			t.Errorf("not UTF-8: %q", m.Text)
		}
	})
}

func FuzzStripQuoted(f *testing.F) {
	f.Add("Yes.\n\nOn Monday, Ada wrote:\n> x")
	f.Fuzz(func(t *testing.T, s string) {
		if got := StripQuoted(s); got == "" && strings.TrimSpace(s) != "" {
			t.Errorf("nothing is left of %q", s)
		}
	})
}
