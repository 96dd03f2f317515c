// Package place tells apart where requests come from, to count them by.
package place

import (
	"net/netip"
	"strings"
)

// Unknown stands for a source that is no address.
const Unknown = "unknown"

// Address is the address that a source names and nothing else of it: no port, no brackets, and no zone, which may be any
// text. It is Unknown, and ok is false, if the source is no address.
func Address(source string) (address string, ok bool) {
	addr, ok := parse(source)
	if !ok {
		return Unknown, false
	}
	return addr.String(), true
}

// Of is what the requests from an address are counted by: itself, and of IPv6 its network, since whoever has one address
// of that has them all. Whatever is no address counts as one, Unknown.
func Of(source string) string { return of(source, 64) }

// Wide is what the requests from an address are counted by where Of is too narrow: of IPv6 the network that one customer
// may hold, of IPv4 the address.
func Wide(source string) string { return of(source, 48) }

func of(source string, bits int) string {
	addr, ok := parse(source)
	if !ok {
		return Unknown
	}
	if addr.Is6() {
		network, _ := addr.Prefix(bits) // an address of IPv6 has 128 bits
		return network.String()
	}
	return addr.String()
}

// Public is what the requests from an address are counted by that came from outside, see Of. It is "" for those that cannot
// be told apart, since nobody is to be kept out for what others do: of an address of the owner's own network, which is a
// proxy that does not say for whom it asks, and of none.
func Public(source string) string { return public(source, Of) }

// PublicWide is that for Wide.
func PublicWide(source string) string { return public(source, Wide) }

func public(source string, by func(string) string) string {
	if _, ok := parse(source); !ok || Near(source) {
		return ""
	}
	return by(source)
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
