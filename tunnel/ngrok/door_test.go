package ngrok

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestSlowIsNotStuck: a reader who takes long for a big answer is let be as long as something moves, and one who has
// stopped is seen.
func TestSlowIsNotStuck(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	d := newDoor()
	c, ok := d.wrap(here)
	if !ok {
		t.Fatal("the first connection is refused")
	}
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	wrote := make(chan error, 1)
	go func() {
		n, err := c.Write(sent) // as net/http writes a big answer
		if err == nil && n != len(sent) {
			err = io.ErrShortWrite
		}
		wrote <- err
	}()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(there, got[:1]); err != nil {
		t.Fatal(err)
	}
	began, half := time.Now(), len(sent)/2
	if _, err := io.ReadFull(there, got[1:half]); err != nil {
		t.Fatal(err)
	}
	if d.stuck(began.Add(time.Minute), time.Minute) {
		t.Error("a reader counts as stuck of whom half of the answer was taken since")
	}
	if !d.stuck(time.Now().Add(time.Minute+time.Second), time.Minute) {
		t.Error("a reader who takes nothing for a minute does not count as stuck")
	}
	if _, err := io.ReadFull(there, got[half:]); err != nil {
		t.Fatal(err)
	}
	if err := <-wrote; err != nil || !bytes.Equal(got, sent) {
		t.Errorf("the answer is not whole (%v)", err)
	}
	if d.stuck(time.Now().Add(time.Hour), time.Minute) {
		t.Error("where nothing is written somebody counts as stuck")
	}
}

// TestABrokenWrite says how much was written, and is the last.
func TestABrokenWrite(t *testing.T) {
	here, there := net.Pipe()
	d := newDoor()
	c, _ := d.wrap(here)
	go func() {
		_, _ = io.ReadFull(there, make([]byte, 100)) // what Write says is looked at
		there.Close()
	}()
	if n, err := c.Write(make([]byte, 1<<20)); n != 100 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := c.Write([]byte("x")); n != 0 || !errors.Is(err, errBroken) {
		t.Errorf("after that: %d bytes, %v", n, err)
	}
}
