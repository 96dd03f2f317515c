package ngrok

import (
	"errors"
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
