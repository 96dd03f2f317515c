package gmail

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// charsetReader knows every charset of the WHATWG encoding list, for encoded words.
func charsetReader(label string, r io.Reader) (io.Reader, error) {
	return charset.NewReaderLabel(label, r)
}

// toUTF8 converts the text of a part, as Gmail does before it hands a body out: the Content-Type header keeps the old
// charset, body.data is UTF-8 always.
func toUTF8(data []byte, label string) []byte {
	switch strings.ToLower(label) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return validUTF8(data)
	}
	r, err := charset.NewReaderLabel(label, bytes.NewReader(data))
	if err != nil {
		return validUTF8(data)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return validUTF8(data)
	}
	return out
}

func validUTF8(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	return bytes.ToValidUTF8(data, []byte("\ufffd"))
}
