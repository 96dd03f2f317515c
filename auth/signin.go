package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// The ways in which a sign-in ends without one.
var (
	ErrDenied  = errors.New("you said no at Google, or closed its page; nothing was changed")
	ErrTimeout = errors.New("nobody finished the sign-in in time; nothing was changed")
)

// signedIn is what a sign-in brought.
type signedIn struct {
	identity
	token  *oauth2.Token
	scopes []string
	until  time.Time
}

// signIn sends the owner through Google's pages: authorization code with PKCE (RFC 7636), answered at a port of the
// loopback address that is open for this sign-in alone (RFC 8252 section 7.3). accept looks at the result before the
// page says that all is well; its error is shown there, too.
func (p *Profiles) signIn(ctx context.Context, c GoogleClient, scopes []string, hint string, accept func(context.Context, *signedIn) error) error {
	limit := p.Limit
	if limit == 0 {
		limit = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrTimeout)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("signing in: opening a port for Google's answer: %w", err)
	}
	cb := &callback{
		profiles: p, ctx: ctx, accept: accept, state: rand.Text(), verifier: oauth2.GenerateVerifier(), done: make(chan error, 1),
		config: oauthConfig(c.ID, c.Secret, "http://"+listener.Addr().String()+callbackPath, scopes),
	}
	srv := &http.Server{Handler: cb, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	defer func() {
		// The page is still on its way when the result is known.
		end, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer stop()
		_ = srv.Shutdown(end)
	}()
	opts := []oauth2.AuthCodeOption{
		oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(cb.verifier), oauth2.SetAuthURLParam("prompt", "consent"), oauth2.SetAuthURLParam("include_granted_scopes", "true"),
	}
	if hint != "" {
		opts = append(opts, oauth2.SetAuthURLParam("login_hint", hint))
	} else {
		opts[2] = oauth2.SetAuthURLParam("prompt", "select_account consent")
	}
	address := cb.config.AuthCodeURL(cb.state, opts...)
	if p.Browser == nil || p.Browser(address) != nil {
		p.show("Open this address in a browser on this computer:\n\n  %s\n", address)
	} else {
		p.show("Your browser opens Google's sign-in. If it does not, open this address on this computer:\n\n  %s\n", address)
	}
	select {
	case err := <-cb.done:
		return err
	case err := <-served:
		return fmt.Errorf("signing in: the port for Google's answer is gone: %w", err)
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), ErrTimeout) {
			return ErrTimeout
		}
		return ctx.Err()
	}
}

const callbackPath = "/oauth2/callback"

// callback answers the browser that comes back from Google. The first answer with the right state counts.
type callback struct {
	profiles *Profiles
	ctx      context.Context // of the sign-in: it ends with it, not with the request
	config   *oauth2.Config
	state    string
	verifier string
	accept   func(context.Context, *signedIn) error
	done     chan error

	mu   sync.Mutex // guards used
	used bool
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != callbackPath || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(c.state)) != 1 {
		c.profiles.show("A page answered that does not belong to this sign-in; it was ignored.")
		closing(w, http.StatusBadRequest, "This page does not belong to the sign-in", "It may be of an earlier try. Go back to the newest page of Google, or start again in Postern.")
		return
	}
	c.mu.Lock()
	again := c.used
	c.used = true
	c.mu.Unlock()
	if again {
		closing(w, http.StatusConflict, "This sign-in was answered already", "You can close this page.")
		return
	}
	in, err := c.finish(q)
	if err == nil {
		err = c.accept(c.ctx, in)
	}
	if err != nil {
		closing(w, http.StatusBadRequest, "The sign-in did not work", sentence(err))
	} else {
		closing(w, http.StatusOK, "Signed in as "+in.Email, "You can close this page and go back to Postern.")
	}
	c.done <- err
}

