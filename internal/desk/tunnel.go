package desk

import (
	"time"

	"postern/tunnel"
)

// Tunnel is how Postern is reached from outside, if the owner has switched that on.
type Tunnel struct {
	Provider string        `json:"provider"` // settings.Ngrok or settings.OwnURL
	State    tunnel.State  `json:"state"`
	URL      string        `json:"url"` // address of /mcp from outside; "" if it is not known yet
	Since    time.Time     `json:"since,omitzero"`
	Until    time.Time     `json:"until,omitzero"`    // when it ends by itself; zero if it does not
	Account  string        `json:"account,omitempty"` // as the service calls it
	Plan     string        `json:"plan,omitempty"`
	Region   string        `json:"region,omitempty"`
	Code     string        `json:"code,omitempty"`      // the service's, of what is wrong
	Reason   tunnel.Reason `json:"reason,omitempty"`    // what is wrong, where no code says it
	Detail   string        `json:"detail,omitempty"`    // what is wrong and what to do; "" if nothing is
	LastCall time.Time     `json:"last_call,omitzero"`  // when the last request came
	Requests int           `json:"requests_this_month"` // that came from outside, by any way
	Limit    int           `json:"limit,omitempty"`     // how many the plan allows a month; 0 if that is not known
	Check    Found         `json:"check,omitzero"`      // what was found when the address was last tried from outside
	Needs    string        `json:"needs,omitempty"`     // what must be done before it can be switched on; "" for nothing
	Behind   string        `json:"behind,omitempty"`    // host and port on this computer that the owner's own proxy sends to; "" without one
	// ConnectURL and CAFile are the settings that lead to another service than ngrok's own; "" for its own.
	ConnectURL string `json:"connect_url,omitempty"`
	CAFile     string `json:"ca_file,omitempty"`
}

// Found is what was found at a public address. The zero value is that nobody has looked.
type Found struct {
	What Finding `json:"found"`
	Code string  `json:"code,omitempty"` // of Instead
	Says string  `json:"says"`           // the same in a sentence
}

// Finding is what can be found at a public address.
type Finding string

// What can be found at a public address. The last three are of one that should be dead.
const (
	Answers  Finding = "answers"  // this Postern
	Instead  Finding = "instead"  // the tunnel's service, in Postern's place: see Code
	Silent   Finding = "silent"   // nothing
	Stranger Finding = "stranger" // something else
	Misnamed Finding = "misnamed" // a Postern of another address
	Dead     Finding = "dead"     // it is
	Alive    Finding = "alive"    // another one is shared there
	Unseen   Finding = "unseen"   // whether it is could not be seen
)

// Bad reports whether it is not as it should be.
func (f Found) Bad() bool {
	return f.What != "" && f.What != Answers && f.What != Dead && f.What != Unseen
}

// On reports whether it is switched on, and has not failed.
func (t Tunnel) On() bool { return t.State == tunnel.Connecting || t.Up() }

// Up reports whether the address answers, but for a moment's break.
func (t Tunnel) Up() bool { return t.State == tunnel.Online || t.State == tunnel.Reconnecting }

// Troubled reports whether the owner must be told: Postern is not reached from outside although the owner has switched that
// on, or is although not.
func (t Tunnel) Troubled() bool { return t.State == tunnel.Failed || t.Check.Bad() }

// NearLimit reports whether most of the month's requests are used up: 80 % of what the plan allows.
func (t Tunnel) NearLimit() bool { return t.Limit > 0 && t.Requests*5 >= t.Limit*4 }
