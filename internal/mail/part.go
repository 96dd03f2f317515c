// Package mail makes a mail readable: of the MIME tree that Gmail or a file gives, it picks the text that a person
// would read, as Markdown, and lists what is attached. It fetches nothing.
package mail

import (
	"encoding/base64"
	"mime"
	"strings"

	"github.com/jhillyerd/enmime/v2"
	"google.golang.org/api/gmail/v1"
)

// maxDepth bounds mails within mails.
const maxDepth = 20

// Part is one node of a mail's MIME tree.
type Part struct {
	MIME         string // media type in lower case
	Name         string // file name; "" for none
	Disposition  string // "inline", "attachment" or ""
	ContentID    string // without angle brackets
	Header       Header
	Data         []byte // decoded, text as UTF-8; nil if it must be fetched by AttachmentID
	AttachmentID string
	Size         int // bytes, decoded
	Parts        []*Part
}

// Header is the fields of a mail or part, in order, decoded.
type Header []Field

// Field is one header field.
type Field struct{ Name, Value string }

// Get returns the first value of a field, "" if there is none. The case of the name does not matter.
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// FromGmail makes the tree of a message that was fetched with format=full.
func FromGmail(p *gmail.MessagePart) *Part { return fromGmail(p, 0) }

func fromGmail(p *gmail.MessagePart, depth int) *Part {
	out := &Part{MIME: strings.ToLower(p.MimeType), Name: p.Filename}
	for _, h := range p.Headers {
		out.Header = append(out.Header, Field{h.Name, h.Value})
	}
	out.describe()
	if p.Body != nil {
		out.Size, out.AttachmentID = int(p.Body.Size), p.Body.AttachmentId
		if p.Body.Data != "" {
			out.Data = decodeBase64(p.Body.Data)
		}
	}
	if depth < maxDepth {
		for _, child := range p.Parts {
			out.Parts = append(out.Parts, fromGmail(child, depth+1))
		}
	}
	return out
}

// describe reads disposition and Content-ID off the header.
func (p *Part) describe() {
	p.ContentID = strings.Trim(strings.TrimSpace(p.Header.Get("Content-ID")), "<>")
	kind, _, _ := strings.Cut(p.Header.Get("Content-Disposition"), ";")
	p.Disposition = strings.ToLower(strings.TrimSpace(kind))
}

// decodeBase64 undoes Gmail's URL-safe base64, padded or not. What is broken ends there.
func decodeBase64(s string) []byte {
	s = strings.TrimRight(s, "=")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		if b2, err := base64.RawStdEncoding.DecodeString(s); err == nil {
			return b2
		}
	}
	return b
}

// FromRaw makes the tree of a mail in the form of RFC 5322, such as a file that ends in .eml.
func FromRaw(raw []byte) (*Part, error) {
	root, err := parse(raw)
	if err != nil {
		return nil, err
	}
	return fromEnmime(root, 0), nil
}

func fromEnmime(p *enmime.Part, depth int) *Part {
	out := &Part{MIME: strings.ToLower(p.ContentType), Name: p.FileName, Disposition: strings.ToLower(p.Disposition), ContentID: strings.Trim(p.ContentID, "<>"), Data: p.Content, Size: len(p.Content)}
	for name, values := range p.Header {
		for _, v := range values {
			out.Header = append(out.Header, Field{name, decodeWords(v)})
		}
	}
	if out.MIME == "" {
		out.MIME = "text/plain"
	}
	if depth >= maxDepth {
		return out
	}
	for child := p.FirstChild; child != nil; child = child.NextSibling {
		out.Parts = append(out.Parts, fromEnmime(child, depth+1))
	}
	if out.MIME == "message/rfc822" && len(out.Parts) == 0 && len(out.Data) > 0 {
		if inner, err := parse(out.Data); err == nil {
			out.Parts = append(out.Parts, fromEnmime(inner, depth+1))
		}
	}
	return out
}

func decodeWords(s string) string {
	d := mime.WordDecoder{CharsetReader: charsetReader}
	if out, err := d.DecodeHeader(s); err == nil {
		return out
	}
	return s
}

func (p *Part) multipart() bool { return strings.HasPrefix(p.MIME, "multipart/") }

// body reports whether the part belongs to the text that is read, rather than to what is attached.
func (p *Part) body() bool {
	return (p.MIME == "text/plain" || p.MIME == "text/html") && p.Disposition != "attachment" && p.Name == ""
}
