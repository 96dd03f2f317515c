package oauth

import (
	"net/url"
	"strings"
)

// Path is where the MCP endpoint stands below the issuer.
const Path = "/mcp"

// Resource returns the address of the MCP endpoint, as PRM documents and tokens name it (RFC 9728, RFC 8707).
func (s *Server) Resource() string { return s.Issuer + Path }

// target checks the resource parameters of a request (RFC 8707 section 2). None means the one that there is. Clients
// write it in several ways: the letters of scheme and host, the default port and one slash at the end do not matter, and
// the bare origin stands for it.
func (s *Server) target(values []string) *Error {
	switch len(values) {
	case 0:
		return nil
	case 1:
		if got, ok := canonical(values[0]); ok {
			if own, _ := canonical(s.Resource()); got == own {
				return nil
			}
			if own, _ := canonical(s.Issuer); got == own {
				return nil
			}
		}
		return refuse(invalidTarget, "this server issues tokens for %s alone", s.Resource())
	}
	return refuse(invalidTarget, "one resource at a time: %s", s.Resource())
}

// canonical brings the address of a resource to one form. ok is false for what is none: not absolute, with a query, a
// fragment or user information.
func canonical(raw string) (string, bool) {
	if strings.ContainsAny(raw, "#?\\") || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	default:
		return "", false
	}
	return scheme + "://" + host + strings.TrimSuffix(u.EscapedPath(), "/"), true
}
