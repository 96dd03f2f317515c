package ngrok

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxConns is how many connections from outside are open at once; more are hung up on. It does not come to that with a server
// that bounds them itself, a good deal lower: that one knows which of them rest, and lets those go for new ones. What runs on
// them is bounded by the handler.
const maxConns = 512

// maxPiece is the most bytes that are written at once.
const maxPiece = 32 << 10

// door is the listener that the HTTP server has. It stands between that and the SDK's own listener, with which the
// server's Close can wait for ever: somebody must always accept there, and closing here only says so. It outlives the
// sessions with the service that feed it.
type door struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu   sync.Mutex // guards the field below
	open map[*conn]struct{}
}

func newDoor() *door {
	return &door{conns: make(chan net.Conn), closed: make(chan struct{}), open: map[*conn]struct{}{}}
}

// Accept returns the next connection, net.ErrClosed after Close.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr is none: nobody can connect to it.
func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: "ngrok", Net: "ngrok"} }

// pump takes what a listener of the SDK accepts until that ends, and says why it did.
func (d *door) pump(from interface{ Accept() (net.Conn, error) }) error {
	for {
		c, err := from.Accept()
		if err != nil {
			return err
		}
		wrapped, ok := d.wrap(c)
		if !ok {
			go c.Close() // which talks to the other end, and must not hold up the others
			continue
		}
		select {
		case d.conns <- wrapped:
		case <-d.closed:
			go wrapped.Close()
		}
	}
}

func (d *door) wrap(c net.Conn) (*conn, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) >= maxConns {
		return nil, false
	}
	w := &conn{Conn: c, door: d}
	d.open[w] = struct{}{}
	return w, true
}

// stuck reports whether a write has waited for longer than patience for its reader, which no deadline ends.
func (d *door) stuck(now time.Time, patience time.Duration) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.open {
		if began := c.writing.Load(); began != 0 && now.Sub(time.Unix(0, began)) > patience {
			return true
		}
	}
	return false
}

// conn is one connection from outside, without what harms the session that all of them share.
type conn struct {
	net.Conn
	door    *door
	writing atomic.Int64 // since when a piece waits to be written, in nanoseconds of the Unix time; 0 if none does

	turn sync.Mutex // held by the one that writes

	mu     sync.Mutex // guards the fields below
	busy   bool       // a write is under way
	broken bool       // a write has failed
	closed bool
}

var errBroken = errors.New("the connection has failed before")

// Write writes a copy: when the session dies, the multiplexer may still read what it was given after it has said so. It
// does so in pieces, so that stuck sees whether anything moves.
func (c *conn) Write(p []byte) (n int, err error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	defer c.writing.Store(0)
	for first := true; first || n < len(p); first = false {
		if err := c.begin(); err != nil {
			return n, err
		}
		piece := p[n:min(len(p), n+maxPiece)]
		c.writing.Store(time.Now().UnixNano())
		m, err := c.Conn.Write(append([]byte(nil), piece...))
		n += m
		c.end(err)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (c *conn) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case c.broken:
		return errBroken
	}
	c.busy = true
	return nil
}

// end closes what was to be closed meanwhile.
func (c *conn) end(err error) {
	c.mu.Lock()
	c.busy, c.broken = false, err != nil
	closes := c.closed && !c.broken
	c.mu.Unlock()
	if closes {
		_ = c.Conn.Close() // nobody waits for what it says
	}
}

// Close closes the connection once, and not while a write is under way, nor after one that has failed: closing writes,
// too, and would race with the multiplexer, which may still be at what it was given. A stream on which a write has failed
// is gone already.
func (c *conn) Close() error {
	c.door.mu.Lock()
	delete(c.door.open, c)
	c.door.mu.Unlock()
	c.mu.Lock()
	closes := !c.closed && !c.busy && !c.broken
	c.closed = true
	c.mu.Unlock()
	if !closes {
		return nil
	}
	return c.Conn.Close()
}

// SetDeadline sets that of reading alone, see SetWriteDeadline.
func (c *conn) SetDeadline(t time.Time) error { return c.Conn.SetReadDeadline(t) }

// SetWriteDeadline does nothing: a deadline that strikes within a frame breaks the session for all. Readers that stand
// still are seen to by stuck.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }
