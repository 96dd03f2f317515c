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

// titles say in plain words what a scope allows.
var titles = map[Scope]string{
	"gmail:read": "Read your mail", "gmail:write": "Sort your mail and write drafts", "gmail:send": "Send mail as you",
	"calendar:read": "See your calendars", "calendar:write": "Change your own events", "calendar:invite": "Invite people",
	"drive:read": "Read your files", "drive:write": "Add and change files", "drive:share": "Share files and comment",
	"docs:read": "Read your documents", "docs:write": "Write and change documents",
	"sheets:read": "Read your spreadsheets", "sheets:write": "Change spreadsheets",
	"slides:read": "Read your presentations", "slides:write": "Change presentations",
	"forms:read": "Read your forms and their answers", "forms:write": "Make forms",
	"tasks:read": "See your tasks", "tasks:write": "Change your tasks",
	"chat:read": "Read your chats", "chat:send": "Write in chats",
	"people:read": "Look up your contacts", "people:write": "Change your contacts",
	"meet:read": "Read meetings and their transcripts",
}

// Title says in plain words what the scope allows, for people.
func (s Scope) Title() string { return titles[s] }

// Service returns the toolset that the scope belongs to.
func (s Scope) Service() string {
	service, _, _ := strings.Cut(string(s), ":")
	return service
}

// Outward reports whether the scope lets other people see what is done.
func (s Scope) Outward() bool {
	_, verb, _ := strings.Cut(string(s), ":")
	return slices.Contains([]string{"send", "invite", "share"}, verb)
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

// ScopeFor returns the Postern scope that a tool of the class needs in the toolset: read, write (destructive tools
// too), or the widest of the service for what other people see.
func ScopeFor(toolset string, c Class) Scope {
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
