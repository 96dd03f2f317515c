package control

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
)

// Process is who is at the other end of a connection, as the operating system says.
type Process struct {
	PID int // 0 if the system does not tell (Windows), or the process is in a sandbox whose ids mean nothing here
	UID int // the effective user id; -1 on Windows
}

// strangerError says that another user is at the other end.
type strangerError struct{ Process }

func (e *strangerError) Error() string {
	return fmt.Sprintf("process %d at the other end belongs to the user with the id %d, not %d", e.PID, e.UID, os.Geteuid())
}

// same returns who is at the other end, if it is the same user.
func same(c *net.UnixConn) (Process, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return Process{}, fmt.Errorf("looking who is at the other end: %w", err)
	}
	var p Process
	var asked error
	if err := raw.Control(func(fd uintptr) { p, asked = peer(int(fd)) }); err != nil {
		return Process{}, fmt.Errorf("looking who is at the other end: %w", err)
	}
	if asked != nil {
		return Process{}, fmt.Errorf("looking who is at the other end: %w", asked)
	}
	if p.UID != os.Geteuid() { // both are -1 on Windows
		return p, &strangerError{p}
	}
	return p, nil
}

// knownConn is a connection whose other end was looked at.
type knownConn struct {
	net.Conn
	peer Process
}

type peerKey struct{}

// withPeer is the ConnContext of the server.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	if known, ok := c.(knownConn); ok {
		ctx = context.WithValue(ctx, peerKey{}, known.peer)
	}
	return ctx
}

// Peer returns the process that sent the request; false if it did not come through Serve.
func Peer(r *http.Request) (Process, bool) {
	p, ok := r.Context().Value(peerKey{}).(Process)
	return p, ok
}
