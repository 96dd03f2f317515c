//go:build linux

package peer

import (
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// connect listens at addr and connects by dial; it returns this end and the other.
func connect(t *testing.T, addr string, dial func(addr string) *os.File) (Conn, *os.File) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("listening: %v", err)
	}
	defer l.Close()
	other := dial(l.Addr().String())
	t.Cleanup(func() { other.Close() })
	this, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { this.Close() })
	c, ok := Of(this)
	if !ok {
		t.Fatalf("%s is no connection of this computer", this.RemoteAddr())
	}
	return c, other
}

// usual connects as programs do.
func usual(t *testing.T) func(string) *os.File {
	return func(addr string) *os.File {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := c.(*net.TCPConn).File()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// mapped connects to an IPv4 address with a socket of IPv6, as some programs do.
func mapped(t *testing.T) func(string) *os.File {
	return func(addr string) *os.File {
		to := netip.MustParseAddrPort(addr)
		fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Skipf("there is no IPv6: %v", err)
		}
		syscall.CloseOnExec(fd)
		if err := syscall.Connect(fd, &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}); err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(fd), "socket")
	}
}

func TestFind(t *testing.T) {
	four, socket := connect(t, "127.0.0.1:0", usual(t))
	six, _ := connect(t, "[::1]:0", usual(t))
	both, _ := connect(t, "127.0.0.1:0", mapped(t))
	gone, ended := connect(t, "127.0.0.1:0", usual(t))
	ended.Close()

	// A child that holds an end too.
	cmd := exec.Command("cat")
	cmd.ExtraFiles = []*os.File{socket}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no cat here: %v", err)
	}
	defer cmd.Wait()
	defer in.Close()
	if _, err := io.WriteString(in, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil { // it runs
		t.Fatal(err)
	}

	found := Find([]Conn{four, six, both, gone})
	for _, c := range []struct {
		name string
		conn Conn
		want []int
	}{
		{"IPv4, handed on", four, []int{os.Getpid(), cmd.Process.Pid}}, {"IPv6", six, []int{os.Getpid()}}, {"IPv4 by IPv6", both, []int{os.Getpid()}}, {"closed", gone, nil},
	} {
		got := slices.Sorted(slices.Values(found[c.conn]))
		if !slices.Equal(got, slices.Sorted(slices.Values(c.want))) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if found := Find(nil); len(found) != 0 {
		t.Errorf("of no connections: %v", found)
	}
}
