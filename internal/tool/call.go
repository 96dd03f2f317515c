package tool

import (
	"context"
	"io"
	"net/http"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/exchange"
)

// Profile is what a tool and its client may know of a profile.
type Profile struct {
	ID     string   `json:"-"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	Scopes []string `json:"-"`      // Google scopes that were granted
	Health string   `json:"health"` // "valid", or what is wrong and what the owner can do
	Sample bool     `json:"sample_data,omitempty"`
}

// Profiles are the owner's profiles, as far as tools need them.
type Profiles interface {
	// List returns them by name.
	List(ctx context.Context) ([]Profile, error)
	// HTTPClient returns a client that acts as the profile with that id.
	HTTPClient(ctx context.Context, id string) (*http.Client, error)
	// Default returns the id of the owner's default profile, "" if there is none.
	Default(ctx context.Context) (string, error)
}

// Defaults remembers the default profile that a client chose for itself.
type Defaults interface {
	ClientDefault(ctx context.Context, clientKey string) (profileID string, err error)
	SetClientDefault(ctx context.Context, clientKey, profileID string) error
}

// Files is the exchange folder, see package exchange.
type Files interface {
	Put(ctx context.Context, client, name, mime string, r io.Reader) (exchange.File, error)
	Open(ctx context.Context, client string, local bool, ref string) (exchange.File, io.ReadCloser, error)
}

// Texts reads the text of files, see package extract.
type Texts interface {
	Text(ctx context.Context, name, mime string, data []byte) (string, error)
}

// Client is who calls, and what it may see.
type Client struct {
	Key      string   // stable across its calls; whose approvals, files and default profile these are
	Name     string   // as it calls itself
	Origin   string   // as the operating system or the grant says
	ID       string   // over HTTP: of the client, to tell it from others of its name; else ""
	Grant    string   // over HTTP: id of its grant; else ""
	Address  string   // over HTTP: class of the address that it comes from; else ""
	Local    bool     // a process of the owner on this computer: may name paths in the exchange folder
	Profiles []string // ids it may use; nil means all
	Scopes   []Scope  // it was granted; nil means all
	Default  string   // profile name it was started with (--profile); "" for none
	Toolsets []string // it is shown; nil means all
	Tier     Tier     // it is shown
	ReadOnly bool     // it is shown class read alone
	// AskWrites puts its calls of class write to the owner, too. See Runner.Wrote.
	AskWrites bool
	// Policy is what is in force for the request, if that is known with the client; nil lets Runner.Policy say.
	Policy *Policy
	// Live says why the client may not act any more, e.g. because its grant was ended while a call of it waited; nil if
	// it always may.
	Live func(ctx context.Context) error
}

// Public reports whether the client comes from outside of this computer.
func (c Client) Public() bool { return c.Address == activity.Public }

// Invocation is one call of a tool.
type Invocation struct {
	Client Client
	Tool   string
	Args   []byte // a JSON object; empty for none
	// Progress tells the client how far a long call is; nil if it did not ask.
	Progress func(done, total int, message string)
	// Elicit puts a question through the client itself; nil if it cannot. It is used only if the owner allowed it.
	// ok is false if the person behind the client did not decide.
	Elicit func(ctx context.Context, r approval.Request) (a approval.Answer, ok bool)
	// NoWait answers pending_approval at once, for a client that is then asked in another way.
	NoWait bool
}

// entry begins the record of the call.
func (i Invocation) entry(began time.Time) activity.Entry {
	c := i.Client
	return activity.Entry{
		At: began, Event: activity.Call, ClientID: c.ID, GrantID: c.Grant, Address: c.Address, Client: c.Name, Origin: c.Origin, Tool: i.Tool, BytesIn: len(i.Args),
	}
}

// Call is the facts of the running call, for a tool's function.
type Call struct {
	Tool     string
	Profile  Profile
	Client   Client
	Now      time.Time
	files    Files
	texts    Texts
	progress func(done, total int, message string)
}

type callKey struct{}

// From returns the facts of the call that ctx belongs to.
func From(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	if c == nil {
		return &Call{Now: time.Now()}
	}
	return c
}

// withCall returns a context of a call with the profile p.
func (r *Runner) withCall(ctx context.Context, inv Invocation, p Profile) context.Context {
	return context.WithValue(ctx, callKey{}, &Call{Tool: inv.Tool, Profile: p, Client: inv.Client, Now: r.Now(), files: r.Files, texts: r.Texts, progress: inv.Progress})
}

// Progress tells the client that done of total steps are made. It may be called at any time from any goroutine of the
// call.
func (c *Call) Progress(done, total int, message string) {
	if c.progress != nil {
		c.progress(done, total, message)
	}
}

// PutFile writes r into the exchange folder, for the client of the call.
func (c *Call) PutFile(ctx context.Context, name, mime string, r io.Reader) (exchange.File, error) {
	if c.files == nil {
		return exchange.File{}, Errorf("no_files", "there is no exchange folder in this call")
	}
	return c.files.Put(ctx, c.Client.Key, name, mime, r)
}

// OpenFile opens a handle (postern://file/…) or, for a local client, a path inside the exchange folder.
func (c *Call) OpenFile(ctx context.Context, ref string) (exchange.File, io.ReadCloser, error) {
	if c.files == nil {
		return exchange.File{}, nil, Errorf("no_files", "there is no exchange folder in this call")
	}
	return c.files.Open(ctx, c.Client.Key, c.Client.Local, ref)
}

// Text returns the text of a file, which came from outside.
func (c *Call) Text(ctx context.Context, name, mime string, data []byte) (string, error) {
	if c.texts == nil {
		return "", Errorf("no_text", "files cannot be read in this call")
	}
	return c.texts.Text(ctx, name, mime, data)
}
