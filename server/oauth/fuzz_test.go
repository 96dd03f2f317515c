package oauth

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// services is a catalogue of two scopes, of which the second is the wider.
type services struct{}

func (services) Scopes() []string { return []string{"gmail:read", "gmail:write"} }
func (services) Basic() []string  { return []string{"gmail:read"} }
func (services) Implies(has, want string) bool {
	return has == want || has == "gmail:write" && want == "gmail:read"
}

// FuzzScope holds the reading of a scope parameter to what there is, each once.
func FuzzScope(f *testing.F) {
	for _, s := range []string{"", "gmail:read", "gmail:read gmail:write gmail:read", "openid offline_access", " gmail:read  x", "gmail:read\ngmail:write", "gmail:read\tgmail:write", "GMAIL:READ"} {
		f.Add(s, "gmail:read")
	}
	s := &Server{Catalogue: services{}}
	f.Fuzz(func(t *testing.T, parameter, granted string) {
		got, e := s.scopes(parameter)
		if e == nil && len(got) == 0 {
			t.Fatalf("%q asks for nothing", parameter)
		}
		for i, name := range got {
			if !slices.Contains(services{}.Scopes(), name) || slices.Contains(got[:i], name) {
				t.Fatalf("%q is read as %v", parameter, got)
			}
			if !slices.Contains(strings.Split(parameter, " "), name) && !slices.Contains(services{}.Basic(), name) {
				t.Fatalf("%q is read as %v, which it does not say", parameter, got)
			}
		}
		narrow, e := s.narrowed(parameter, Grant{Scopes: []string{granted}})
		for _, name := range narrow {
			if e != nil || !s.Holds([]string{granted}, name) {
				t.Fatalf("of %q, %q narrows to %v, %v", granted, parameter, narrow, e)
			}
		}
	})
}

// FuzzResource holds what is taken for this server's resource to addresses that a person would take for it, too.
func FuzzResource(f *testing.F) {
	for _, s := range []string{"https://postern.example.com/mcp", "HTTPS://Postern.example.com:443/mcp/", "https://postern.example.com", "https://postern.example.com/mcp#x", "https://u@postern.example.com/mcp", "https://postern.example.com.evil.example/mcp", "https:postern.example.com/mcp", "https://postern.example.com/%6dcp"} {
		f.Add(s)
	}
	s := &Server{Issuer: "https://postern.example.com"}
	f.Fuzz(func(t *testing.T, resource string) {
		if s.target([]string{resource}) != nil {
			return
		}
		u, err := url.Parse(resource)
		if err != nil || !strings.EqualFold(u.Hostname(), "postern.example.com") || u.Scheme != "https" || u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.Port() != "" && u.Port() != "443" ||
			!slices.Contains([]string{"", "/", "/mcp", "/mcp/"}, u.EscapedPath()) {
			t.Fatalf("%q is taken for this server's", resource)
		}
	})
}
