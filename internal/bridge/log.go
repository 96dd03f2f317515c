package bridge

import (
	"io"

	"postern/server/oauth/opaque"
)

// discreet is where the log goes: without the tokens that clients put where names belong.
type discreet struct{ io.Writer }

func (d discreet) Write(b []byte) (int, error) {
	_, err := io.WriteString(d.Writer, opaque.Redact(string(b)))
	return len(b), err
}
