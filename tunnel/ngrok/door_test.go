package ngrok

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// wire is a connection that counts what is done to it.
type wire struct {
	net.Conn
	fails            bool
	writes, closings int
	kept             []byte // the last that was written, as it was given
	deadlines        int
}

func (w *wire) Write(p []byte) (int, error) {
	w.writes++
	w.kept = p
	if w.fails {
		return 0, errors.New("the session has died")
	}
	return len(p), nil
}
func (w *wire) Close() error                     { w.closings++; return nil }
func (w *wire) SetWriteDeadline(time.Time) error { w.deadlines++; return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetDeadline(time.Time) error      { w.deadlines++; return nil }

// TestConnSparesTheSession: a write is a copy, no write deadline is passed on, and a connection is closed once, or never
// if a write has failed.
func TestConnSparesTheSession(t *testing.T) {
	d := newDoor()
	w := &wire{}
	c, ok := d.wrap(w)
	if !ok {
		t.Fatal("there is no room")
	}
	given := []byte("hello")
	if _, err := c.Write(given); err != nil {
		t.Fatal(err)
	}
	given[0] = 'j'
	if string(w.kept) != "hello" {
		t.Error("what was written can still be changed")
	}
	if err := errors.Join(c.SetDeadline(time.Now()), c.SetWriteDeadline(time.Now()), c.Close(), c.Close()); err != nil || w.closings != 1 || w.deadlines != 0 {
		t.Errorf("%d closings, %d deadlines, %v", w.closings, w.deadlines, err)
	}
	w = &wire{fails: true}
	c, _ = d.wrap(w)
	for range 2 {
		if _, err := c.Write(given); err == nil {
			t.Error("a write to nowhere succeeds")
		}
	}
	if err := c.Close(); err != nil || w.closings != 0 || w.writes != 1 {
		t.Errorf("%d closings, %d writes, %v", w.closings, w.writes, err)
	}
	if len(d.open) != 0 {
		t.Errorf("%d are still counted", len(d.open))
	}
}

func TestNoMoreConnsThanThereIsRoomFor(t *testing.T) {
	d := newDoor()
	var last *conn
	for range maxConns {
		last, _ = d.wrap(&wire{})
	}
	if _, ok := d.wrap(&wire{}); ok {
		t.Error("one more was taken")
	}
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.wrap(&wire{}); !ok {
		t.Error("there is no room again")
	}
}

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

// closing is a connection that counts how often it is closed, and whose writes wait for an error.
type closing struct {
	net.Conn
	began  chan struct{}
	result chan error
	closed int
}

func (c *closing) Write(p []byte) (int, error) {
	c.began <- struct{}{}
	err := <-c.result
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (c *closing) Close() error { c.closed++; return nil }

// TestClosedDuringAWrite: the multiplexer is left alone until the write is over, and for good if that fails.
func TestClosedDuringAWrite(t *testing.T) {
	for fails, want := range map[error]int{nil: 1, errSilent: 0} {
		below := &closing{began: make(chan struct{}, 2), result: make(chan error)}
		c, _ := newDoor().wrap(below)
		wrote := make(chan error, 1)
		go func() {
			_, err := c.Write([]byte("x"))
			wrote <- err
		}()
		<-below.began
		if err := c.Close(); err != nil || below.closed != 0 {
			t.Errorf("closing during a write: %v, %d times", err, below.closed)
		}
		below.result <- fails
		close(below.result)
		if err := <-wrote; !errors.Is(err, fails) {
			t.Errorf("the write says %v, want %v", err, fails)
		}
		if err := c.Close(); err != nil || below.closed != want {
			t.Errorf("after a write with %v it was closed %d times, want %d (%v)", fails, below.closed, want, err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("writing after the end: %v", err)
		}
	}
}
