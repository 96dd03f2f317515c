package guard

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"postern/server/place"
)

// maxConns is how many connections from outside are open at once. A tunnel that bounds them too must take some more, so
// that it is here that is chosen who goes.
const maxConns = 448

// crowd bounds the connections of a side, so that nobody shuts out others with connections that do nothing: when there are
// too many, one that rests goes for the one that comes, of the place that has most. Behind a proxy all may be of one place,
// and then it is the one that has rested longest.
type crowd struct {
	log *slog.Logger

	mu      sync.Mutex // guards the fields below
	open    map[net.Conn]*guest
	of      map[string]int // how many, by place
	said    time.Time      // when the log was told last
	let     int            // connections that went for others since then
	refused int            // and that were not taken
}

// guest is one connection.
type guest struct {
	from  string
	rests time.Time // since when it serves no request; zero while it does
}

func newCrowd(log *slog.Logger) *crowd {
	return &crowd{log: log, open: map[net.Conn]*guest{}, of: map[string]int{}}
}

// note is told what becomes of a connection, see http.Server.ConnState.
func (c *crowd) note(conn net.Conn, now http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.open[conn]
	switch {
	case now == http.StateNew:
		c.enter(conn)
	case g == nil: // it had to go
	case now == http.StateActive:
		g.rests = time.Time{}
	case now == http.StateIdle:
		g.rests = time.Now()
	default:
		c.leave(conn)
	}
}

func (c *crowd) enter(conn net.Conn) {
	g := &guest{from: place.PublicWide(conn.RemoteAddr().String()), rests: time.Now()} // nothing was asked yet
	if len(c.open) >= maxConns {
		goes := c.loser(g.from)
		if goes == nil {
			c.refused++
			goes = conn
		} else {
			c.let++
			c.leave(goes)
		}
		go goes.Close() // which may have to talk to the other end, and must not hold up the others
		c.tell()
		if goes == conn {
			return
		}
	}
	c.open[conn] = g
	c.of[g.from]++
}

func (c *crowd) leave(conn net.Conn) {
	g := c.open[conn]
	delete(c.open, conn)
	if c.of[g.from]--; c.of[g.from] == 0 {
		delete(c.of, g.from)
	}
}

// loser is the connection that goes for one from a place, nil if none rests of a place that has at least as many.
func (c *crowd) loser(from string) (goes net.Conn) {
	var worst *guest
	for conn, g := range c.open {
		if g.rests.IsZero() || c.of[g.from] < c.of[from] {
			continue
		}
		if worst == nil || c.of[g.from] > c.of[worst.from] || c.of[g.from] == c.of[worst.from] && g.rests.Before(worst.rests) {
			goes, worst = conn, g
		}
	}
	return goes
}

// tell tells the log, at most once a minute.
func (c *crowd) tell() {
	if now := time.Now(); c.said.IsZero() || now.Sub(c.said) >= time.Minute {
		c.log.Warn("too many connections from outside at once: some that rested were let go, or new ones not taken", "let_go", c.let, "not_taken", c.refused, "most", maxConns)
		c.said, c.let, c.refused = now, 0, 0
	}
}
