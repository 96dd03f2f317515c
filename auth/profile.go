package auth

import (
	"context"
	"errors"
	"time"
)

// Kind is how a profile's credentials came about.
type Kind string

// The kinds of profile.
const (
	SignedIn       Kind = "signed_in"       // the owner signed in with the browser
	AuthorizedUser Kind = "authorized_user" // Application Default Credentials of a person
	ServiceAccount Kind = "service_account" // Application Default Credentials of a service account
)

// State is what is known of a profile's credentials.
type State string

// The states of a profile.
const (
	Valid       State = "valid"
	SignInAgain State = "must sign in again"
	NoScopes    State = "missing scopes" // Google granted less than the profile's toolsets need
	Unreachable State = "unreachable"    // Google could not be asked; says nothing about the credentials
)

// ErrNotFound is returned for a profile that does not exist.
var ErrNotFound = errors.New("no such profile")

// ErrNameTaken is returned when another profile has the name.
var ErrNameTaken = errors.New("that name is taken by another profile")

// Profile is a Google account that the owner has signed in to. It holds no secret: those are in the vault under
// "profile:" + ID.
type Profile struct {
	ID           string    `json:"id"`    // random, never reused
	OwnerID      string    `json:"-"`     // whose desktop; "owner" for now
	Name         string    `json:"name"`  // chosen by the owner, unique
	Email        string    `json:"email"` // as Google says
	Subject      string    `json:"-"`     // Google's own id of the account (OpenID Connect "sub")
	Kind         Kind      `json:"kind"`
	Scopes       []string  `json:"scopes"`   // Google scopes that were granted
	Toolsets     []string  `json:"toolsets"` // what the owner asked for
	ReadOnly     bool      `json:"read_only,omitempty"`
	ClientID     string    `json:"-"` // of the owner's OAuth client that signed it in
	QuotaProject string    `json:"quota_project,omitempty"`
	State        State     `json:"state"`
	Reason       string    `json:"reason,omitempty"` // why, in words, if not valid
	AddedAt      time.Time `json:"added_at"`
	SignedInAt   time.Time `json:"signed_in_at"`
	RefreshUntil time.Time `json:"refresh_until,omitzero"` // when Google ends the refresh token, if it said so (refresh_token_expires_in)
	CheckedAt    time.Time `json:"checked_at,omitzero"`    // when the state was last confirmed by a live call
}

// Index keeps the profiles without their secrets. Names are compared without regard to case.
type Index interface {
	// Profiles returns all, by name.
	Profiles(ctx context.Context) ([]Profile, error)
	// Profile returns the one with that id, ErrNotFound if there is none.
	Profile(ctx context.Context, id string) (Profile, error)
	// SaveProfile inserts or replaces by ID. It returns ErrNameTaken if another profile has the name.
	SaveProfile(ctx context.Context, p Profile) error
	// SetProfileState changes State, Reason and CheckedAt alone.
	SetProfileState(ctx context.Context, id string, s State, reason string, at time.Time) error
	// RemoveProfile forgets it, with the defaults that name it.
	RemoveProfile(ctx context.Context, id string) error
	// DefaultProfile returns the id that calls without a profile act as, "" if none was chosen.
	DefaultProfile(ctx context.Context) (string, error)
	SetDefaultProfile(ctx context.Context, id string) error
}
