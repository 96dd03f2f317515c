package demo

import (
	"encoding/base64"
	"fmt"
	stdmime "mime"
	"net/mail"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/transform"
)

// mime is a mail of the sample account before it is written.
type mime struct {
	from, to, cc, subject, id string
	date                      time.Time
	refs                      []string
	text, html, ics, charset  string
	files                     []file
	list                      bool
}

type file struct {
	name, kind string
	data       []byte
}

func (m mime) messageID() string { return "<" + m.id + "@sample.postern.example>" }

// bytes writes the mail.
func (m mime) bytes() []byte {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("From", person(m.from))
	field("To", person(m.to))
	field("Cc", person(m.cc))
	field("Subject", stdmime.QEncoding.Encode("utf-8", m.subject))
	field("Date", m.date.Format(time.RFC1123Z))
	field("Message-ID", m.messageID())
	if len(m.refs) > 0 {
		field("In-Reply-To", m.refs[len(m.refs)-1])
		field("References", strings.Join(m.refs, " "))
	}
	if m.list {
		field("List-Id", "<letters."+m.id[:2]+".example>")
		field("List-Unsubscribe", "<https://unsubscribe.example/"+m.id+">")
	}
	field("MIME-Version", "1.0")
	if len(m.files) == 0 {
		m.body(&b)
		return []byte(b.String())
	}
	const boundary = "=_sample_mixed"
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\r\n\r\n--%s\r\n", boundary, boundary)
	m.body(&b)
	for _, f := range m.files {
		fmt.Fprintf(&b, "\r\n--%s\r\nContent-Type: %s\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, f.kind, f.name)
		wrap(&b, f.data)
	}
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return []byte(b.String())
}

// body writes the text, with its HTML or its invitation as an alternative.
func (m mime) body(b *strings.Builder) {
	kind, other := "text/html; charset=utf-8", m.html
	if m.ics != "" {
		kind, other = "text/calendar; charset=utf-8; method=REQUEST", m.ics
	}
	if other == "" {
		text(b, m.text, m.charset)
		return
	}
	const boundary = "=_sample_alternative"
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=%q\r\n\r\n--%s\r\n", boundary, boundary)
	text(b, m.text, "")
	fmt.Fprintf(b, "\r\n--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n", boundary, kind)
	wrap(b, []byte(other))
	fmt.Fprintf(b, "\r\n--%s--\r\n", boundary)
}

func text(b *strings.Builder, s, label string) {
	data := []byte(s)
	if label != "" {
		if enc, _ := charset.Lookup(label); enc != nil {
			if out, _, err := transform.Bytes(enc.NewEncoder(), data); err == nil {
				data = out
			} else {
				label = ""
			}
		}
	}
	if label == "" {
		label = "utf-8"
	}
	fmt.Fprintf(b, "Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: base64\r\n\r\n", label)
	wrap(b, data)
}

// wrap writes base64 in lines of 76, RFC 2045 section 6.8.
func wrap(b *strings.Builder, data []byte) {
	s := base64.StdEncoding.EncodeToString(data)
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
}

func person(s string) string {
	if s == "" {
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil {
		return s
	}
	return a.String()
}
