package mail

import (
	"io"

	"golang.org/x/net/html/charset"
)

// charsetReader knows every charset of the WHATWG encoding list.
func charsetReader(label string, r io.Reader) (io.Reader, error) {
	return charset.NewReaderLabel(label, r)
}
