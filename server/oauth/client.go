package oauth

import (
	"context"
	"errors"
	"time"
)

// Client is an AI app that has registered, as OAuth has it (RFC 6749 section 2). To be registered allows nothing: that
// needs a Grant.
type Client struct {
	ID           string // client_id; for a CIMD client the address of its document
	Kind         Kind
	Name         string // as it calls itself; proves nothing
	RedirectURIs []string
	SecretHash   []byte // of a confidential client that the owner registered; nil for a public one
	Status       Status
	Outside      bool // it was first heard of from outside of this computer
	CreatedAt    time.Time
	LastUsedAt   time.Time
	Document     Document // of a CIMD client
}

// Document is what is remembered of a Client ID Metadata Document.
type Document struct {
	ETag      string
	FetchedAt time.Time
	ExpiresAt time.Time // when it must be fetched again
}

// Kind is how a client came to be known.
type Kind string

// The kinds of clients.
const (
	Published Kind = "cimd"   // it is named by the address of a document that its maker publishes (SEP-991)
	Dynamic   Kind = "dcr"    // it registered itself (RFC 7591)
	Static    Kind = "static" // the owner registered it
)

// Status is what the owner thinks of a client.
type Status string

// The statuses.
const (
	New      Status = "new"      // it has never had a grant
	Approved Status = "approved" // it has, or had, a grant
	Blocked  Status = "blocked"  // the owner wants nothing to do with it
)

// ConnectKey begins the client key of the question whether a client is let in; the client's id follows.
const ConnectKey = "connect:"

// Public reports whether the client has no secret (RFC 6749 section 2.1).
func (c Client) Public() bool { return c.SecretHash == nil }

// Grant is the owner's permission for one client. Everything that is issued for it lives as long as it does: it is the
// family of its tokens.
type Grant struct {
	ID           string
	ClientID     string
	Resource     string   // the address of /mcp that it was given for (RFC 8707)
	RedirectURI  string   // that access was sent to: another one needs another grant
	Profiles     []string // ids of the profiles it may use
	Scopes       []string // Postern scopes, sorted
	ApprovedVia  string   // the face, see approval.Answer
	CreatedAt    time.Time
	LastUsedAt   time.Time
	LastAddress  string    // class of the address it was last used from: "this computer" or "public"
	ExpiresAt    time.Time // zero: until it is revoked
	RevokedAt    time.Time
	RevokeReason string
	WritesUntil  time.Time // until when calls of class write need no question
}

// Live reports whether the grant is good at now.
func (g Grant) Live(now time.Time) bool {
	return g.RevokedAt.IsZero() && (g.ExpiresAt.IsZero() || now.Before(g.ExpiresAt))
}

// Token is what is kept of something that was issued.
type Token struct {
	Hash        []byte // see opaque.Pepper
	GrantID     string
	Use         Use
	Scopes      []string // nil: those of the grant, as they are when it is used
	IssuedAt    time.Time
	ExpiresAt   time.Time
	UsedAt      time.Time // when a code or refresh token was exchanged first
	RedirectURI string    // of a code: as it stood in the authorization request
	Challenge   string    // of a code: S256 (RFC 7636)
}

// Use is what a Token is for.
type Use string

// The uses.
const (
	ForCode    Use = "code"
	ForAccess  Use = "access"
	ForRefresh Use = "refresh"
)

// Holder is a token with the grant and client that it belongs to.
type Holder struct {
	Token  Token
	Grant  Grant
	Client Client
}

// The errors of a Store.
var (
	ErrNotFound = errors.New("not found")
	// ErrUsed is returned by Exchange for a code or refresh token that was exchanged before. The holder comes with it.
	ErrUsed = errors.New("already used")
	// ErrTooMany is returned by AddClient when too many clients wait for the owner's answer.
	ErrTooMany = errors.New("too many clients wait to be let in")
)

// Store keeps clients, grants and what is kept of tokens. What a method has answered survives the end of the process.
type Store interface {
	// AddClient inserts a client, or changes it as SaveClient does. If there are already limit new ones of its kind and
	// side, the oldest that has no open question is forgotten: anybody may register, so the newest counts. It returns
	// ErrTooMany if each of them has one.
	AddClient(ctx context.Context, c Client, limit int) error
	// Client returns the client with that id, or ErrNotFound.
	Client(ctx context.Context, id string) (Client, error)
	// SaveClient changes name, redirect URIs and document of a client, and inserts it if it is missing.
	SaveClient(ctx context.Context, c Client) error
	// AddGrant inserts a grant with its first token, and makes its client an approved one. It returns ErrNotFound for an
	// unknown or blocked client.
	AddGrant(ctx context.Context, g Grant, first Token) error
	// Holder returns the token with that hash, whatever its state, or ErrNotFound. It is one indexed read.
	Holder(ctx context.Context, hash []byte) (Holder, error)
	// Exchange marks a code or refresh token as used at now and inserts what is issued for it, in one step. If it was
	// used before: a refresh token whose first use is at most grace ago is exchanged again; else nothing is inserted and
	// ErrUsed returned. It returns ErrNotFound if the token, or its grant, is gone, revoked or over.
	Exchange(ctx context.Context, hash []byte, now time.Time, grace time.Duration, issued ...Token) error
	// RevokeGrant ends a grant. It is no error if it has ended already.
	RevokeGrant(ctx context.Context, id, reason string, now time.Time) error
	// Widen adds scopes to a live grant. It returns ErrNotFound if it is none.
	Widen(ctx context.Context, id string, scopes []string, now time.Time) error
	// Used remembers that grants were used. It need not survive a crash.
	Used(ctx context.Context, uses []LastUse) error
	// Collect forgets what is over: tokens and codes past their time, grants that ended long ago or have no token left
	// that works, clients that were registered before unapproved and never let in.
	Collect(ctx context.Context, now, unapproved time.Time) error
}

// LastUse is when and from where a grant was last used.
type LastUse struct {
	GrantID string
	At      time.Time
	Address string // class of the address
}
