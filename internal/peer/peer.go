// Package peer finds the processes at the other ends of TCP connections on this computer. It knows what Linux tells a
// user: nothing of other users' processes. Elsewhere it knows nothing.
package peer

import (
	"net"
	"net/netip"
)

// Conn is a TCP connection as this end of it sees it.
type Conn struct{ Local, Remote netip.AddrPort }

// Of returns the two ends of a connection. ok is false if it is none over TCP within this computer.
func Of(c net.Conn) (conn Conn, ok bool) {
	local, lok := c.LocalAddr().(*net.TCPAddr)
	remote, rok := c.RemoteAddr().(*net.TCPAddr)
	if !lok || !rok || !remote.IP.IsLoopback() {
		return Conn{}, false
	}
	return Conn{plain(local.AddrPort()), plain(remote.AddrPort())}, true
}

// plain writes an IPv4 address as what it is, also where it comes as one of IPv6.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
