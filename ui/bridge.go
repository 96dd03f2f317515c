package ui

import (
	"context"
	"io"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/desk"
)

// Bridge is what the desktop shows and where it sends what the owner wants. Its methods may take long: none is called on
// the UI thread.
type Bridge interface {
	Snapshots
	Switches
	Profiles
	Clients
	Pairing
	Records
	Settings
	Sharing
	Vault
	// Answer settles a question.
	Answer(ctx context.Context, id string, a approval.Answer) error
	// Revise has an action changed before it is done.
	Revise(ctx context.Context, id string, changes map[string]string) error
}

// Snapshots is how a bridge stands.
type Snapshots interface {
	Snapshot(ctx context.Context, version string) (desk.Snapshot, error)
	// Changed returns a channel that is closed when a new snapshot may differ.
	Changed() <-chan struct{}
}

// Switches are what stops clients and lets them go on.
type Switches interface {
	Pause() error
	Resume() error
	Lockdown(ctx context.Context) error
	Lift(ctx context.Context) error
}

// Profiles are the Google accounts, and the owner's OAuth client by which they are signed in to.
type Profiles interface {
	AddProfile(ctx context.Context, want desk.SignIn, step func(desk.Step)) (desk.Profile, []string, error)
	SignInAgain(ctx context.Context, name string, step func(desk.Step)) (desk.Profile, []string, error)
	RemoveProfile(ctx context.Context, name string) (warning string, err error)
	RenameProfile(ctx context.Context, from, to string) error
	UseProfile(ctx context.Context, name string) error
	ImportGoogleClient(ctx context.Context, data []byte) (id, note string, err error)
	Toolsets() []desk.Choice
}

// Clients are those that were let in, or may not come back.
type Clients interface {
	GrantChoices(ctx context.Context) (profiles, scopes []approval.Choice, err error)
	ChangeGrant(ctx context.Context, grantID string, t approval.Terms) error
	RevokeGrant(ctx context.Context, id, reason string) error
	RevokeClient(ctx context.Context, id, reason string) (int, error)
	BlockClient(ctx context.Context, id string) error
	UnblockClient(ctx context.Context, id string) error
}

// Pairing is how new clients come to ask.
type Pairing interface {
	OpenPairing(ctx context.Context) (time.Time, error)
	ClosePairing(ctx context.Context) error
	GrantChoices(ctx context.Context) (profiles, scopes []approval.Choice, err error)
	MakePairingCode(ctx context.Context, profileNames, scopes []string, expires time.Time) (desk.PairingCode, error)
}

// Records are the record of what clients did.
type Records interface {
	Activity(ctx context.Context, f activity.Filter) ([]activity.Entry, error)
	ExportActivity(ctx context.Context, w io.Writer, f activity.Filter, format string) error
	ClearActivity(ctx context.Context) error
}

// Sharing is how Postern is reached from outside.
type Sharing interface {
	// ShareOn switches it on. It waits a while until the address answers; how it goes stands in the snapshots.
	ShareOn(ctx context.Context) error
	ShareOff(ctx context.Context) error
	// TunnelLogin keeps the authtoken of the owner's ngrok account in the vault, and its domain in the settings.
	TunnelLogin(ctx context.Context, authtoken, domain string) error
}

// Vault is where the secrets are.
type Vault interface {
	// UseEncryptedFile makes an encrypted file the vault, where there is none. It asks the owner for a passphrase.
	UseEncryptedFile(ctx context.Context) error
}

// Settings are what the owner can set.
type Settings interface {
	SetSetting(ctx context.Context, name, value string) error
	Toolsets() []desk.Choice
}

// Apps are the AI apps on this computer whose configuration Postern can be written into.
type Apps interface {
	// Apps returns those that are installed.
	Apps(ctx context.Context) ([]desk.App, error)
	// ConnectApp writes Postern into the configuration of one; another entry of its name is replaced if replace is set.
	ConnectApp(ctx context.Context, id string, replace bool) error
	// DisconnectApp takes it out again.
	DisconnectApp(ctx context.Context, id string) error
}

// Autostart is whether the app starts with the desktop.
type Autostart interface {
	Autostart() (bool, error)
	SetAutostart(on bool) error
}

// Questions is the window that puts waiting requests to the owner: see package popup. All is called on the UI thread.
type Questions interface {
	// Update opens, keeps or closes it.
	Update(loud []approval.Request)
	// Review opens it with all that waits.
	Review(all []approval.Request)
	// Close denies what it shows.
	Close()
}
