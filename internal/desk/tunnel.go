package desk

import "time"

// Tunnel is how Postern is reached from outside, if the owner has switched that on.
type Tunnel struct {
	Provider string    `json:"provider"` // settings.Ngrok or settings.OwnURL
	State    string    `json:"state"`    // off, connecting, online, reconnecting or failed: see tunnel.State
	URL      string    `json:"url"`      // address of /mcp from outside; "" if it is not known yet
	Since    time.Time `json:"since,omitzero"`
	Until    time.Time `json:"until,omitzero"`    // when it ends by itself; zero if it does not
	Account  string    `json:"account,omitempty"` // as the service calls it
	Plan     string    `json:"plan,omitempty"`
	Region   string    `json:"region,omitempty"`
	Code     string    `json:"code,omitempty"`      // the service's, of what is wrong
	Detail   string    `json:"detail,omitempty"`    // what is wrong and what to do; "" if nothing is
	LastCall time.Time `json:"last_call,omitzero"`  // when the last request came
	Requests int       `json:"requests_this_month"` // that came from outside, by any way
	Limit    int       `json:"limit,omitempty"`     // how many the plan allows a month; 0 if that is not known
	Check    string    `json:"check,omitempty"`     // what was found when the address was last tried from outside
	CheckBad bool      `json:"check_bad,omitempty"` // and it is not as it should be
	Needs    string    `json:"needs,omitempty"`     // what must be done before it can be switched on; "" for nothing
	// ConnectURL and CAFile are the settings that lead to another service than ngrok's own; "" for its own.
	ConnectURL string `json:"connect_url,omitempty"`
	CAFile     string `json:"ca_file,omitempty"`
}

// On reports whether it is switched on, and has not failed.
func (t Tunnel) On() bool {
	return t.State == "connecting" || t.State == "online" || t.State == "reconnecting"
}

// Up reports whether the address answers, but for a moment's break.
func (t Tunnel) Up() bool { return t.State == "online" || t.State == "reconnecting" }

// NearLimit reports whether most of the month's requests are used up.
func (t Tunnel) NearLimit() bool { return t.Limit > 0 && t.Requests*5 >= t.Limit*4 }
