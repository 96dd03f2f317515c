package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jhillyerd/enmime/v2"
)

const (
	// maxEnds is how often the parser may come to the end of a mail. Within multiparts that are not closed it tries twice
	// for each that lies around another, so that thirty of them would take hours.
	maxEnds = 20_000
	// maxParsing is how long it may take: with the number of parts, the time grows faster than the mail.
	maxParsing = 20 * time.Second
)

// parser takes a part at its word about its charset. Left to guess, it reads UTF-8 that has few letters outside ASCII as
// windows-1252; without a declared charset it still guesses.
var parser = enmime.NewParser(enmime.DisableCharacterDetection(true))

// errTangled is a mail whose structure nobody can be made to read.
var errTangled = errors.New("its parts are tangled: they are too many, or lie too deep within others without an end")

// parse reads a mail in the form of RFC 5322, within the bounds above.
func parse(raw []byte) (root *enmime.Part, err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case errTangled:
			root, err = nil, fmt.Errorf("reading the mail: %w", errTangled)
		default:
			panic(v)
		}
	}()
	if root, err = parser.ReadParts(&bounded{Reader: bytes.NewReader(raw), until: time.Now().Add(maxParsing)}); err != nil {
		return nil, fmt.Errorf("reading the mail: %w", err)
	}
	return root, nil
}

// bounded is a mail that is read. The parser goes on after an error; it ends by a panic alone.
type bounded struct {
	io.Reader
	until time.Time
	ends  int
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.ends++
	}
	if b.ends > maxEnds || n > 0 && time.Now().After(b.until) {
		panic(errTangled)
	}
	return n, err
}
