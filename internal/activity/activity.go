// Package activity is the record of what clients did: when, who, with which profile and tool, and how it ended. It
// holds no contents, no arguments and no tokens, so that it can be shown, exported and kept.
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

// Entry is one call of a tool, or one decision of the owner.
type Entry struct {
	Seq      int64         `json:"seq"`               // set by the store, rising
	At       time.Time     `json:"at"`                // when the call began
	Client   string        `json:"client"`            // what the client calls itself
	Origin   string        `json:"origin,omitempty"`  // what the operating system says of it, e.g. "/usr/bin/claude (pid 42)"
	Profile  string        `json:"profile,omitempty"` // the profile's name, "" for a tool that needs none
	Tool     string        `json:"tool"`
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
	Client  string
	Profile string
	Tool    string
	Outcome Outcome
	Limit   int // the newest Limit entries; 0 means 100
}

// Recorder takes entries. Record returns at once and does not fail: a call is never lost for want of its record.
type Recorder interface {
	Record(ctx context.Context, e Entry)
}

// Log reads entries, oldest first.
type Log interface {
	Entries(ctx context.Context, f Filter) ([]Entry, error)
}
