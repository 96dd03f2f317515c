package popup

import (
	"strings"
	"time"

	"postern/internal/approval"
)

func mail(warnings ...string) approval.Request {
	r := asked(approval.Action, 15*time.Minute)
	r.Origin, r.Profile, r.Tool, r.Class = "/usr/bin/claude (pid 4242)", "home", "gmail_send", "outward"
	r.Preview = approval.Preview{Instead: []approval.Choice{{ID: "draft", Title: "Keep it as a draft"}}, Body: "Dear Anna,\n\nshall we meet on Friday at noon, as every week? I bring the plans for the garden.\n\nBest wishes\nMe",
		Fields: []approval.Field{{Name: "From", Value: "Me <me@example.com>"}, {Name: "To", Value: "Anna <anna@example.com>"}, {Name: "Cc", Value: "Bob <bob@elsewhere.example>"},
			{Name: "Subject", Value: "Friday"}, {Name: "Attachment", Value: "garden.pdf (application/pdf, 120 kB)"}}}
	for _, w := range warnings {
		r.Preview.Warnings = append(r.Preview.Warnings, approval.Text{English: w})
	}
	r.Preview.Titled(approval.Say("mail.send.many", "Send a mail to {n} people", "n", "2"))
	return r
}

// markFirst and markOutside are why a recipient deserves a second look.
var markFirst, markOutside = approval.Say("mark.first", "first time"), approval.Say("mark.outside", "outside of {own}", "own", "example.com")

func warned() approval.Request {
	r := mail()
	r.Preview.Titled(approval.Say("mail.send.many", "Send a mail to {n} people", "n", "4"))
	r.Preview.Fields = []approval.Field{{Name: "From", Value: "Me <me@example.com>"}, {Name: "To", Value: "Anna <anna@example.com>"},
		{Name: "To", Value: "Carla <carla@example.com>", Alarm: true, Marks: []approval.Text{markFirst}}, {Name: "To", Value: "Dora <dora@elsewhere.example>", Alarm: true, Marks: []approval.Text{markOutside}},
		{Name: "Bcc", Value: "bob@elsewhere.example", Alarm: true, Marks: []approval.Text{markFirst, markOutside}}, {Name: "Subject", Value: "Friday"}}
	r.Preview.Warnings = []approval.Text{approval.Say("mail.outside", "Goes outside of {own}: {domains}", "own", "example.com", "domains", "elsewhere.example"),
		approval.Say("mail.first", "You have never written to {who}", "who", "bob@elsewhere.example"), approval.Say("mail.bcc", "Has hidden recipients (Bcc)")}
	return r
}

func hostileMail() approval.Request {
	r := mail()
	r.Client, r.Origin, r.Class, r.Public = nasty, "over HTTP, from outside", "destructive", true
	r.Preview.Titled(approval.Say("mail.send", "Send a mail to {who}", "who", "\u202emoc.elpmaxe@anna\u202c {{.who}} and "+strings.Repeat("x", 500)))
	r.Preview.Warnings = []approval.Text{approval.Say("mail.alias", "{who} calls itself by another address: {name}", "who", "a\u200bnna@example.com", "name", nasty+"popup.deny {who}")}
	r.Preview.Fields[1] = approval.Field{Name: "To", Value: "a\u200bnna@example.com " + strings.Repeat("A", 400), Alarm: true, Marks: []approval.Text{{English: nasty, Key: "../popup.deny"}}}
	r.Preview.Fields = append(r.Preview.Fields, approval.Field{Name: strings.Repeat("N", 200), Value: strings.Repeat("v", 300)})
	r.Preview.Body = "# Heading\n**bold** [link](https://evil.example) $(id)\nשלום עולם, مرحبا بالعالم\nzero\u200bwidth \u202egnp.exe\u202c tag\U000e0041\n" + strings.Repeat("\n", 30) + strings.Repeat("and so on ", 3000)
	return r
}

