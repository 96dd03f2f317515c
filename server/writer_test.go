package server

import (
	"bytes"
	"fmt"
	"testing"
)

// TestRefusalsOneAfterAnother come once each and in their order, also when the next is made just as one has been written.
func TestRefusalsOneAfterAnother(t *testing.T) {
	out := make(lines, 8)
	w := &lineWriter{out: out}
	for n := range 400_000 { // so many, for the moment is short
		want := fmt.Sprint(n)
		w.later([]byte(want))
		if got := <-out; got != want {
			t.Fatalf("%s instead of %s", got, want)
		}
	}
}

// lines takes what is written, line by line.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	l <- string(bytes.TrimSpace(b))
	return len(b), nil
}
