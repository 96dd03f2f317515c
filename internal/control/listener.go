package control

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// Listener is the socket of the one bridge of a state directory. Close it.
type Listener struct {
	Path string       // the socket
	Log  *slog.Logger // who was refused; nil for nowhere. Set it before Serve.

	dir    string
	lock   *flock.Flock
	socket *net.UnixListener

	mu     sync.Mutex // guards the fields below
	info   Info
	closed bool
}

// Listen makes this process the only bridge of the state directory and opens the socket where Path says. If there is
// another bridge it returns a *RunningError. What a killed process left is cleared away: the operating system has given
// up its lock. A nil getenv means os.Getenv.
func Listen(dir string, getenv func(string) string, info Info) (_ *Listener, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("finding the state directory: %w", err)
	}
	if err := stateDir(dir); err != nil {
		return nil, err
	}
	path := Path(dir, getenv)
	if !fits(path) {
		return nil, fmt.Errorf("the path of the control socket %q is longer than %d bytes: choose a shorter POSTERN_HOME or TMPDIR", path, maxPath)
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("locking the state directory: %w", err)
	case !ok:
		return nil, &RunningError{Info: readInfo(dir)}
	}
	info.PID, info.Socket = os.Getpid(), path
	l := &Listener{Path: path, dir: dir, lock: lock, info: info}
	// Before the socket, so that a second bridge does not read what a killed one wrote.
	if err := writeInfo(dir, info); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if l.socket, err = listen(path, dir); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// listen opens the socket. The lock is held.
func listen(path, state string) (*net.UnixListener, error) {
	if dir := filepath.Dir(path); dir != state {
		if err := socketDir(dir); err != nil {
			return nil, err
		}
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("opening the control socket: %w", err)
	}
	// Until then it has the mode that the umask leaves, in a directory that only the user can enter.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("closing the control socket to others: %w", err), l.Close())
	}
	return l, nil
}

// removeStale removes a socket that nobody listens at. A lock says nothing of a bridge in a container that shares the
// directory for sockets but has a state directory of its own under the same name, so that one is tried.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at the control socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%q is in the way of the control socket and is not one: move it away", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return fmt.Errorf("the control socket %q is that of another state directory of the same name, in a container perhaps: choose another with POSTERN_HOME", path)
	}
	if !nobody(err) {
		return fmt.Errorf("trying the control socket: %w; if no bridge runs, remove %q", err, path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("removing the control socket of a bridge that has ended: %w", err)
	}
	return nil
}

// SetURL tells later bridges where /mcp is served, for when that is known only after Listen; "" for nowhere.
func (l *Listener) SetURL(url string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.info.URL = url
	return writeInfo(l.dir, l.info)
}

// Close removes the socket and the Info, and lets the next bridge have the state directory. The second time it does
// nothing.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if l.socket != nil {
		if err = l.socket.Close(); errors.Is(err, net.ErrClosed) { // by Serve
			err = nil
		}
	}
	// The lock is last, and its file stays: who waits for it must not get another file than who comes after.
	err = errors.Join(err, removeInfo(l.dir))
	if e := l.lock.Unlock(); e != nil {
		err = errors.Join(err, fmt.Errorf("unlocking the state directory: %w", e))
	}
	return err
}

// acceptor is the Listener for http.Server, which may close the socket but not give up the lock.
type acceptor struct{ *Listener }

// Accept returns the next connection of the same user. Others are closed before a byte is read.
func (a acceptor) Accept() (net.Conn, error) {
	for {
		c, err := a.socket.AcceptUnix()
		if err != nil {
			return nil, err
		}
		p, err := same(c)
		if err == nil {
			return knownConn{c, p}, nil
		}
		c.Close()
		a.log().Warn("refused a connection to the control socket", "error", err)
	}
}

func (a acceptor) Close() error   { return a.socket.Close() }
func (a acceptor) Addr() net.Addr { return a.socket.Addr() }

func (l *Listener) log() *slog.Logger {
	if l.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Log
}
