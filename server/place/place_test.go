package place

import "testing"

func TestOf(t *testing.T) {
	for source, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "192.0.2.7:4711": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:80": "2001:db8:1:2::/64", "[2001:db8:1:2::9]": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "unknown": "unknown", "": "",
	} {
		if got := Of(source); got != want {
			t.Errorf("%q counts as %q, want %q", source, got, want)
		}
	}
}

func TestKnown(t *testing.T) {
	for source, want := range map[string]bool{"192.0.2.7": true, "192.0.2.7:4711": true, "[2001:db8::1]": true, "unknown": false, "_hidden": false, "": false, "192.0.2": false} {
		if got := Known(source); got != want {
			t.Errorf("%q is known: %v, want %v", source, got, want)
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
	for source, want := range map[string]string{"192.0.2.7:80": "192.0.2.7", "2001:db8::1": "2001:db8::/64", "127.0.0.1": "", "10.0.0.1:80": "", "unknown": "unknown"} {
		if got := Public(source); got != want {
			t.Errorf("%q counts as %q, want %q", source, got, want)
		}
	}
}
