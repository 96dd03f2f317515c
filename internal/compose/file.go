package compose

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"unicode"

	"github.com/jhillyerd/enmime/v2"
)

// File is an attachment.
type File struct {
	Name      string
	MIME      string
	ContentID string // without angle brackets; of a picture that the HTML shows as cid:…, "" for an attachment
	Data      []byte
}

// part is the file as a part of a mail: base64 whatever its type, so that no byte and no line end of it changes.
func (f File) part(disposition string) *enmime.Part {
	kind, _, err := mime.ParseMediaType(f.MIME)
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") && !plainLines(f.Data) {
		kind = "application/octet-stream"
	}
	p := enmime.NewPart(kind + parameter("name", f.Name))
	p.Disposition = disposition + parameter("filename", f.Name)
	if strings.HasPrefix(kind, "message/") {
		p.Content = f.Data // RFC 2046 section 5.2.1: a mail within a mail is not encoded again
	} else {
		p.ContentReader = bytes.NewReader(f.Data)
	}
	return p
}

// plainLines reports whether data may stand in a mail as it is: lines of ASCII that end in CRLF and have at most 998
// bytes, RFC 5322 section 2.1.1.
func plainLines(data []byte) bool {
	for line := range bytes.Lines(data) {
		if len(line) > 998 || bytes.HasSuffix(line, []byte("\n")) && !bytes.HasSuffix(line, []byte("\r\n")) {
			return false
		}
	}
	return !bytes.ContainsFunc(data, func(r rune) bool { return r == 0 || r > unicode.MaxASCII })
}

// sectionLen is how much of a long value stands in one section: with its name it fits in a line.
const sectionLen = 54

// parameter writes a parameter of a header field, with the semicolon before it: quoted if it is short ASCII, else
// encoded and cut into sections as RFC 2231 sections 3 and 4 have it.
func parameter(name, value string) string {
	if value == "" {
		return ""
	}
	if ascii(value) && len(value) <= sectionLen {
		return "; " + name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	var sections []string
	var b strings.Builder
	for i := range len(value) {
		c := value[i]
		one := string(rune(c))
		if !plain(c) {
			one = fmt.Sprintf("%%%02X", c)
		}
		if b.Len()+len(one) > sectionLen {
			sections = append(sections, b.String())
			b.Reset()
		}
		b.WriteString(one)
	}
	sections = append(sections, b.String())
	if len(sections) == 1 {
		return "; " + name + "*=utf-8''" + sections[0]
	}
	var out strings.Builder
	for i, s := range sections {
		if i == 0 {
			s = "utf-8''" + s
		}
		fmt.Fprintf(&out, "; %s*%d*=%s", name, i, s)
	}
	return out.String()
}

// plain reports attribute-char of RFC 2231 section 7.
func plain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$&+-.^_`{|}~", c) >= 0
}
