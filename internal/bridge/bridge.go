// Package bridge puts Postern together: state, vault, profiles, tools and the approvals, as one object that every face
// talks to. It decides nothing that a package below it decides.
package bridge

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"postern/auth"
	"postern/auth/vault"
	"postern/internal/approval"
	"postern/internal/control"
	"postern/internal/exchange"
	"postern/internal/extract"
	"postern/internal/fakegoogle/demo"
	"postern/internal/settings"
	"postern/internal/store"
	"postern/internal/tool"
)

// Config is what a Bridge is opened with. The zero value works on the user's own state.
type Config struct {
	Dir     string                            // state directory; "" for POSTERN_HOME, else "postern" in the user's config directory
	Getenv  func(string) string               // os.Getenv
	Demo    bool                              // add the sample account
	Log     io.Writer                         // where the log goes; nil for nowhere
	Browser func(url string) error            // opens a browser; nil where there is none
	Show    func(format string, args ...any)  // says something to the owner during a sign-in
	Ask     func(create bool) (string, error) // asks for the passphrase of an encrypted vault; nil where nobody can be asked
	Now     func() time.Time                  // time.Now
	Web     http.RoundTripper                 // the way to the own public address from outside; nil for the system's network
	Reader  []string                          // the command that reads a file, see extract.Reader; empty for none
}

// Bridge is an open Postern. Close it.
type Bridge struct {
	Dir      string
	Store    *store.Store
	Queue    *approval.Queue
	Profiles *auth.Profiles
	Log      *slog.Logger

	config Config
	demo   *demo.Demo // nil without the sample account

	serving atomic.Pointer[service]          // nil unless it serves over HTTP
	socket  atomic.Pointer[control.Listener] // nil unless this is the bridge of the state directory
	running atomic.Pointer[Running]          // where it serves
	trouble atomic.Pointer[string]           // why it does not, though it should
	vaultly atomic.Bool                      // trouble is the vault's
	changed bell                             // rung when something has changed that a face may show
	teller  teller                           // tells the serving bridge, if that is another process
	desktop desktop
	level   slog.LevelVar // of the log
	looked  lookedAt      // what is known of the vault
	probe   string        // see probeHeader
	carried carrier       // what is shared again when clients are served anew
	holding holding       // the lockdown, as this process has it

	mu    sync.Mutex // guards vault
	vault vault.Vault
}

// Open opens the state and makes it if it is missing. The vault is opened when it is first needed.
func Open(ctx context.Context, c Config) (*Bridge, error) {
	if c.Getenv == nil {
		c.Getenv = os.Getenv
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	dir, err := StateDir(c.Dir, c.Getenv)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	b := &Bridge{Dir: dir, Store: s, config: c, probe: rand.Text(), Queue: &approval.Queue{Store: s, Now: c.Now}}
	b.Queue.Changed = func() { b.tell(news{Approvals: true}) }
	b.Queue.Decided = b.decided
	set, err := b.Settings(ctx)
	if err != nil {
		s.Close()
		return nil, err
	}
	b.level.Set(set.Level)
	b.Log = slog.New(slog.DiscardHandler)
	if c.Log != nil {
		b.Log = slog.New(slog.NewTextHandler(discreet{c.Log}, &slog.HandlerOptions{Level: &b.level}))
	}
	b.Profiles = &auth.Profiles{Index: index{s, b}, Vault: b.Vault, HTTP: b.google(network()), Now: c.Now, Browser: c.Browser, Show: c.Show, Log: b.Log}
	if c.Demo {
		b.demo = demo.New(c.Now)
	}
	return b, nil
}

// StateDir returns the state directory: dir if it is given, else POSTERN_HOME, else the user's.
func StateDir(dir string, getenv func(string) string) (string, error) {
	dir = cmp.Or(dir, getenv("POSTERN_HOME"))
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return "", fmt.Errorf("finding the state directory: %w; set POSTERN_HOME", err)
		}
		dir = filepath.Join(base, "postern")
	}
	return filepath.Abs(dir)
}

// Close writes what waits to be written, and gives the serving bridge a moment to hear the last news.
func (b *Bridge) Close() error {
	b.teller.wait(lastNews)
	return b.Store.Close()
}

// Settings returns the settings in force.
func (b *Bridge) Settings(ctx context.Context) (settings.Settings, error) {
	return settings.Load(ctx, b.Store)
}

// Vault returns the vault, which it opens the first time.
func (b *Bridge) Vault(ctx context.Context) (vault.Vault, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.vault != nil {
		return b.vault, nil
	}
	v, err := vault.Open(ctx, b.vaultConfig())
	if err != nil {
		return nil, vaultError{err}
	}
	b.vault = v
	return v, nil
}

func (b *Bridge) vaultConfig() vault.Config {
	c := vault.Config{Dir: b.Dir, Service: b.vaultService(), Getenv: b.config.Getenv}
	if b.config.Ask != nil {
		c.Ask = b.askPassphrase
	}
	return c
}

// vaultService names the items in the keychain: another state directory has others.
func (b *Bridge) vaultService() string {
	if usual, err := StateDir("", func(string) string { return "" }); err == nil && usual == b.Dir {
		return "postern"
	}
	sum := sha256.Sum256([]byte(b.Dir))
	return "postern-" + hex.EncodeToString(sum[:4])
}

// Folder returns the exchange folder.
func (b *Bridge) Folder(ctx context.Context) (*exchange.Folder, error) {
	set, err := b.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return &exchange.Folder{Dir: cmp.Or(set.Folder, filepath.Join(b.Dir, "files")), Index: b.Store, Now: b.config.Now}, nil
}

// Runner returns what runs tools. Close it when the last call was made.
func (b *Bridge) Runner(ctx context.Context) (*tool.Runner, error) {
	if _, err := b.Folder(ctx); err != nil {
		return nil, err
	}
	var texts tool.Texts
	if len(b.config.Reader) > 0 {
		texts = &extract.Reader{Command: b.config.Reader}
	}
	return &tool.Runner{
		Sets: Sets(), Profiles: profiles{b}, Defaults: b.Store, Files: folderNow{b}, Texts: texts, Queue: b.Queue, Recorder: recorder{b}, Policy: b.policy, Now: b.config.Now, Log: b.Log,
	}, nil
}

// policy is what the settings say. If they cannot be read, the owner is asked about everything that can be asked about.
func (b *Bridge) policy(ctx context.Context) tool.Policy {
	if b.LockedDown() {
		return tool.Policy{Closed: ErrLockedDown.Error()}
	}
	set, err := b.Settings(ctx)
	if err != nil {
		b.Log.Error("reading the policy", "error", err)
		return tool.Policy{Write: tool.Deny, Outward: tool.Ask, Destructive: tool.Ask}
	}
	return policyOf(set)
}

func policyOf(set settings.Settings) tool.Policy {
	return tool.Policy{Write: tool.Rule(set.Write), Outward: tool.Rule(set.Outward), Destructive: tool.Rule(set.Destructive), Elicitation: set.Elicitation}
}

// Prune forgets activity that is older than the owner wants it.
func (b *Bridge) Prune(ctx context.Context) error {
	set, err := b.Settings(ctx)
	if err != nil {
		return err
	}
	return errors.Join(b.Store.PruneActivity(ctx, b.config.Now().Add(-set.KeepActivity)), b.Store.ExpireApprovals(ctx, b.config.Now()))
}
