// Package activity is the record of what clients did, and of what the owner decided about them: when, who, with which
// profile and tool, and how it ended. It holds no contents, no arguments and no tokens, so that it can be shown, exported
// and kept.
package activity

import (
	"context"
	"time"
)

// Outcome is how a call ended.
type Outcome string

// The outcomes of a call.
const (
	OK        Outcome = "ok"        // the tool answered
	Failed    Outcome = "error"     // the tool answered with an error
	Denied    Outcome = "denied"    // the owner or a policy said no
	Pending   Outcome = "pending"   // the call was answered with pending_approval
	Expired   Outcome = "expired"   // nobody answered the approval in time
	Cancelled Outcome = "cancelled" // the client went away or cancelled
)

// UnknownTool is the code of a call of a tool that there is not, or that the client is not shown.
const UnknownTool = "unknown_tool"

// Event is what happened.
type Event string

// The events.
const (
	Call      Event = "call"      // a client called a tool
	LetIn     Event = "let in"    // the owner answered a client that asked to be let in
	Widened   Event = "widened"   // the owner answered a client that asked for more; for one call alone, with the code "once"
	Changed   Event = "changed"   // the owner gave a client other profiles, scopes or another end
	Revoked   Event = "revoked"   // the owner ended a grant
	Ended     Event = "ended"     // a client ended its grant, or something of it was used twice
	Blocked   Event = "blocked"   // the owner blocked a client
	Unblocked Event = "unblocked" // and lets it ask again
	Paused    Event = "paused"    // the owner stopped all clients over HTTP
	Resumed   Event = "resumed"   // and lets them go on
	Lockdown  Event = "lockdown"  // the owner cut everything off
	Lifted    Event = "lifted"    // and lets clients ask again
	Shared    Event = "shared"    // Postern can be reached from outside
	Unshared  Event = "unshared"  // and not any more; with the code of what ended it, if that was not the owner
	Cleared   Event = "cleared"   // the owner deleted all entries before this one
)

// The classes of the addresses that clients over HTTP come from.
const (
	Here   = "this computer"
	Public = "public" // from outside of it
)

// Entry is one call of a tool, or one decision of the owner.
type Entry struct {
	Seq      int64         `json:"seq"`                 // set by the store, rising
	At       time.Time     `json:"at"`                  // when the call began
	Event    Event         `json:"event"`               // Call, if it is not said
	ClientID string        `json:"client_id,omitempty"` // of a client over HTTP: several may call themselves the same
	GrantID  string        `json:"grant_id,omitempty"`  // of a client over HTTP
	Address  string        `json:"address,omitempty"`   // class of the address that it came from, Here or Public; "" without HTTP
	Client   string        `json:"client"`              // what the client calls itself
	Origin   string        `json:"origin,omitempty"`    // what the operating system says of it, e.g. "/usr/bin/claude (pid 42)"
	Profile  string        `json:"profile,omitempty"`   // the profile's name, "" for a tool that needs none
	Tool     string        `json:"tool"`                // "" if it was no call
	Outcome  Outcome       `json:"outcome"`
	Code     string        `json:"code,omitempty"`     // a short machine-readable reason: "insufficientPermissions", "invalid_argument"
	Approval string        `json:"approval,omitempty"` // the approval's id, if there was one
	Duration time.Duration `json:"duration_ns"`
	BytesIn  int           `json:"bytes_in"`  // of the arguments
	BytesOut int           `json:"bytes_out"` // of the answer
}

// Filter selects entries. Zero fields select everything.
type Filter struct {
	After   int64 // entries with a greater Seq
	Since   time.Time
	Client  string // what it calls itself, or its id, or the beginning of that, also without the "mcpc_" or "https://" before it
	Profile string
	Tool    string
	Outcome Outcome
	Limit   int // the newest Limit entries; 0 means 100
}

// Use is how a grant used a tool, as far as entries are kept.
type Use struct {
	Tool   string    `json:"tool"`
	Calls  int       `json:"calls"` // that reached the tool, failed ones too
	LastAt time.Time `json:"last_used_at"`
}

// Recorder takes entries. Record returns at once and does not fail: a call is never lost for want of its record.
type Recorder interface {
	Record(ctx context.Context, e Entry)
}

// Log reads entries, oldest first.
type Log interface {
	Entries(ctx context.Context, f Filter) ([]Entry, error)
}
