package gmail

import (
	"bytes"
	"mime"
	"net/mail"
	"strings"
)

// field is one header field as it stands in the mail: unfolded, not decoded.
type field struct{ name, value string }

type header []field

// splitHeader cuts a mail or a MIME part at its first empty line. A mail without one is all header, as in RFC 5322.
func splitHeader(raw []byte) (header, []byte) {
	var h header
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return h, rest
		}
		raw = rest
		if line[0] == ' ' || line[0] == '\t' {
			if len(h) > 0 {
				h[len(h)-1].value += " " + string(bytes.TrimSpace(line))
			}
			continue
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		h = append(h, field{string(bytes.TrimRight(name, " \t")), string(bytes.TrimSpace(value))})
	}
	return h, nil
}

// get returns the first value of a field, not decoded.
func (h header) get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// all returns every value of a field, decoded and joined, for the search.
func (h header) all(name string) string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.name, name) {
			values = append(values, decodeWords(f.value))
		}
	}
	return strings.Join(values, ", ")
}

// decodeWords decodes RFC 2047 encoded words; what cannot be decoded stays as it is.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return strings.ToValidUTF8(s, "\ufffd")
	}
	d := mime.WordDecoder{CharsetReader: charsetReader}
	out, err := d.DecodeHeader(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\ufffd")
	}
	return out
}

// addresses returns the bare addresses of an address field, in lower case. Groups give their members.
func addresses(value string) ([]string, error) {
	if strings.TrimSpace(value) == "" {
		return nil, nil
	}
	p := mail.AddressParser{WordDecoder: &mime.WordDecoder{CharsetReader: charsetReader}}
	list, err := p.ParseList(value)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range list {
		out = append(out, strings.ToLower(a.Address))
	}
	return out, nil
}

// messageIDs returns the <…> tokens of References, In-Reply-To and Message-ID fields.
func messageIDs(value string) []string {
	var ids []string
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return ids
		}
		id, tail, ok := strings.Cut(rest, ">")
		if !ok {
			return ids
		}
		ids = append(ids, "<"+strings.Join(strings.Fields(id), "")+">")
		value = tail
	}
}
