package settings

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The ways to be reached from outside, values of tunnel.provider.
const (
	Ngrok  = "ngrok"
	OwnURL = "own-url"
)

// Tunnel is how Postern is reached from outside, once the owner switches that on.
type Tunnel struct {
	Provider   string // Ngrok or OwnURL
	Domain     string // that ngrok serves Postern at; "" if it is not known yet
	URL        string // origin at which the owner's own proxy is reached; "" for none
	Behind     string // host and port on this computer to which that proxy sends
	ConnectURL string // host and port of ngrok's service; "" for its own
	CAFile     string // certificates that the service's is checked with; "" for ngrok's own
}

// DefaultBehind is where the owner's own proxy sends to if nothing else is said.
const DefaultBehind = "127.0.0.1:7879"

func tunnelKeys() []Key {
	return []Key{
		{Name: "tunnel.behind", Default: DefaultBehind, Doc: "Host and port on this computer that a proxy of your own sends to.", Check: behind, Guards: true},
		{Name: "tunnel.ca_file", Doc: "File with the certificates that ngrok's is checked with, for its custom connect URLs; empty for ngrok's own.", Check: or("", absolute), Guards: true},
		{Name: "tunnel.connect_url", Doc: "Host and port at which ngrok's service is reached, for its custom connect URLs; empty for ngrok's own.", Check: or("", hostPort), Guards: true},
		{Name: "tunnel.domain", Doc: "Domain of your ngrok account, see dashboard.ngrok.com/domains. Clients from outside know Postern by it: with another, all must connect anew.", Check: or("", domain), Guards: true},
		{Name: "tunnel.off_after", Default: "8h", Doc: "When sharing by the switch ends by itself.", Values: []string{"1h", "4h", "8h", "24h", never}, Guards: true},
		{Name: "tunnel.provider", Default: Ngrok, Doc: "How Postern is reached from outside: through ngrok, or through a proxy of your own at tunnel.url.", Values: []string{Ngrok, OwnURL}, Guards: true},
		{Name: "tunnel.url", Doc: "Address at which a proxy of your own is reached, e.g. https://postern.example.com.", Check: or("", publicOrigin), Guards: true},
	}
}

func tunnelOf(v map[string]string) Tunnel {
	return Tunnel{Provider: v["tunnel.provider"], Domain: v["tunnel.domain"], URL: v["tunnel.url"], Behind: v["tunnel.behind"], ConnectURL: v["tunnel.connect_url"], CAFile: v["tunnel.ca_file"]}
}

// behind is a place on this computer alone: what sends there counts as the owner's proxy.
func behind(v string) error {
	host, port, err := net.SplitHostPort(v)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 || !slices.Contains([]string{"127.0.0.1", "::1", "localhost"}, host) {
		return fmt.Errorf("want an address of this computer with a port, e.g. %s", DefaultBehind)
	}
	return nil
}

// hostPort is as ngrok's SDK takes it, which knows no addresses of IPv6.
func hostPort(v string) error {
	host, port, err := net.SplitHostPort(v)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 || host == "" || strings.Contains(host, ":") {
		return fmt.Errorf("want a host and a port, e.g. connect.example.com:443")
	}
	_, err = hostname(host)
	return err
}

func absolute(v string) error {
	if !filepath.IsAbs(v) {
		return fmt.Errorf("want an absolute path, or nothing")
	}
	return nil
}

func domain(v string) error {
	host, err := hostname(v)
	switch {
	case err != nil:
		return err
	case host != v || !strings.Contains(v, ".") || net.ParseIP(v) != nil:
		return fmt.Errorf("want the name of a domain in small letters, e.g. name.ngrok-free.dev")
	}
	return nil
}

// Domain reads a domain as the owner may have copied it: a name, or an address of it.
func Domain(v string) (string, error) {
	v = strings.TrimSpace(v)
	if scheme, rest, ok := strings.Cut(v, "://"); ok && scheme == "https" {
		v = rest
	}
	v, path, _ := strings.Cut(v, "/")
	if path = strings.Trim(path, "/"); path != "" && path != "mcp" {
		return "", fmt.Errorf("want the name of a domain alone, e.g. name.ngrok-free.dev")
	}
	v = strings.ToLower(strings.TrimSuffix(v, ":443"))
	return v, domain(v)
}

func publicOrigin(v string) error {
	right, err := PublicOrigin(v)
	if err == nil && v != right {
		err = fmt.Errorf("write %s", right)
	}
	return err
}

// PublicOrigin returns the origin of an address at which Postern is reached from outside: https and a host, also written
// with the path of the MCP endpoint.
func PublicOrigin(v string) (string, error) {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(strings.TrimSuffix(u.Path, "/mcp"), "/") != "" {
		return "", fmt.Errorf("want https and a host, e.g. https://postern.example.com")
	}
	return Origin(u)
}
