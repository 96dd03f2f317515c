package settings

import "testing"

func TestPublicOrigin(t *testing.T) {
	for _, raw := range []string{"http://postern.example.com", "postern.example.com", "https://u@postern.example.com", "https://postern.example.com/x", "https://postern.example.com/?q", "",
		"https://*.example.com", "https://postern.example.com:99999", "https://pöstern.example.com", "https://postern..example.com", "https://postern.example.com/#x"} {
		if got, err := PublicOrigin(raw); err == nil {
			t.Errorf("%s becomes %s", raw, got)
		}
	}
	for raw, want := range map[string]string{"https://Postern.Example.com/": "https://postern.example.com", "https://postern.example.com:443/mcp": "https://postern.example.com",
		"https://xn--pstern-wxa.example.com:8443": "https://xn--pstern-wxa.example.com:8443"} {
		if got, err := PublicOrigin(raw); err != nil || got != want {
			t.Errorf("%s becomes %s, %v", raw, got, err)
		}
	}
}

func TestDomain(t *testing.T) {
	for raw, want := range map[string]string{"name.ngrok-free.dev": "name.ngrok-free.dev", " https://Name.ngrok-free.app/mcp\n": "name.ngrok-free.app", "name.ngrok.app:443": "name.ngrok.app"} {
		if got, err := Domain(raw); err != nil || got != want {
			t.Errorf("%q becomes %q, %v", raw, got, err)
		}
	}
	for _, raw := range []string{"", "localhost", "127.0.0.1", "::1", "name.ngrok-free.dev:8443", "http://name.ngrok-free.dev", "name.ngrok-free.dev/x", "a b.dev", "*.ngrok.dev", "n\u00e4me.dev", "name..dev", "user@name.dev"} {
		if got, err := Domain(raw); err == nil {
			t.Errorf("%q becomes %q", raw, got)
		}
	}
}

func TestTunnelKeys(t *testing.T) {
	for name, values := range map[string]map[string]bool{
		"tunnel.behind":      {"127.0.0.1:7879": true, "[::1]:1": true, "localhost:65535": true, "": false, "0.0.0.0:7879": false, ":7879": false, "127.0.0.1": false, "127.0.0.1:0": false, "127.0.0.1:x": false},
		"tunnel.connect_url": {"": true, "connect.example.com:443": true, "127.0.0.1:4443": true, "[::1]:443": false, "connect.example.com": false, "https://connect.example.com:443": false, ":443": false},
		"tunnel.ca_file":     {"": true, "/etc/ca.pem": true, "ca.pem": false},
		"tunnel.domain":      {"": true, "name.ngrok-free.dev": true, "Name.ngrok-free.dev": false, "https://name.ngrok-free.dev": false},
		"tunnel.url":         {"": true, "https://postern.example.com": true, "https://postern.example.com/": false, "http://postern.example.com": false},
		"tunnel.provider":    {"ngrok": true, "own-url": true, "": false, "tailscale": false},
	} {
		k, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for v, good := range values {
			if err := k.allows(v); (err == nil) != good {
				t.Errorf("%s = %q: %v", name, v, err)
			}
		}
		if !k.Guards {
			t.Errorf("%s can be changed by anybody", name)
		}
	}
}
