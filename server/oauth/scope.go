package oauth

import (
	"slices"
	"strings"
)

// Catalogue is the scopes that there are.
type Catalogue interface {
	// Scopes returns all, by service and from narrow to wide.
	Scopes() []string
	// Basic returns those that a client asks for if it does not know better.
	Basic() []string
	// Implies reports whether holding one is enough where the other is asked for.
	Implies(has, want string) bool
}

// offline is asked for by clients that want refresh tokens. Postern always issues them, so it means nothing here.
const offline = "offline_access"

// maxScope is the most bytes of a scope parameter.
const maxScope = 4 << 10

// scopes reads a scope parameter (RFC 6749 section 3.3): what is unknown is left out, as clients ask for what other
// servers have, and what is asked for twice counts once. An empty one asks for the basic scopes.
func (s *Server) scopes(parameter string) ([]string, *Error) {
	if len(parameter) > maxScope {
		return nil, refuse(invalidScope, "the scope is too long")
	}
	if strings.ContainsFunc(parameter, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return nil, refuse(invalidScope, "the scope holds a letter that no scope has")
	}
	known := s.Catalogue.Scopes()
	var asked []string
	for name := range strings.SplitSeq(parameter, " ") {
		if slices.Contains(known, name) && !slices.Contains(asked, name) {
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return s.Catalogue.Basic(), nil
	}
	return asked, nil
}

// narrowed reads the scope parameter of a refresh request: no more than the grant has (RFC 6749 section 6). nil means
// all that the grant has, also later.
func (s *Server) narrowed(parameter string, g Grant) ([]string, *Error) {
	if parameter == "" {
		return nil, nil
	}
	var asked []string
	for name := range strings.FieldsSeq(parameter) {
		if name == offline {
			continue
		}
		if !s.Holds(g.Scopes, name) {
			return nil, refuse(invalidScope, "the owner has not given %s", clip(name, 60))
		}
		asked = append(asked, name)
	}
	if len(asked) == 0 || covers(s.Catalogue, asked, g.Scopes) {
		return nil, nil
	}
	slices.Sort(asked)
	return slices.Compact(asked), nil
}

// Holds reports whether one of the scopes is enough for want.
func (s *Server) Holds(scopes []string, want string) bool {
	return slices.ContainsFunc(scopes, func(has string) bool { return s.Catalogue.Implies(has, want) })
}

// covers reports whether every one of want is implied by one of has.
func covers(c Catalogue, has, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool {
		return !slices.ContainsFunc(has, func(h string) bool { return c.Implies(h, w) })
	})
}