// finish exchanges the code and asks who it is.
func (c *callback) finish(q url.Values) (*signedIn, error) {
	switch e := q.Get("error"); {
	case e == "access_denied":
		return nil, ErrDenied
	case e != "":
		return nil, fmt.Errorf("signing in: Google answered %q", clip(e))
	case q.Get("code") == "":
		return nil, errors.New("signing in: Google's answer has no code")
	}
	p := c.profiles
	token, err := c.config.Exchange(p.via(c.ctx), q.Get("code"), oauth2.VerifierOption(c.verifier))
	if err != nil {
		return nil, fmt.Errorf("signing in: exchanging the code: %w", p.readable(err))
	}
	who, err := p.whoIs(c.ctx, token.AccessToken)
	if err != nil {
		return nil, fmt.Errorf("signing in: %w", err)
	}
	return &signedIn{who, token, granted(token), refreshUntil(token, p.now())}, nil
}

// readable makes an error of the token endpoint readable; it holds no token.
func (p *Profiles) readable(err error) error {
	if clock := p.wrongClock(err); clock != nil {
		return clock
	}
	var re *oauth2.RetrieveError
	if !errors.As(err, &re) {
		return plain(err)
	}
	switch re.ErrorCode {
	case "invalid_client":
		return errors.New(`Google does not know the OAuth client, or its secret is wrong: download its JSON again and run "postern google-client import FILE"`)
	case "invalid_grant":
		return fmt.Errorf("Google refuses the code or the permission (%s)", clip(re.ErrorDescription))
	case "":
		if re.Response != nil {
			return fmt.Errorf("Google answered %s", re.Response.Status)
		}
	}
	return fmt.Errorf("Google answered %s (%s)", clip(re.ErrorCode), clip(re.ErrorDescription))
}

