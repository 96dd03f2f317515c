// Package compose builds a mail: addresses, Markdown to HTML and text, attachments, and the bytes of RFC 5322 and MIME.
// The same Mail always gives the same bytes, so that what was approved can be sent to the byte.
package compose

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"unicode"

	"github.com/jhillyerd/enmime/v2"
)

// MaxSize is the most bytes that a mail and its attachments may have before they are encoded: Gmail's limit.
const MaxSize = 25 << 20

// Mail is a mail to be built. No field may hold a line break but Text and HTML.
type Mail struct {
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

// File is an attachment.
type File struct {
	Name string
	MIME string
	Data []byte
}

// Build returns the bytes of the mail with its attachments.
func (m Mail) Build(files ...File) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if err := checkSize(len(m.Text)+len(m.HTML), files); err != nil {
		return nil, err
	}
	root := part("text/plain", m.Text)
	if m.HTML != "" {
		alternative := enmime.NewPart("multipart/alternative")
		alternative.Boundary = m.boundary("a", nil)
		alternative.AddChild(root)
		alternative.AddChild(part("text/html", m.HTML))
		root = alternative
	}
	if len(files) > 0 {
		mixed := enmime.NewPart("multipart/mixed")
		mixed.Boundary = m.boundary("m", files)
		mixed.AddChild(root)
		for _, f := range files {
			mixed.AddChild(f.part())
		}
		root = mixed
	}
	m.header(root)
	var b bytes.Buffer
	if err := root.Encode(&b); err != nil {
		return nil, fmt.Errorf("building the mail: %w", err)
	}
	return b.Bytes(), nil
}

func part(mediaType, text string) *enmime.Part {
	p := enmime.NewPart(mediaType)
	p.Charset = "utf-8"
	p.Content = []byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n"))
	return p
}

func (f File) part() *enmime.Part {
	kind, _, err := mime.ParseMediaType(f.MIME)
	if err != nil || strings.HasPrefix(kind, "multipart/") {
		kind = "application/octet-stream"
	}
	p := enmime.NewPart(kind)
	p.Disposition, p.FileName, p.Content = "attachment", f.Name, f.Data
	return p
}

func (m Mail) header(p *enmime.Part) {
	set := func(name, value string) {
		if value != "" {
			p.Header.Set(name, value)
		}
	}
	set("MIME-Version", "1.0")
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
		fmt.Fprintf(h, "\x00%s\x00", f.Name)
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
func (m Mail) check() error {
	for name, value := range map[string]string{"subject": m.Subject, "message id": m.MessageID, "in-reply-to": m.InReplyTo, "references": strings.Join(m.References, " "), "from": m.From.Name + m.From.Address} {
		if err := OneLine(name, value); err != nil {
			return err
		}
	}
	for name, all := range map[string][]mail.Address{"to": m.To, "cc": m.Cc, "bcc": m.Bcc} {
		for _, a := range all {
			if err := OneLine(name, a.Name+a.Address); err != nil {
				return err
			}
		}
	}
	return nil
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
