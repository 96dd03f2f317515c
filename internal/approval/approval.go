// Package approval is the queue of questions to the owner. A question is put once, settled once, by whoever answers
// first, and what it allows is done at most once. The queue lives in a Store that several processes share: one may
// ask and another answer.
package approval

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Kind is what is asked.
type Kind string

// The kinds of questions.
const (
	Action  Kind = "action"  // may this outward or destructive call run?
	Connect Kind = "connect" // is this client let in, and to what?
	Widen   Kind = "widen"   // does this client get one more scope?
)

// State is where a request stands. Pending turns into approved, denied, expired or withdrawn; approved into running
// and then done or failed, or into withdrawn if the asking process has ended. No other step exists, and each is taken
// at most once.
type State string

// The states of a request.
const (
	Pending   State = "pending"
	Approved  State = "approved"
	Denied    State = "denied"
	Expired   State = "expired"   // nobody answered before ExpiresAt
	Withdrawn State = "withdrawn" // taken back, or the asking process ended before it began
	Running   State = "running"   // claimed by the process that asked
	Done      State = "done"
	Failed    State = "failed"
)

// ErrNotFound is returned for an id that the store does not have.
var ErrNotFound = errors.New("no such approval")

// ErrSettled is returned by a step that another process took first, or whose time is over.
var ErrSettled = errors.New("the approval is already settled")

// Process is what the operating system says of a process, asked or answering.
type Process struct {
	PID     int      `json:"pid"`
	Start   string   `json:"start,omitempty"`   // start time as the system tells it, to tell a reused pid apart
	Path    string   `json:"path,omitempty"`    // its executable
	Parents []string `json:"parents,omitempty"` // executables of its parents, nearest first
	// Ancestry are its parents, nearest first, so that one process can be found above another.
	Ancestry []Ancestor `json:"ancestry,omitempty"`
	// Space tells apart whose process ids these are: a sandbox may have its own. "" if that is not known.
	Space string `json:"space,omitempty"`
	// Client is what started it: its nearest parent that is no mere shell in between, and of a program in several
	// processes the topmost. Zero if that is not known.
	Client Ancestor `json:"client,omitzero"`
}

// Ancestor is a process above another.
type Ancestor struct {
	PID   int    `json:"pid"`
	Start string `json:"start,omitempty"`
}

// Request is a question to the owner.
type Request struct {
	ID        string          `json:"id"`
	Kind      Kind            `json:"kind"`
	Client    string          `json:"client"`            // what the client calls itself
	Origin    string          `json:"origin,omitempty"`  // what the operating system says of it
	Public    bool            `json:"public,omitempty"`  // it came from outside of this computer
	ClientKey string          `json:"client_key"`        // whose question it is: only this client may read the result
	Profile   string          `json:"profile,omitempty"` // the profile's name
	Tool      string          `json:"tool,omitempty"`
	Class     string          `json:"class,omitempty"` // outward or destructive
	Preview   Preview         `json:"preview"`
	Offer     *Offer          `json:"offer,omitempty"` // of a connect or widen question
	Shown     string          `json:"-"`               // of a connect question: the number that the browser shows and two others, see NewNumbers
	Frozen    json.RawMessage `json:"-"`               // what will run after the yes; deleted when the request is settled and done
	// Version counts how often Preview and Frozen were made anew because the owner has changed something.
	Version int `json:"version,omitempty"`
	// Wanted is what the owner wants changed, by Edit.Name, until the asking process has made it so.
	Wanted map[string]string `json:"wanted,omitempty"`
	// Problem is why what the owner last wanted changed could not be; "" if it was.
	Problem   string    `json:"problem,omitempty"`
	Asker     Process   `json:"asker"`
	State     State     `json:"state"`
	Answer    *Answer   `json:"answer,omitempty"`
	Result    string    `json:"-"` // what the call returned, for the client that asked; deleted with Frozen's row
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	SettledAt time.Time `json:"settled_at,omitzero"`
}

// Answer is the owner's decision.
type Answer struct {
	Approved bool    `json:"approved"`
	Reason   string  `json:"reason,omitempty"`  // of a denial; the model reads it
	Via      string  `json:"via"`               // the face: "cli", "terminal", "elicitation", "desktop"
	By       Process `json:"by"`                // the answering process and its parents
	Number   string  `json:"-"`                 // with a yes to a connect question: the number that the browser shows
	Version  int     `json:"-"`                 // with a yes to an action: the version of the preview that was shown
	Instead  string  `json:"instead,omitempty"` // with it: what is done instead, one of Preview.Instead
	Host     string  `json:"-"`                 // with it, if Offer.Stranger: the host that access is sent to, typed by the owner
	Terms    *Terms  `json:"terms,omitempty"`   // with a yes to a connect or widen question: what is given
}

// Store keeps requests. Every transition is one conditional update: it returns ErrSettled when the request is not in
// the state that the step starts from, ErrNotFound when there is none.
type Store interface {
	AddApproval(ctx context.Context, r Request) error
	Approval(ctx context.Context, id string) (Request, error)
	// Approvals returns the requests in the given states (all, if none is given), oldest first.
	Approvals(ctx context.Context, states ...State) ([]Request, error)
	// SettleApproval turns a pending request whose time is not over at now into to; into Approved only if its version is
	// the answer's and no change is wanted.
	SettleApproval(ctx context.Context, id string, to State, a *Answer, now time.Time) error
	// WantRevision notes what the owner wants changed in a pending request.
	WantRevision(ctx context.Context, id string, changes map[string]string, now time.Time) error
	// ReviseApproval gives a pending request of that version another preview and Frozen and the next version, and takes
	// the note of what is wanted away. With a problem, only the note goes and the problem stands.
	ReviseApproval(ctx context.Context, id string, version int, frozen json.RawMessage, p Preview, problem string, now time.Time) error
	// ShowApprovals takes the mark of a quiet one from the pending requests that came from outside of this computer.
	ShowApprovals(ctx context.Context) error
	// WithdrawApproval turns a request that is pending, or approved and not claimed, into a withdrawn one and deletes
	// Frozen.
	WithdrawApproval(ctx context.Context, id string, now time.Time) error
	// ClaimApproval turns an approved request into a running one and returns it with Frozen.
	ClaimApproval(ctx context.Context, id string, now time.Time) (Request, error)
	// FinishApproval turns a running request into Done or Failed, keeps result and deletes Frozen.
	FinishApproval(ctx context.Context, id string, to State, result string, now time.Time) error
	// ExpireApprovals settles what is pending past its time and forgets what was settled long ago.
	ExpireApprovals(ctx context.Context, now time.Time) error
}
