package peer

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Find returns the processes that hold the other ends of the connections: of each usually one, several where a process
// has handed its end on, none that is known where it is another user's. It looks through all open files of the user, so
// it takes some milliseconds, for however many connections.
func Find(conns []Conn) map[Conn][]int {
	sockets := inodes(conns)
	if len(sockets) == 0 {
		return nil
	}
	found := map[Conn][]int{}
	all, err := names("/proc")
	if err != nil {
		return nil
	}
	for _, name := range all {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		dir := filepath.Join("/proc", name, "fd")
		files, err := names(dir)
		if err != nil { // of another user, or ended
			continue
		}
		seen := map[Conn]bool{}
		for _, f := range files {
			to, err := os.Readlink(filepath.Join(dir, f))
			if err != nil {
				continue
			}
			if c, ok := sockets[to]; ok && !seen[c] {
				seen[c] = true
				found[c] = append(found[c], pid)
			}
		}
	}
	return found
}

// names returns what is in a directory, in no order.
func names(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

// inodes returns the connections by what a process's link to the other end says: socket:[4711].
func inodes(conns []Conn) map[string]Conn {
	want := make(map[Conn]bool, len(conns))
	for _, c := range conns {
		want[c] = true
	}
	found := map[string]Conn{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil { // without IPv6, say
			continue
		}
		for line := range strings.Lines(string(b)) {
			// See proc_pid_net(5): number, local and remote address, state, queues, timer, retransmits, user, timeout, inode.
			fields := strings.Fields(line)
			if len(fields) < 10 || fields[9] == "0" {
				continue
			}
			here, ok := address(fields[1])
			there, tok := address(fields[2])
			if c := (Conn{Local: there, Remote: here}); ok && tok && want[c] {
				found["socket:["+fields[9]+"]"] = c
			}
		}
	}
	return found
}

// address reads an address as the kernel writes it: words of 32 bits in its own order, then the port.
func address(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(host)
	if err != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		binary.NativeEndian.PutUint32(b[i:], binary.BigEndian.Uint32(b[i:]))
	}
	ip, ok := netip.AddrFromSlice(b)
	p, err := strconv.ParseUint(port, 16, 16)
	return plain(netip.AddrPortFrom(ip, uint16(p))), ok && err == nil
}
