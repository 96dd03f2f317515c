package settings

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// origins wants a list of origins as browsers write them, since they are compared as they stand.
func origins(v string) error {
	for _, o := range SplitList(v) {
		u, err := url.Parse(o)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return fmt.Errorf("want origins such as http://localhost:6274")
		}
		right, err := Origin(u)
		if err != nil {
			return err
		}
		if o != right {
			return fmt.Errorf("no browser calls a page %s: write %s", o, right)
		}
	}
	return nil
}

// Origin returns the origin of an http or https address as a browser writes it (RFC 6454 section 6.1, URL Standard): in
// small letters, and without the port that the scheme has by itself. It returns an error for an address that none can have.
func Origin(u *url.URL) (string, error) {
	host, err := hostname(u.Hostname())
	if err != nil {
		return "", err
	}
	if u.Port() == "" {
		return u.Scheme + "://" + host, nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return "", fmt.Errorf("the port %s does not exist: they go from 1 to 65535", u.Port())
	}
	if u.Scheme == "http" && port == 80 || u.Scheme == "https" && port == 443 {
		return u.Scheme + "://" + host, nil
	}
	return fmt.Sprintf("%s://%s:%d", u.Scheme, host, port), nil
}

// hostname is a name or address as a browser writes it.
func hostname(name string) (string, error) {
	if strings.Contains(name, ":") {
		a, err := netip.ParseAddr(name)
		if err != nil || a.Zone() != "" {
			return "", fmt.Errorf("%q is no address of a host", name)
		}
		return "[" + a.String() + "]", nil
	}
	name = strings.ToLower(name)
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if strings.Contains(l, "*") {
			return "", fmt.Errorf("%q stands for many hosts: name each one", name)
		}
		for _, r := range l {
			switch {
			case r >= 0x80:
				return "", fmt.Errorf("the host %q is not in ASCII: write its name that begins with xn--", name)
			case (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_':
				return "", fmt.Errorf("%q is no name of a host", name)
			}
		}
		if l == "" || len(l) > 63 || len(name) > 253 {
			return "", fmt.Errorf("%q is no name of a host", name)
		}
	}
	// A name that ends in a number is an address (URL Standard, "ends in a number checker"); browsers write it with four.
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		if _, err := netip.ParseAddr(name); err != nil {
			return "", fmt.Errorf("%q is no address of a host: want four numbers, e.g. 127.0.0.1", name)
		}
	}
	return name, nil
}
