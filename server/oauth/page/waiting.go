package page

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// State is where a request stands.
type State string

// The states of a request. The first three are those in which a page waits; the zero value waits as Quiet does, which
// says most.
const (
	Asked   State = "asked"    // the desktop shows the question
	Quiet   State = "quiet"    // outside the pairing window: the desktop shows only that somebody waits
	NoFace  State = "noface"   // nobody is at a desktop: the owner answers from the command line
	Allowed State = "approved" // for WriteStatus: the page sends the finish form
	Over    State = "over"     // for WriteStatus: denied, expired or cancelled; the page loads itself again
)

// Status is the answer to the waiting page's look at StatusPath.
type Status struct {
	State State
	Left  time.Duration // until the request expires; 0 shows nothing
}

// Waiting is the page with the number, shown until the owner has answered.
//
// Without scripts it loads Here again every three seconds; with scripts it asks StatusPath every two, for at most five
// minutes, and sends the finish form by itself once that says Allowed.
type Waiting struct {
	Form
	Number      int           // 0 to 99, shown in two digits
	State       State         // Asked, Quiet or NoFace
	ID          string        // of the approval, for the command line
	Left        time.Duration // until the request expires; 0 shows nothing
	Client      Client
	Destination Destination
	Scopes      []Scope // in the order to show them
	Code        *Code   // nil offers no pairing code, as for a destination that is not known

	// Here is the path and query under which this page loads again. It may be empty if the page answers a GET at that very
	// address, and not if it answers a POST, which a reload would send again.
	Here string
}

// Code offers a field for a pairing code.
type Code struct {
	// Address is the path and query of this same page with Typing set, for a browser without scripts: loading again every
	// three seconds would take away what is being typed.
	Address string
	Typing  bool // the page is that one: the field is open, and the page does not load itself again
	Wrong   bool // what was typed is not a code that holds; the field stays open, as with Typing
	Tries   int  // how many wrong tries are left; shown after a wrong one
}

type waitingView struct {
	Form
	Number, State, Left, ID               string
	Client                                clientView
	Destination                           destinationView
	Warnings                              []string
	Scopes, More                          []Scope
	Code                                  *codeView
	Typing                                bool
	Here, StatusURL, CancelURL, FinishURL string
}

type codeView struct {
	Address, Action, Left string
	Error                 []string
	Open                  bool
}

func (p Waiting) view() (view, error) {
	if p.Number < 0 || p.Number > 99 {
		return view{}, fmt.Errorf("the number %d has not two digits", p.Number)
	}
	v := waitingView{
		Form:        p.Form,
		Number:      fmt.Sprintf("%02d", p.Number),
		State:       string(p.State),
		Left:        remaining(p.Left),
		ID:          cmp.Or(id(p.ID), "ID"),
		Client:      p.Client.view(),
		Destination: p.Destination.view(),
		Warnings:    p.Destination.warnings(),
		Here:        p.Here,
		StatusURL:   StatusPath + "?" + url.Values{FieldRequest: {p.Request}}.Encode(),
		CancelURL:   CancelPath,
		FinishURL:   FinishPath,
	}
	v.Scopes, v.More = scopes(p.Scopes)
	switch p.State {
	case Asked, Quiet, NoFace:
	case "":
		v.State = string(Quiet)
	default:
		return view{}, fmt.Errorf("a page does not wait in the state %q", p.State)
	}
	if p.Here != "" && !own(p.Here) {
		return view{}, errors.New("the address of the waiting page is not a path of this server")
	}
	if p.Code != nil {
		if !own(p.Code.Address) {
			return view{}, errors.New("the address of the page for a pairing code is not a path of this server")
		}
		v.Code = p.Code.view()
		v.Typing = v.Code.Open
		if v.Typing && p.Here == "" {
			return view{}, errors.New("the page for a pairing code does not know the address of the waiting page")
		}
	}
	return view{Title: "Match " + v.Number, Page: v, file: "waiting", status: http.StatusOK}, nil
}

func (c Code) view() *codeView {
	v := &codeView{Address: c.Address, Action: CodePath, Open: c.Typing || c.Wrong}
	if !c.Wrong {
		return v
	}
	switch {
	case c.Tries <= 0:
		v.Error = []string{"That was one wrong code too many, and the pairing code no longer holds. Answer on your computer, or make a new code there."}
	case c.Tries == 1:
		v.Error, v.Left = []string{"That is not the code, or its time is over."}, "1 try is left."
	default:
		v.Error, v.Left = []string{"That is not the code, or its time is over."}, fmt.Sprintf("%d tries are left.", c.Tries)
	}
	return v
}

// own reports whether an address is a path on this origin: "//host" and "/\host" are not.
func own(address string) bool {
	return strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, `\`) && plain(address)
}

// remaining says how much time is left, so coarse that it does not flicker.
func remaining(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Minute:
		return "less than a minute left"
	}
	return fmt.Sprintf("%d min left", int((d+30*time.Second)/time.Minute))
}