// rtlMail is a mail in Hebrew and Arabic.
func rtlMail() approval.Request {
	r := mail()
	r.Client, r.Profile = "عميل", "בית"
	r.Preview.Titled(approval.Say("mail.send", "Send a mail to {who}", "who", "anna@example.com"))
	r.Preview.Fields = []approval.Field{{Name: "From", Value: "אני <me@example.com>"}, {Name: "To", Value: "אנה <anna@example.com>", Alarm: true, Marks: []approval.Text{markFirst}}, {Name: "Subject", Value: "פגישה ביום שישי"}}
	r.Preview.Body = "שלום אנה,\n\nניפגש ביום שישי בצהריים?\n\nمع أطيب التحيات"
	return r
}

// edited is a mail that the owner has changed.
func edited() approval.Request {
	r := editable()
	was := append([]approval.Edit{}, r.Preview.Edits...)
	was[3].Value = "Dear Anna,\n\nshall we meet on Friday at noon, as every week? I bring the plans for the garden.\n\nThe gate is open.\nRing twice.\nMind the dog.\nBring a coat.\n\nBest wishes\nMe"
	r.Preview.Edits[1].Value = ""
	r.Preview.Edits[3].Value = "Dear Anna,\n\nshall we meet on Monday at ten? I bring the plans for the garden.\n\nThe gate is open.\nRing twice.\nMind the dog.\nBring a coat.\n\nBest wishes\nMe\nand Bob"
	r.Preview.Body, r.Version = r.Preview.Edits[3].Value, 1
	r.Preview.Titled(approval.Say("mail.send", "Send a mail to {who}", "who", "anna@example.com"))
	r.Preview.Fields = append(r.Preview.Fields[:2:2], r.Preview.Fields[3:]...)
	r.Preview.Changes = approval.Compare(was, r.Preview.Edits)
	return r
}

// invitation and share are what the calendar and the drive will ask.
func invitation() approval.Request {
	r := mail()
	r.Tool = "calendar_invite"
	r.Preview = approval.Preview{Title: "Invite 3 people to “Garden plans”", Fields: []approval.Field{
		{Name: "What", Value: "Garden plans"}, {Name: "When", Value: "Friday, 4 December 2026, 12:00 to 13:00 (Europe/Berlin)"}, {Name: "When", Value: "For Kenji: Friday, 4 December 2026, 20:00 to 21:00 (Asia/Tokyo)"},
		{Name: "Where", Value: "https://meet.google.com/abc-defg-hij"}, {Name: "Invited", Value: "Anna <anna@example.com>"}, {Name: "Invited", Value: "Kenji <kenji@elsewhere.example>", Alarm: true, Marks: []approval.Text{markFirst, markOutside}},
		{Name: "Invited", Value: "garden-club@example.com"}}, Body: "Please bring the old plans."}
	return r
}

func share() approval.Request {
	r := mail()
	r.Tool = "drive_share"
	r.Preview = approval.Preview{Title: "Share “Taxes 2026” with anyone who has the link", Fields: []approval.Field{
		{Name: "File", Value: "Taxes 2026 (Google Sheets, in My Drive / Private)"}, {Name: "Who", Value: "Anyone with the link", Alarm: true}, {Name: "May", Value: "Read"}, {Name: "Until", Value: "You end it"}}}
	return r
}

func deletion() approval.Request {
	r := mail()
	r.Tool, r.Class = "gmail_delete", "destructive"
	r.Preview = approval.Preview{Title: "Delete 12 mails for good", Fields: []approval.Field{{Name: "Mails", Value: "from newsletter@shop.example, 3 May to 9 November 2026"}}}
	return r
}

// writing is a change of the owner's own things that a client from outside asks about for the first time.
func writing() approval.Request {
	r := mail()
	r.Tool, r.Class, r.Public = "gmail_modify", "write", true
	r.Preview = approval.Preview{Fields: []approval.Field{{Name: "action", Value: "archive"}, {Name: "message_ids", Value: `["18c2f0a1b2c3d4e5"]`}}}
	r.Preview.Titled(approval.Say("writes", "{tool} as {profile}. A yes also lets this client make such changes of your own things, which can be undone, for a day.", "tool", "Sort mail", "profile", "home"))
	return r
}