func clip(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

// sentence makes an error a sentence for a page.
func sentence(err error) string {
	s := err.Error()
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// Add signs the owner in to a new profile. It leaves nothing behind if it fails.
func (p *Profiles) Add(ctx context.Context, s SignIn) (Profile, error) {
	if err := p.free(ctx, s.Name); err != nil {
		return Profile{}, err
	}
	v, err := p.Vault(ctx)
	if err != nil {
		return Profile{}, err
	}
	client, err := LoadGoogleClient(ctx, v)
	if err != nil {
		return Profile{}, err
	}
	var added Profile
	err = p.signIn(ctx, client, append(slices.Clone(identityScopes), s.Scopes...), "", func(ctx context.Context, in *signedIn) error {
		now := p.now()
		added = Profile{ID: newID(), OwnerID: "owner", Name: s.Name, Email: in.Email, Subject: in.Subject, Kind: SignedIn, Scopes: in.scopes, Toolsets: s.Toolsets, ReadOnly: s.ReadOnly,
			ClientID: client.ID, AddedAt: now, SignedInAt: now, RefreshUntil: in.until, CheckedAt: now}
		if err := added.judge(s.Scopes); err != nil {
			p.drop(ctx, in, added)
			return err
		}
		if in.token.RefreshToken == "" {
			p.drop(ctx, in, added)
			return errors.New("signing in: Google gave no refresh token; take Postern's access away at https://myaccount.google.com/connections and try again")
		}
		return p.keep(ctx, added, credential{Refresh: in.token.RefreshToken, ClientID: client.ID, ClientSecret: client.Secret}, in)
	})
	if err != nil {
		return Profile{}, err
	}
	return added, nil
}

// free refuses a name that cannot be, or is taken.
func (p *Profiles) free(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	all, err := p.Index.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if strings.EqualFold(o.Name, name) {
			return fmt.Errorf(`%w: %q. To sign it in again run "postern profiles refresh %s"`, ErrNameTaken, o.Name, o.Name)
		}
	}
	return nil
}

// judge sets the state by what was granted of what was wanted. Nothing at all is an error.
func (one *Profile) judge(wanted []string) error {
	var missing []string
	for _, s := range wanted {
		if !slices.Contains(one.Scopes, s) {
			missing = append(missing, s)
		}
	}
	if len(missing) == len(wanted) && len(wanted) > 0 {
		return errors.New("no permission was ticked at Google, so the profile could do nothing; try again and tick the boxes")
	}
	one.State, one.Reason = Valid, ""
	if len(missing) > 0 {
		for i, m := range missing {
			missing[i] = m[strings.LastIndex(m, "/")+1:]
		}
		one.State, one.Reason = NoScopes, "not granted: "+strings.Join(missing, ", ")
	}
	return nil
}

// keep writes the credentials, then the index; if that fails, the credentials go again.
func (p *Profiles) keep(ctx context.Context, one Profile, c credential, in *signedIn) error {
	v, err := p.Vault(ctx)
	if err != nil {
		return err
	}
	if err := saveCredential(ctx, v, one.ID, c); err != nil {
		p.drop(ctx, in, one)
		return fmt.Errorf("signing in: %w", err)
	}
	if err := p.Index.SaveProfile(ctx, one); err != nil {
		err = errors.Join(fmt.Errorf("signing in: %w", err), deleteCredential(context.WithoutCancel(ctx), v, one.ID))
		p.drop(ctx, in, one)
		return err
	}
	p.remember(one.ID, in.token)
	return nil
}

// drop takes back at Google what a sign-in brought that is not kept, unless another profile lives from it.
func (p *Profiles) drop(ctx context.Context, in *signedIn, one Profile) {
	if in == nil || in.token.RefreshToken == "" || p.sharing(ctx, one) != "" {
		return
	}
	if err := p.revoke(context.WithoutCancel(ctx), in.token.RefreshToken); err != nil {
		p.log().Warn("a permission that is not kept could not be taken back", "error", err)
	}
}

// Refresh signs a profile in again, with more scopes if s wants them. Another Google account than the profile's is
// refused, and then nothing changes.
func (p *Profiles) Refresh(ctx context.Context, name string, s SignIn) (Profile, error) {
	one, err := p.Find(ctx, name)
	if err != nil {
		return Profile{}, err
	}
	if one.Kind != SignedIn {
		return Profile{}, fmt.Errorf("profile %q came from Application Default Credentials: remove it and add it again with --adc", one.Name)
	}
	v, err := p.Vault(ctx)
	if err != nil {
		return Profile{}, err
	}
	client, err := LoadGoogleClient(ctx, v)
	if err != nil {
		return Profile{}, err
	}
	fresh := one
	err = p.signIn(ctx, client, append(slices.Clone(identityScopes), s.Scopes...), one.Email, func(ctx context.Context, in *signedIn) error {
		if in.Subject != one.Subject {
			p.drop(ctx, in, Profile{Subject: in.Subject, ClientID: client.ID})
			return fmt.Errorf("signing in: this is %s, but profile %q is %s; nothing was changed", in.Email, one.Name, one.Email)
		}
		now := p.now()
		fresh.Email, fresh.Scopes, fresh.Toolsets, fresh.ReadOnly = in.Email, in.scopes, s.Toolsets, s.ReadOnly
		fresh.ClientID, fresh.SignedInAt, fresh.RefreshUntil, fresh.CheckedAt = client.ID, now, in.until, now
		if err := fresh.judge(s.Scopes); err != nil {
			return err
		}
		refresh := in.token.RefreshToken
		if refresh == "" { // Google gives none when it thinks that the old one will do
			old, err := loadCredential(ctx, v, one.ID)
			if err != nil || old.Refresh == "" || old.ClientID != client.ID {
				return errors.New("signing in: Google gave no refresh token; take Postern's access away at https://myaccount.google.com/connections and try again")
			}
			refresh = old.Refresh
		}
		if err := saveCredential(ctx, v, one.ID, credential{Refresh: refresh, ClientID: client.ID, ClientSecret: client.Secret}); err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		if err := p.Index.SaveProfile(ctx, fresh); err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		p.remember(one.ID, in.token)
		return nil
	})
	if err != nil {
		return Profile{}, err
	}
	return fresh, nil
}
