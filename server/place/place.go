// Package place tells apart where requests come from, to count them by.
package place

import (
	"net/netip"
	"strings"
)

// Of is what the requests from an address are counted by: itself, and of IPv6 its network, since whoever has one address
// of that has them all. What is no address counts as it stands.
func Of(source string) string {
	addr, ok := parse(source)
	if !ok {
		return source
	}
	if addr.Is6() {
		network, _ := addr.Prefix(64) // an address of IPv6 has 128 bits
		return network.String()
	}
	return addr.String()
}

// Public is what the requests from an address are counted by that came from outside, see Of. It is "" for an address of the
// owner's own network: that is a proxy which does not say for whom it asks, and nobody is to be kept out for what others do.
func Public(source string) string {
	if Near(source) {
		return ""
	}
	return Of(source)
}

// Known reports whether a source is an address at all.
func Known(source string) bool {
	_, ok := parse(source)
	return ok
}

// Near reports whether an address is of this computer or of a network of the owner's own.
func Near(source string) bool {
	addr, ok := parse(source)
	return ok && (addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast())
}

func parse(source string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(source, "[]"))
	if with, e := netip.ParseAddrPort(source); e == nil { // as some proxies write it
		addr, err = with.Addr(), nil
	}
	return addr.Unmap().WithZone(""), err == nil
}
