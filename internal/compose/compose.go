// Package compose builds a mail: addresses, Markdown to HTML and text, attachments, and the bytes of RFC 5322 and MIME.
// The same Mail always gives the same bytes, so that what was approved can be sent to the byte.
package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/jhillyerd/enmime/v2"
)

// MaxSize is the most bytes that a mail and its attachments may have before they are encoded: Gmail's limit.
const MaxSize = 25 << 20

// Mail is a mail to be built. No field may hold a line break but Text and HTML.
type Mail struct {
	Date       time.Time      `json:"date,omitzero"` // zero leaves the field to who sends the mail
	From       mail.Address   `json:"from"`
	To         []mail.Address `json:"to,omitempty"`
	Cc         []mail.Address `json:"cc,omitempty"`
	Bcc        []mail.Address `json:"bcc,omitempty"`
	Subject    string         `json:"subject"`
	MessageID  string         `json:"message_id,omitempty"` // with angle brackets
	InReplyTo  string         `json:"in_reply_to,omitempty"`
	References []string       `json:"references,omitempty"`
	Text       string         `json:"text"`
	HTML       string         `json:"html,omitempty"`
}

// Build returns the bytes of the mail with its attachments.
func (m Mail) Build(files ...File) ([]byte, error) {
	if err := m.check(files); err != nil {
		return nil, err
	}
	if err := checkSize(len(m.Text)+len(m.HTML), files); err != nil {
		return nil, err
	}
	root := part("text/plain", m.Text)
	var attached, shown []File
	for _, f := range files {
		if f.ContentID != "" && m.HTML != "" {
			shown = append(shown, f)
		} else {
			attached = append(attached, f)
		}
	}
	if m.HTML != "" {
		root = m.multipart("alternative", files, root, m.related(shown, files))
	}
	if len(attached) > 0 {
		parts := []*enmime.Part{root}
		for _, f := range attached {
			parts = append(parts, f.part("attachment"))
		}
		root = m.multipart("mixed", files, parts...)
	}
	m.header(root)
	var b bytes.Buffer
	if err := root.Encode(&b); err != nil {
		return nil, fmt.Errorf("building the mail: %w", err)
	}
	return b.Bytes(), nil
}

// related is the HTML with the pictures that it shows, as RFC 2387 has it.
func (m Mail) related(shown, files []File) *enmime.Part {
	html := part("text/html", m.HTML)
	if len(shown) == 0 {
		return html
	}
	parts := []*enmime.Part{html}
	for _, f := range shown {
		p := f.part("inline")
		p.ContentID = f.ContentID
		parts = append(parts, p)
	}
	return m.multipart("related", files, parts...)
}

func (m Mail) multipart(kind string, files []File, parts ...*enmime.Part) *enmime.Part {
	p := enmime.NewPart("multipart/" + kind)
	p.Boundary = m.boundary(kind[:1], files)
	for _, child := range parts {
		p.AddChild(child)
	}
	return p
}

func part(mediaType, text string) *enmime.Part {
	p := enmime.NewPart(mediaType)
	p.Charset = "utf-8"
	p.Content = []byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))
	return p
}

func (m Mail) header(p *enmime.Part) {
	set := func(name, value string) {
		if value != "" {
			p.Header.Set(name, value)
		}
	}
	set("MIME-Version", "1.0")
	if !m.Date.IsZero() {
		set("Date", m.Date.Format(time.RFC1123Z))
	}
	set("From", m.From.String())
	set("To", list(m.To))
	set("Cc", list(m.Cc))
	set("Bcc", list(m.Bcc))
	set("Subject", m.Subject)
	set("Message-ID", m.MessageID)
	set("In-Reply-To", m.InReplyTo)
	set("References", strings.Join(m.References, " "))
}

func list(all []mail.Address) string {
	s := make([]string, len(all))
	for i := range all {
		s[i] = all[i].String()
	}
	return strings.Join(s, ", ")
}

// boundary is made of the content, so that it is the same each time and cannot be foreseen by who wrote a part of it.
func (m Mail) boundary(kind string, files []File) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00%s", kind, m.MessageID, m.Subject, m.Text, m.HTML)
	for _, f := range files {
		fmt.Fprintf(h, "\x00%s\x00%s\x00", f.Name, f.ContentID)
		h.Write(f.Data)
	}
	return "postern-" + kind + "-" + hex.EncodeToString(h.Sum(nil)[:16])
}

func checkSize(text int, files []File) error {
	total, biggest := text, -1
	for i, f := range files {
		total += len(f.Data)
		if biggest < 0 || len(f.Data) > len(files[biggest].Data) {
			biggest = i
		}
	}
	if total <= MaxSize {
		return nil
	}
	if biggest < 0 {
		return fmt.Errorf("the mail has %.1f MB, the most that Gmail sends is %d", float64(total)/(1<<20), MaxSize>>20)
	}
	return fmt.Errorf("the mail has %.1f MB with its attachments, the most that Gmail sends is %d; the biggest is %q with %.1f MB",
		float64(total)/(1<<20), MaxSize>>20, files[biggest].Name, float64(len(files[biggest].Data))/(1<<20))
}

// check refuses line breaks and control characters in what becomes a header field: whoever can write a line break can
// write a header.
func (m Mail) check(files []File) error {
	for _, f := range []struct{ name, value string }{
		{"subject", m.Subject}, {"message id", m.MessageID}, {"in-reply-to", m.InReplyTo}, {"references", strings.Join(m.References, " ")},
	} {
		if err := OneLine(f.name, f.value); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		name string
		all  []mail.Address
	}{{"from", []mail.Address{m.From}}, {"to", m.To}, {"cc", m.Cc}, {"bcc", m.Bcc}} {
		for _, a := range list.all {
			if err := OneLine(list.name, a.Name+a.Address); err != nil {
				return err
			}
			if !ascii(a.Address) {
				return fmt.Errorf("%s: %q has letters before the @ that mail cannot carry everywhere (RFC 6531): use another address of theirs", list.name, clip(a.Address))
			}
		}
	}
	for _, f := range files {
		if err := OneLine(fmt.Sprintf("the name of the attachment %q", clip(f.Name)), f.Name); err != nil {
			return err
		}
		if err := OneLine(fmt.Sprintf("the content id of the attachment %q", clip(f.Name)), f.ContentID); err != nil {
			return err
		}
	}
	return nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// OneLine refuses a value that holds a line break or another control character. name says in the error which it is.
func OneLine(name, value string) error {
	for _, r := range value {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return fmt.Errorf("%s holds a line break or a control character (%U), which a mail's header cannot", name, r)
		}
	}
	return nil
}
