package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/singleflight"

	"postern/auth/vault"
)

// Profiles are the owner's profiles with their credentials. Its fields are set before the first call and not changed.
type Profiles struct {
	Index   Index
	Vault   func(context.Context) (vault.Vault, error)          // opened when it is first needed
	HTTP    *http.Client                                        // to Google, without credentials; never nil
	Now     func() time.Time                                    // time.Now
	Browser func(url string) error                              // opens the owner's browser; nil where there is none
	Show    func(format string, args ...any)                    // says something to the owner during a sign-in; nil for nobody
	Limit   time.Duration                                       // for a sign-in; 5 min
	Listen  func(network, address string) (net.Listener, error) // opens the port for Google's answer; nil means net.Listen
	Log     *slog.Logger                                        // nil: silent
	ADC     string                                              // Application Default Credentials that Refresh reads again; "" means DefaultADC

	mu      sync.Mutex // guards tokens
	tokens  map[string]*token
	renewal singleflight.Group // by profile id
}

// SignIn says what a profile is to be.
type SignIn struct {
	Name     string
	Toolsets []string
	ReadOnly bool
	Scopes   []string // Google scopes to ask for
	// Step is told the address of Google's page, and again when a browser was opened at it; nil lets Profiles.Show say it.
	Step func(address string, opened bool)
}

// checkName refuses what could be taken for something else in a command, an address or an argument.
func checkName(name string) error {
	plain := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	odd := func(r rune) bool { return !plain(r) && !strings.ContainsRune("._-", r) }
	if first, _ := utf8.DecodeRuneInString(name); !plain(first) || strings.ContainsFunc(name, odd) || utf8.RuneCountInString(name) > 40 || !utf8.ValidString(name) {
		return fmt.Errorf("%q cannot be a profile's name: up to 40 letters, digits, dots, dashes and underscores", name)
	}
	if strings.EqualFold(name, "all") {
		return errors.New(`a profile cannot be called "all", which means every profile`)
	}
	return nil
}

// List returns the profiles by name.
func (p *Profiles) List(ctx context.Context) ([]Profile, error) { return p.Index.Profiles(ctx) }

// Find returns the profile with that name, or, if only one has it, that email.
func (p *Profiles) Find(ctx context.Context, nameOrEmail string) (Profile, error) {
	all, err := p.Index.Profiles(ctx)
	if err != nil {
		return Profile{}, err
	}
	var found []Profile
	var names []string
	for _, one := range all {
		if strings.EqualFold(one.Name, nameOrEmail) {
			return one, nil
		}
		if strings.EqualFold(one.Email, nameOrEmail) {
			found = append(found, one)
		}
		names = append(names, one.Name)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		return Profile{}, fmt.Errorf("several profiles have the email %s: name one of them", nameOrEmail)
	}
	if len(names) == 0 {
		return Profile{}, fmt.Errorf(`%w %q: there are none yet, add one with "postern profiles add NAME"`, ErrNotFound, nameOrEmail)
	}
	return Profile{}, fmt.Errorf("%w %q: there are %s", ErrNotFound, nameOrEmail, strings.Join(names, ", "))
}

// Rename gives a profile another name.
func (p *Profiles) Rename(ctx context.Context, from, to string) (Profile, error) {
	if err := checkName(to); err != nil {
		return Profile{}, err
	}
	one, err := p.Find(ctx, from)
	if err != nil {
		return Profile{}, err
	}
	one.Name = to
	return one, p.Index.SaveProfile(ctx, one)
}

// Use makes a profile the owner's default.
func (p *Profiles) Use(ctx context.Context, name string) (Profile, error) {
	one, err := p.Find(ctx, name)
	if err != nil {
		return Profile{}, err
	}
	return one, p.Index.SetDefaultProfile(ctx, one.ID)
}

// Remove forgets a profile and takes its permission back at Google. warning says why that could not be done, or was
// not: another profile may live from the same permission.
func (p *Profiles) Remove(ctx context.Context, name string) (removed Profile, warning string, err error) {
	one, err := p.Find(ctx, name)
	if err != nil {
		return Profile{}, "", err
	}
	v, err := p.Vault(ctx)
	if err != nil {
		return Profile{}, "", err
	}
	cred, err := loadCredential(ctx, v, one.ID)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		warning = fmt.Sprintf("its credentials could not be read, so the permission still stands at Google (%v); take it back at https://myaccount.google.com/connections", err)
	}
	if err := deleteCredential(ctx, v, one.ID); err != nil {
		return Profile{}, "", fmt.Errorf("removing profile %q: %w", one.Name, err)
	}
	if err := p.Index.RemoveProfile(ctx, one.ID); err != nil {
		return Profile{}, "", fmt.Errorf("removing profile %q: %w", one.Name, err)
	}
	p.forget(one.ID)
	switch {
	case one.Kind == AuthorizedUser:
		return one, `the permission still stands at Google, because it is gcloud's: end it with "gcloud auth application-default revoke"`, nil
	case one.Kind == ServiceAccount:
		return one, "the key is still good at Google: delete it in Google Cloud if nothing else uses it", nil
	case cred.Refresh == "" && warning == "":
		return one, "its credentials were not in the " + v.Kind() + ", so the permission still stands at Google; take it back at https://myaccount.google.com/connections", nil
	case cred.Refresh == "":
		return one, warning, nil
	}
	other, err := p.sharing(ctx, one)
	if err != nil {
		return one, fmt.Sprintf("the permission still stands at Google, because another profile may use it (%v); take it back at https://myaccount.google.com/connections", err), nil
	}
	if other != "" {
		return one, fmt.Sprintf("the permission still stands at Google, because profile %q uses it, too", other), nil
	}
	if err := p.revoke(ctx, cred.Refresh); err != nil {
		warning = fmt.Sprintf("the permission could not be taken back at Google (%v); do that at https://myaccount.google.com/connections", err)
	}
	return one, warning, nil
}

// sharing returns the name of another profile that lives from the same permission: same account, same client. Taking
// one back at Google would end both.
func (p *Profiles) sharing(ctx context.Context, one Profile) (string, error) {
	all, err := p.Index.Profiles(ctx)
	if err != nil {
		return "", err
	}
	for _, o := range all {
		if o.ID != one.ID && o.Subject == one.Subject && o.ClientID == one.ClientID && o.Kind == SignedIn {
			return o.Name, nil
		}
	}
	return "", nil
}

func (p *Profiles) now() time.Time {
	if p.Now == nil {
		return time.Now()
	}
	return p.Now()
}

func (p *Profiles) show(format string, args ...any) {
	if p.Show != nil {
		p.Show(format, args...)
	}
}

func (p *Profiles) log() *slog.Logger {
	if p.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return p.Log
}

func newID() string { return strings.ToLower(rand.Text()[:16]) }
