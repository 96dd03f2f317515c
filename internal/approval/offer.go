package approval

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Offer is what a connect or widen question is about: who asks to be let in, and what the owner may give. Its texts
// are plain text and may come from outside.
type Offer struct {
	ClientID string   `json:"client_id"`
	Grant    string   `json:"grant,omitempty"`    // of a widen question: the grant's id
	Identity string   `json:"identity,omitempty"` // the host that vouches for the client's name, "" if it registered itself
	SendTo   string   `json:"send_to,omitempty"`  // the redirect URI: where access will be sent
	Target   string   `json:"target,omitempty"`   // what that is: web, loopback or app
	Host     string   `json:"host,omitempty"`     // its host
	Known    string   `json:"known,omitempty"`    // the product that the host belongs to, "" if it is not on the list
	From     string   `json:"from"`               // where the request came from
	Public   bool     `json:"public"`             // it came from outside of this computer
	Quiet    bool     `json:"quiet,omitempty"`    // it came outside of the pairing window: no face shows it by itself, see Queue.Show
	Profiles []Choice `json:"profiles,omitempty"`
	Scopes   []Choice `json:"scopes"`
	// Longest is the longest that the owner usually gives.
	Longest time.Duration `json:"longest_ns,omitempty"`
}

// Choice is a profile or scope that the owner may give.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Asked bool   `json:"asked"`           // the client asked for it
	Risky bool   `json:"risky,omitempty"` // not given unless the owner says so
}

// Terms is what the owner gives with a yes to a connect or widen question.
type Terms struct {
	Profiles []string  `json:"profiles,omitempty"` // ids
	Scopes   []string  `json:"scopes,omitempty"`
	Expires  time.Time `json:"expires,omitzero"` // zero: until it is revoked
	Once     bool      `json:"once,omitempty"`   // widen: for the call that was refused alone
}

// The errors of an answer to a connect question.
var (
	// ErrNumber is returned for a yes without the number that the browser shows. A wrong number is a no.
	ErrNumber = errors.New("the number that the browser shows is missing")
	// ErrHost is returned for a yes without the host that access is sent to, where that is none that Postern knows.
	ErrHost = errors.New("access would go to a host that is not on the list of known apps: its name must be typed to allow that")
	// ErrWrongNumber is returned for a yes with another number than the browser shows: the question is denied with it.
	ErrWrongNumber = errors.New("that is not the number that the browser shows; the request was denied, and must be made anew")
)

// NewNumbers returns a two-digit number for a browser to show, and two others beside which a face shows it.
func NewNumbers() []string {
	var all []string
	for len(all) < 3 {
		n, err := rand.Int(rand.Reader, big.NewInt(90))
		if err != nil { // never, see crypto/rand
			panic(err)
		}
		if s := fmt.Sprint(10 + n.Int64()); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// Numbers returns the three numbers of a connect question, sorted: the order tells nothing.
func (r Request) Numbers() []string { return slices.Sorted(slices.Values(r.numbers())) }

func (r Request) numbers() []string { return strings.Fields(r.Shown) }

// number returns that which the browser shows.
func (r Request) number() string {
	if n := r.numbers(); len(n) > 0 {
		return n[0]
	}
	return ""
}

// check says what is wrong with a yes to the question, and whether it is to be taken as a no.
func (r Request) check(a Answer, now time.Time) (denied bool, err error) {
	if r.Kind != Connect && r.Kind != Widen {
		return false, r.checkAction(a)
	}
	if r.Offer == nil || a.Terms == nil {
		return false, errors.New("the answer does not say what is given")
	}
	if err := r.Offer.check(r.Kind, *a.Terms, now); err != nil {
		return false, err
	}
	if r.Kind != Connect {
		return false, nil
	}
	switch a.Number {
	case r.number():
	case "":
		return false, ErrNumber
	default:
		return true, ErrWrongNumber
	}
	if r.Offer.Stranger() && !strings.EqualFold(strings.TrimSpace(a.Host), r.Offer.Host) {
		return false, ErrHost
	}
	return false, nil
}

// Stranger reports whether access would be sent to a web host that is not on the list of known apps. A yes then wants its
// name typed: the number does not help against a link that somebody else has made.
func (o *Offer) Stranger() bool { return o.Target == "web" && o.Known == "" }

func (o *Offer) check(k Kind, t Terms, now time.Time) error {
	if len(t.Scopes) == 0 {
		return errors.New("nothing is given: name at least one scope")
	}
	profiles, scopes := o.Missing(t)
	if len(scopes) > 0 {
		return fmt.Errorf("the scope %q is not on offer", scopes[0])
	}
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return errors.New("the time it is given for is over already")
	}
	if t.Once && (k != Widen || slices.ContainsFunc(o.Scopes, func(c Choice) bool { return !slices.Contains(t.Scopes, c.ID) })) {
		return errors.New("once is for a call that was refused, with all that it needs")
	}
	if k == Widen {
		return nil
	}
	if len(t.Profiles) == 0 {
		return errors.New("no profile is given: name at least one")
	}
	if len(profiles) > 0 {
		return fmt.Errorf("the profile %q is not on offer", profiles[0])
	}
	return nil
}

// Missing returns the profiles and scopes of the terms that are not on offer.
func (o *Offer) Missing(t Terms) (profiles, scopes []string) {
	lacks := func(offered []Choice, wanted []string) (missing []string) {
		for _, id := range wanted {
			if !slices.ContainsFunc(offered, func(c Choice) bool { return c.ID == id }) {
				missing = append(missing, id)
			}
		}
		return missing
	}
	return lacks(o.Profiles, t.Profiles), lacks(o.Scopes, t.Scopes)
}

// Usual returns the terms that a face proposes: what was asked for without what is risky, and the profile if there is
// one alone.
func (o *Offer) Usual(now time.Time) Terms {
	var t Terms
	for _, s := range o.Scopes {
		if s.Asked && !s.Risky {
			t.Scopes = append(t.Scopes, s.ID)
		}
	}
	if len(o.Profiles) == 1 {
		t.Profiles = []string{o.Profiles[0].ID}
	}
	if o.Longest > 0 {
		t.Expires = now.Add(o.Longest)
	}
	return t
}
