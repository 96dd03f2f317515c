// Package redirect says which redirect URIs a client may register, and when a presented one is the one that was
// registered. A redirect URI is where access is sent to, and so the one thing about a client that it cannot make up.
package redirect

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// MaxLength is the most bytes of a redirect URI.
const MaxLength = 512

// apps are the private-use redirect URIs that are taken (RFC 8252 section 7.1), to the letter: any program can claim
// such a scheme, so each is here because a client that people use has no other.
var apps = []string{"cursor://anysphere.cursor-mcp/oauth/callback"}

// Check says why a client may not register the redirect URI (OAuth 2.1 section 2.3, RFC 8252 section 7), or nil. https
// goes to any host, http to this computer alone.
func Check(uri string) error {
	_, err := parse(uri)
	return err
}

// parse checks a redirect URI and takes it apart.
func parse(uri string) (*url.URL, error) {
	switch {
	case uri == "":
		return nil, errors.New("a redirect URI is empty")
	case len(uri) > MaxLength:
		return nil, fmt.Errorf("a redirect URI has more than %d bytes", MaxLength)
	case strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }):
		return nil, fmt.Errorf("the redirect URI %q holds a character that must be percent-encoded; a name in other letters is written xn--…", clip(uri))
	case strings.Contains(uri, "#"):
		return nil, fmt.Errorf("the redirect URI %q has a fragment", clip(uri)) // RFC 6749 section 3.1.2
	}
	for _, app := range apps {
		if uri == app {
			return url.Parse(uri)
		}
	}
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("the redirect URI %q is no address", clip(uri))
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || !strings.HasPrefix(uri, u.Scheme+"://"):
		return nil, fmt.Errorf("the redirect URI %q is neither https, nor http to this computer, nor that of a known app", clip(uri))
	case u.User != nil || strings.Contains(u.Host, "@"):
		return nil, fmt.Errorf("the redirect URI %q holds a user name", clip(uri))
	case dotSegments(u):
		return nil, fmt.Errorf("the redirect URI %q has a path with dots", clip(uri))
	}
	if err := checkPort(u); err != nil {
		return nil, fmt.Errorf("the redirect URI %q: %w", clip(uri), err)
	}
	if u.Scheme == "http" {
		if !loopback(u) {
			return nil, fmt.Errorf("the redirect URI %q is http to another computer than this: it must be https", clip(uri))
		}
		return u, nil
	}
	if err := checkHost(u.Hostname()); err != nil {
		return nil, fmt.Errorf("the redirect URI %q: %w", clip(uri), err)
	}
	return u, nil
}

// loopback reports whether the host is one of the three ways to write this computer (RFC 8252 sections 7.3 and 8.3),
// exactly. localhost is among them because clients that people use have no other.
func loopback(u *url.URL) bool {
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	return host == "127.0.0.1" || host == "[::1]" || host == "localhost"
}

// checkPort wants a port that is a number as one writes it, or none.
func checkPort(u *url.URL) error {
	port := u.Port()
	if port == "" {
		if strings.HasSuffix(u.Host, ":") {
			return errors.New("its port is empty")
		}
		return nil
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return errors.New("its port is no port")
	}
	return nil
}

// checkHost wants the name of a host, in lower case, or the address of one as it is usually written.
func checkHost(host string) error {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" || ip.String() != host {
			return errors.New("its host is an unusual way to write an address")
		}
		return nil
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "-") != label {
			return errors.New("its host is no name of a host")
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') }) {
			return errors.New("its host must be a name in small letters, digits, dots and hyphens")
		}
	}
	last := labels[len(labels)-1]
	if len(host) > 253 || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return errors.New("its host is no name of a host") // what ends in a number is read as an address (WHATWG URL)
	}
	return nil
}

// dotSegments reports whether the path goes up, or says "here", also when that is encoded.
func dotSegments(u *url.URL) bool {
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// Match reports whether presented is the registered redirect URI: byte for byte (OAuth 2.1 section 2.3.1), but on this
// computer with any port (RFC 8252 section 7.3), also for localhost.
func Match(registered, presented string) bool {
	u, err := parse(presented)
	if err != nil {
		return false
	}
	if registered == presented {
		return true
	}
	r, err := parse(registered)
	if err != nil || r.Scheme != "http" || u.Scheme != "http" {
		return false
	}
	return portless(registered, r) == portless(presented, u)
}

// portless is the URI without its port, otherwise to the letter.
func portless(uri string, u *url.URL) string {
	host := strings.TrimSuffix(u.Host, ":"+u.Port())
	return "http://" + host + strings.TrimPrefix(uri, "http://"+u.Host)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
