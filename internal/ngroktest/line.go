package ngroktest

import (
	"bufio"
	"sync"
)

// line is a stream to an agent's HTTP server, for one request after the other.
type line struct {
	endpoint *endpoint
	stream   *carrier
	in       *bufio.Reader
	opening  []byte     // what goes before the first request
	heard    chan error // not nil on a line that was used before: the outcome of waiting for the first byte of an answer
}

// newLine opens a line for a public connection from an address.
func newLine(p *endpoint, from string) (*line, error) {
	opening, err := proxyHeader{ID: p.id, ClientAddr: from, Proto: "https", EdgeType: "3"}.encode()
	if err != nil {
		return nil, err
	}
	stream, err := p.session.open(typeProxy)
	if err != nil {
		return nil, err
	}
	return &line{endpoint: p, stream: stream, in: bufio.NewReaderSize(stream, 16<<10), opening: opening}, nil
}

// hangUp closes the line, beside: that may have to wait for a write that waits for the agent.
func (l *line) hangUp() {
	l.endpoint.session.spawn(func() { l.stream.Close() })
}

// rest listens for what the agent says next, and reports whether that is possible.
func (l *line) rest() bool {
	l.heard = make(chan error, 1)
	return l.endpoint.session.spawn(func() {
		_, err := l.in.Peek(1)
		if err != nil {
			l.stream.Close()
		}
		l.heard <- err
	})
}

// lane is a public connection. Its lines are used for it alone, because the agent takes the client's address from them.
type lane struct {
	mu     sync.Mutex // guards the fields below
	closed bool
	idle   []*line
}

type laneKey struct{}

// take returns an idle line to the endpoint, or nil.
func (n *lane) take(p *endpoint) *line {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.idle) > 0 {
		l := n.idle[len(n.idle)-1]
		n.idle = n.idle[:len(n.idle)-1]
		select {
		case <-l.heard: // the end, or something that nobody asked for
		default:
			if l.endpoint == p {
				return l
			}
		}
		l.hangUp()
	}
	return nil
}

// put keeps a line for the next request.
func (n *lane) put(l *line) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || !l.rest() {
		l.hangUp()
		return
	}
	n.idle = append(n.idle, l)
}

// close hangs up what is idle. The lines in use hang up with their requests.
func (n *lane) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for _, l := range n.idle {
		l.hangUp()
	}
	n.idle = nil
}
