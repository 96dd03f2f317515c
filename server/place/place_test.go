package place

import (
	"strings"
	"testing"
)

func TestOf(t *testing.T) {
	for source, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "192.0.2.7:4711": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:80": "2001:db8:1:2::/64", "[2001:db8:1:2::9]": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "2001:db8:1:2::1%any text": "2001:db8:1:2::/64",
		"unknown": "unknown", "": "unknown", "whoever": "unknown",
	} {
		if got := Of(source); got != want {
			t.Errorf("%q counts as %q, want %q", source, got, want)
		}
	}
}

// TestAddress: nothing that its sender has chosen is left, but the address.
func TestAddress(t *testing.T) {
	for source, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "192.0.2.7:4711": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7%x": "192.0.2.7",
		"[2001:db8::1]": "2001:db8::1", "[2001:DB8:0::1]:80": "2001:db8::1", "2001:db8::1%claude.ai (Anthropic; verified)": "2001:db8::1",
		"[2001:db8::1%claude.ai]:443": "2001:db8::1", "unknown": "", "_hidden": "", "": "", "192.0.2": "", "%eth0": "", "192.0.2.7%eth0": "",
	} {
		got, ok := Address(source)
		if ok != (want != "") || ok && got != want || !ok && got != Unknown {
			t.Errorf("%q is %q (%v), want %q", source, got, ok, want)
		}
	}
}

func TestWide(t *testing.T) {
	for source, want := range map[string]string{"192.0.2.7:80": "192.0.2.7", "2001:db8:1:2:3::4": "2001:db8:1::/48", "[2001:db8:1:ffff::1%x]:80": "2001:db8:1::/48", "whoever": "unknown"} {
		if got := Wide(source); got != want {
			t.Errorf("%q counts as %q, want %q", source, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	for source, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:80": true, "::1": true, "::ffff:10.1.2.3": true, "192.168.1.1": true, "fe80::1%eth0": true, "fd00::1": true,
		"192.0.2.7": false, "2001:db8::1": false, "unknown": false, "": false,
	} {
		if got := Near(source); got != want {
			t.Errorf("%q is near: %v, want %v", source, got, want)
		}
	}
}

func TestPublic(t *testing.T) {
	for source, want := range map[string]string{"192.0.2.7:80": "192.0.2.7", "2001:db8::1": "2001:db8::/64", "127.0.0.1": "", "10.0.0.1:80": "", "unknown": "", "": ""} {
		if got := Public(source); got != want {
			t.Errorf("%q counts as %q, want %q", source, got, want)
		}
		if got := PublicWide(source); got != strings.Replace(want, "/64", "/48", 1) {
			t.Errorf("widely %q counts as %q", source, got)
		}
	}
}
