package mail

import (
	"strconv"
	"strings"

	"github.com/teamwork/tnef"
)

// Message is a mail as a reader needs it.
type Message struct {
	Header      Header
	Text        string // Markdown or plain text; still as it came: clean and fence it before a model reads it
	Attachments []Attachment
	Events      []Event // calendar invitations in it
	Forwarded   []*Message
}

// Attachment is a file of a mail.
type Attachment struct {
	Number int    // from 1, in the order of the mail
	Name   string // never empty
	MIME   string
	Size   int    // bytes
	Inline bool   // a picture of the text
	ID     string // to fetch it by; "" if Data has it
	Data   []byte

	ContentID string // by which the HTML shows it as cid:…, without angle brackets; "" for none
}

// Options say how much of a mail is wanted.
type Options struct {
	Quoted bool // keep quoted history and signature
}

// Read makes a readable message of a tree.
func Read(root *Part, o Options) *Message {
	m := &Message{Header: root.Header}
	r := &reading{message: m, options: o}
	r.part(root, 0)
	m.Text = strings.TrimSpace(strings.Join(r.texts, "\n\n"))
	return m
}

// reading is a walk over one mail.
type reading struct {
	message *Message
	options Options
	texts   []string
}

func (r *reading) part(p *Part, depth int) {
	switch {
	case p.MIME == "multipart/alternative":
		r.alternative(p, depth)
	case p.multipart():
		for _, child := range p.Parts {
			r.part(child, depth+1)
		}
	case p.body():
		r.texts = append(r.texts, r.text(p))
	case p.MIME == "text/calendar" && p.Data != nil:
		r.message.Events = append(r.message.Events, ReadEvents(p.Data)...)
		if p.Name != "" {
			r.attach(p)
		}
	case p.MIME == "message/rfc822" && len(p.Parts) > 0:
		r.message.Forwarded = append(r.message.Forwarded, Read(p.Parts[0], Options{Quoted: true}))
		r.attach(p)
	case tnefPart(p):
		r.tnef(p)
	default:
		if p.Size > 0 || p.AttachmentID != "" || len(p.Data) > 0 {
			r.attach(p)
		}
	}
}

// alternative reads the best version of a multipart/alternative: the plain one, if it says about as much as the HTML.
func (r *reading) alternative(p *Part, depth int) {
	var plain, rich *Part
	for _, child := range p.Parts {
		switch {
		case child.MIME == "text/plain" && child.body() && plain == nil:
			plain = child
		case child.MIME == "text/html" && child.body():
			rich = child
		case child.MIME == "text/calendar":
			r.part(child, depth+1)
		case child.multipart() && holdsHTML(child):
			rich = child
		default:
			r.part(child, depth+1)
		}
	}
	switch {
	case rich == nil && plain == nil:
	case rich == nil:
		r.texts = append(r.texts, r.text(plain))
	case plain == nil:
		r.part(rich, depth+1)
	default:
		before := len(r.texts)
		r.part(rich, depth+1)
		text := r.text(plain)
		if len(text)*2 >= len(strings.Join(r.texts[before:], "")) {
			r.texts = append(r.texts[:before], text)
		}
	}
}

func holdsHTML(p *Part) bool {
	for _, child := range p.Parts {
		if child.MIME == "text/html" && child.body() || child.multipart() && holdsHTML(child) {
			return true
		}
	}
	return false
}

func (r *reading) text(p *Part) string {
	if p.MIME == "text/html" {
		return HTMLToMarkdown(p.Data, r.options.Quoted)
	}
	text := strings.ToValidUTF8(string(p.Data), "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !r.options.Quoted {
		text = StripQuoted(text)
	}
	return text
}

func (r *reading) attach(p *Part) {
	n := len(r.message.Attachments) + 1
	a := Attachment{Number: n, Name: p.Name, MIME: p.MIME, Size: p.Size, ID: p.AttachmentID, Data: p.Data, ContentID: p.ContentID, Inline: p.ContentID != "" && p.Disposition != "attachment" && strings.HasPrefix(p.MIME, "image/")}
	if a.Name == "" {
		a.Name = unnamed(p, n)
	}
	r.message.Attachments = append(r.message.Attachments, a)
}

// unnamed makes a name for an attachment without one.
func unnamed(p *Part, n int) string {
	ext := map[string]string{"message/rfc822": ".eml", "text/calendar": ".ics", "text/html": ".html", "text/plain": ".txt", "application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif"}[p.MIME]
	if p.MIME == "message/rfc822" && len(p.Parts) > 0 {
		if s := strings.TrimSpace(p.Parts[0].Header.Get("Subject")); s != "" {
			return s + ext
		}
	}
	return "attachment-" + strconv.Itoa(n) + ext
}

// tnefPart reports whether a part is what Outlook sends as winmail.dat.
func tnefPart(p *Part) bool {
	return p.MIME == "application/ms-tnef" || p.MIME == "application/vnd.ms-tnef" || strings.EqualFold(p.Name, "winmail.dat")
}

// tnef opens a winmail.dat. Without its data, or if it is broken, it stays an attachment.
func (r *reading) tnef(p *Part) {
	d := decodeTNEF(p.Data)
	if d == nil {
		r.attach(p)
		return
	}
	if len(r.texts) == 0 {
		switch {
		case len(d.BodyHTML) > 0:
			r.texts = append(r.texts, HTMLToMarkdown(d.BodyHTML, r.options.Quoted))
		case len(d.Body) > 0:
			r.texts = append(r.texts, strings.ToValidUTF8(string(d.Body), "\uFFFD"))
		}
	}
	for _, a := range d.Attachments {
		r.attach(&Part{Name: strings.TrimRight(a.Title, "\x00"), MIME: "application/octet-stream", Data: a.Data, Size: len(a.Data), Disposition: "attachment"})
	}
}

// decodeTNEF returns nil for what is no TNEF. The library panics on some broken input.
func decodeTNEF(data []byte) (d *tnef.Data) {
	defer func() {
		if recover() != nil {
			d = nil
		}
	}()
	if len(data) == 0 {
		return nil
	}
	d, err := tnef.Decode(data)
	if err != nil {
		return nil
	}
	return d
}

// NeedsFetching returns the parts below root that are read as text, or opened, but came without their data: Gmail hands
// out large and named ones by attachment id only.
func NeedsFetching(root *Part) []*Part {
	var out []*Part
	if root.Data == nil && root.AttachmentID != "" && root.Size <= 10<<20 && (root.body() || tnefPart(root) || root.MIME == "text/calendar") {
		out = append(out, root)
	}
	for _, child := range root.Parts {
		out = append(out, NeedsFetching(child)...)
	}
	return out
}
