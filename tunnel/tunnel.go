// Package tunnel is how Postern is reached from outside of this computer: what every way there has in common. The ways
// themselves are the packages below it.
package tunnel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// Provider is one way to be reached from outside.
type Provider interface {
	// Name is its name for people: "ngrok", "your own URL".
	Name() string
	// Start serves side at a public address. It returns once that answers, or with an *Error once it is known that it never
	// will; what may pass is tried again until ctx ends, which bounds the start alone. notify is told how it goes, also after
	// Start has returned; it returns at once.
	Start(ctx context.Context, side *http.Server, notify func(Status)) (Session, error)
	// Instead reads from the header of an answer at a public address what the service says there in Postern's place, nil if
	// that is not known to be the service's.
	Instead(header http.Header) *Error
}

// Diagnoser is a Provider that can try whether its service is reached.
type Diagnoser interface {
	// Diagnose says how far it came, without signing in.
	Diagnose(ctx context.Context) (string, error)
}

// Session is a tunnel that is up, or was.
type Session interface {
	// URL is the public address: https and a host.
	URL() *url.URL
	// Done is closed when it has ended, by Close or by itself.
	Done() <-chan struct{}
	// Err is why it has ended, nil if by Close or if it has not.
	Err() error
	// Close ends it: when it returns, no request reaches the handler any more, and none runs that had to wait for its client.
	Close() error
}

// State is how a tunnel stands.
type State string

// The states of a tunnel.
const (
	Off          State = "off"
	Connecting   State = "connecting"
	Online       State = "online"
	Reconnecting State = "reconnecting" // it was online, and will be again
	Failed       State = "failed"       // it will not be by itself: see Error
)

// Reason is why a tunnel is not up, where no code of its service says that.
type Reason string

// The reasons that a tunnel is not up for. Others have their Detail alone.
const (
	Unreachable  Reason = "unreachable"   // the service does not answer
	Broken       Reason = "broken"        // the connection to it stands still, and is made anew
	Stopped      Reason = "stopped"       // the owner has ended the tunnel at the service
	OtherAddress Reason = "other-address" // the service has given another address than the one that clients know
	NoAccount    Reason = "no-account"    // the owner's account at the service is not known
)

// Status is how a tunnel stands at one moment. Nothing in it is secret.
type Status struct {
	State   State
	URL     string    // the public address; "" before it is known
	Account string    // of the service, as it calls it; "" if there is none
	Plan    string    // that the account has; "" if not known
	Limit   int       // how many requests a month the plan allows; 0 if not known
	Region  string    // of the service's edge; "" if not known
	Code    string    // the service's code of what is wrong, e.g. ERR_NGROK_107; "" if nothing is, or it gave none
	Reason  Reason    // what is wrong; "" if nothing is, the code says it, or the detail alone does
	Detail  string    // what is wrong and what to do, a sentence; "" if nothing is
	At      time.Time // since when
}

// Error is why a tunnel is not up and will not be by trying again.
type Error struct {
	Code   string // the service's, e.g. ERR_NGROK_107; "" if it gave none
	Reason Reason // "" if the code says it, or the detail alone
	Detail string // what is wrong and what to do, a sentence
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Detail
	}
	return e.Detail + " (" + e.Code + ")"
}

// ErrClosed is the cause with which the context of a request ends when its tunnel is closed.
var ErrClosed = errors.New("the tunnel was closed")
