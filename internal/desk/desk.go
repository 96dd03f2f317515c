// Package desk is what the owner's desktop shows of a bridge, in plain types: one Snapshot, from which every window and
// menu is drawn. Its texts may come from outside: a face cleans them before it shows them.
package desk

import (
	"errors"
	"slices"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
)

// Snapshot is how a bridge stands at one moment.
type Snapshot struct {
	At           time.Time // when it was taken
	Version      string
	Dir          string // the state directory
	Folder       string // the exchange folder
	Serving      bool   // clients over HTTP are answered
	Local        string // address of /mcp on this computer; "" if it is not served
	Public       string // and from outside; "" if nothing is shared
	Trouble      string // why clients are not served, or the store cannot be read; "" if nothing is wrong, or if it is the vault
	Tunnel       Tunnel
	Paused       bool
	LockedDown   bool
	Demo         bool      // the sample account is there
	PairingUntil time.Time // until when new clients from outside may ask; zero if they may not
	Vault        Vault
	GoogleClient string // id of the owner's OAuth client; "" if none is kept
	Profiles     []Profile
	Waiting      []approval.Request // pending questions, oldest first; quiet ones too (Offer.Quiet)
	Clients      []Client
	Recent       []activity.Entry // the newest few, newest first
	Settings     []Setting
}

// ErrNotGiven is what asking for the vault's passphrase returns when the owner gives none.
var ErrNotGiven = errors.New("the vault stays locked: nobody gave its passphrase; open Postern again to be asked once more")

// Vault is where the secrets are.
type Vault struct {
	Kind    string // what it is, in words; "" as long as it has not been opened
	Trouble string // why it cannot be used; "" if it can
	Asked   bool   // the owner is being asked for its passphrase
	Refused bool   // they did not give that of the vault that there is
	None    bool   // there is no keychain here, and no encrypted file yet: the owner can choose one
}

// Profile is a Google account that the owner has signed in to.
type Profile struct {
	ID, Name, Email string
	State           string // valid, "must sign in again", "missing scopes", unreachable: see auth.State
	Reason          string // why, if it is not valid
	Toolsets        []string
	ReadOnly        bool
	Default         bool
	Sample          bool // nothing in it is real; it cannot be changed
	SignedInAt      time.Time
	EndsAt          time.Time // when Google ends the sign-in by itself; zero if it did not say
	SameAs          string    // name of another profile with the same email; "" if there is none
}

// Valid reports whether the profile can be used.
func (p Profile) Valid() bool { return p.State == "valid" }

// Client is an app that has registered, or was.
type Client struct {
	ID, Name   string
	Identity   string // the host that vouches for its name; "" if it registered itself
	Blocked    bool
	CreatedAt  time.Time
	LastUsedAt time.Time // zero if never
	LastFrom   string    // class of the address: activity.Here or activity.Public
	Grants     []Grant   // live ones
}

// Grant is what the owner has given to a client.
type Grant struct {
	ID         string
	Profiles   []Choice // by name
	Scopes     []Choice
	SentTo     string // the redirect URI
	Public     bool   // for the side that is reached from outside
	CreatedAt  time.Time
	LastUsedAt time.Time
	ExpiresAt  time.Time // zero: until it is revoked
	Tools      []activity.Use
}

// Choice is something that can be chosen, by its id and in words. Of what is gone there is no Title.
type Choice struct{ ID, Title string }

// PairingCode is a code that stands in for the owner's answer, typed on the page that waits for it.
type PairingCode struct {
	Code     string         `json:"code"` // ABCD-EFGH
	Until    time.Time      `json:"until"`
	Terms    approval.Terms `json:"terms"`
	Profiles []string       `json:"profiles"` // names
}

// Setting is one setting with its value in force.
type Setting struct {
	Name, Value, Default string
	Doc                  string   // one sentence
	Values               []string // what it may be; empty for free text
}

// Unexpected reports whether a client from outside asks although no new ones were let ask.
func (s Snapshot) Unexpected() bool {
	return slices.ContainsFunc(s.Waiting, func(r approval.Request) bool { return quiet(r) && r.Offer.Public })
}

// Loud returns the questions that a face puts to the owner, oldest first.
func (s Snapshot) Loud() []approval.Request {
	var loud []approval.Request
	for _, r := range s.Waiting {
		if !quiet(r) {
			loud = append(loud, r)
		}
	}
	return loud
}

func quiet(r approval.Request) bool { return r.Offer != nil && r.Offer.Quiet }

// Setting returns the value in force of a setting, "" if there is none of that name.
func (s Snapshot) Setting(name string) string {
	for _, one := range s.Settings {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}

// SignIn is what the owner wants of a sign-in at Google.
type SignIn struct {
	Name     string   // of the profile
	Toolsets []string // empty for all
	ReadOnly bool
}

// Step is how far a sign-in is.
type Step struct {
	URL string // of Google's page, once it is known
	// Opened reports that a browser was opened at it.
	Opened bool
}
