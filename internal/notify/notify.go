// Package notify tells the owner what needs them, through the notifications of the desktop. It shows a few fixed
// sentences and never a text from outside: on Windows a notification becomes a PowerShell script, in which a client's
// name could run commands. So a Kind is all that can be shown.
package notify

import (
	"context"
	"log/slog"
	"sync"
)

// Kind is what there is to be told.
type Kind string

// The kinds.
const (
	RequestWaits Kind = "request" // a client waits for the owner's answer
	SignInAgain  Kind = "profile" // a profile must sign in again
	TunnelFailed Kind = "tunnel"  // Postern is no longer shared on the internet, though it should be
	FirstShared  Kind = "shared"  // it is shared for the first time
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{RequestWaits, SignInAgain, TunnelFailed, FirstShared} }

// Words are what a notification says, in the owner's language.
type Words struct {
	Title, Body string
	Action      string // label of the button that opens Postern
}

// Notifier shows notifications, at most one of each kind. Start it, and close it.
type Notifier struct {
	Words  func(Kind) Words
	Icon   []byte                   // a PNG; nil for none
	Opened func(Kind)               // the owner has clicked; called on a goroutine of the Notifier's
	Send   func(title, body string) // shows one where the desktop is not reached over D-Bus; nil for nowhere
	Log    *slog.Logger             // nil for nowhere

	mu      sync.Mutex // guards the field below
	desktop desktop    // nil where there is none
}

// desktop is where notifications have buttons, and can be taken back.
type desktop interface {
	show(ctx context.Context, k Kind, w Words) error
	withdraw(ctx context.Context, k Kind) error
	close() error
}

// Start connects to the desktop.
func (n *Notifier) Start(ctx context.Context) {
	d, err := dial(ctx, n.Icon, n.opened)
	if err != nil {
		n.log().Info("notifications have no buttons here", "reason", err)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.desktop = d
}

// Show shows the notification of a kind, in place of an older one.
func (n *Notifier) Show(ctx context.Context, k Kind) {
	w := n.Words(k)
	if d := n.reached(); d != nil {
		err := d.show(ctx, k, w)
		if err == nil {
			return
		}
		n.log().Warn("showing a notification", "kind", k, "error", err)
	}
	if n.Send != nil {
		n.Send(w.Title, w.Body)
	}
}

// Withdraw takes the notification of a kind back, as there is nothing to do any more.
func (n *Notifier) Withdraw(ctx context.Context, k Kind) {
	if d := n.reached(); d != nil {
		if err := d.withdraw(ctx, k); err != nil {
			n.log().Debug("taking a notification back", "kind", k, "error", err)
		}
	}
}

// Close lets go of the desktop.
func (n *Notifier) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.desktop == nil {
		return nil
	}
	err := n.desktop.close()
	n.desktop = nil
	return err
}

func (n *Notifier) reached() desktop {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.desktop
}

func (n *Notifier) opened(k Kind) {
	if n.Opened != nil {
		n.Opened(k)
	}
}

func (n *Notifier) log() *slog.Logger {
	if n.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return n.Log
}
