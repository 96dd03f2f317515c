package tool

import (
	"slices"
	"strings"
)

// Scope is a Postern scope, such as gmail:read: a permission in a grant. It is not a Google scope; those are strings
// as Google writes them.
type Scope string

// ladders lists the scopes of each service from narrow to wide: each implies those before it.
var ladders = [][]Scope{
	{"gmail:read", "gmail:write", "gmail:send"},
	{"calendar:read", "calendar:write", "calendar:invite"},
	{"drive:read", "drive:write", "drive:share"},
	{"docs:read", "docs:write"},
	{"sheets:read", "sheets:write"},
	{"slides:read", "slides:write"},
	{"forms:read", "forms:write"},
	{"tasks:read", "tasks:write"},
	{"chat:read", "chat:send"},
	{"people:read", "people:write"},
	{"meet:read"},
}

// Scopes returns every Postern scope, by service and from narrow to wide.
func Scopes() []Scope {
	return slices.Concat(ladders...)
}

// Implies reports whether holding s is enough where want is asked for.
func (s Scope) Implies(want Scope) bool {
	for _, l := range ladders {
		if i := slices.Index(l, s); i >= 0 {
			j := slices.Index(l, want)
			return j >= 0 && j <= i
		}
	}
	return false
}

// scopeFor returns the Postern scope that a tool of the class needs in the toolset: read, write (destructive tools
// too), or the widest of the service for what other people see.
func scopeFor(toolset string, c Class) Scope {
	for _, l := range ladders {
		if !strings.HasPrefix(string(l[0]), toolset+":") {
			continue
		}
		switch c {
		case ClassRead:
			return l[0]
		case ClassOutward:
			return l[len(l)-1]
		}
		return l[min(1, len(l)-1)]
	}
	return ""
}
