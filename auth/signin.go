package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// The ways in which a sign-in ends without one.
var (
	ErrDenied  = errors.New("you said no at Google, or closed its page; nothing was changed")
	ErrTimeout = errors.New("nobody finished the sign-in in time; nothing was changed")
	ErrClock   = errors.New("the clock of this computer is wrong")
)

// signedIn is what a sign-in brought.
type signedIn struct {
	identity
	token  *oauth2.Token
	scopes []string
	until  time.Time
}

// question is what Google is asked.
type question struct {
	client GoogleClient
	scopes []string
	hint   string                            // the email that is expected; "" lets the owner choose
	merge  bool                              // add to what the account has granted this client before
	step   func(address string, opened bool) // see SignIn.Step
}

// signIn sends the owner through Google's pages: authorization code with PKCE (RFC 7636), answered at a port of the
// loopback address that is open for this sign-in alone (RFC 8252 section 7.3). accept looks at the result before the
// page says that all is well; its error is shown there, too.
func (p *Profiles) signIn(ctx context.Context, ask question, accept func(context.Context, *signedIn) error) error {
	limit := p.Limit
	if limit == 0 {
		limit = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrTimeout)
	defer cancel()
	listener, redirect, err := p.listen(ask.client)
	if err != nil {
		return fmt.Errorf("signing in: opening a port for Google's answer: %w", err)
	}
	cb := &callback{
		profiles: p, ctx: ctx, accept: accept, state: rand.Text(), verifier: oauth2.GenerateVerifier(), done: make(chan error, 1), host: redirect.Host, path: redirect.Path,
		config: oauthConfig(ask.client.ID, ask.client.Secret, redirect.String(), ask.scopes),
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
		oauth2.AccessTypeOffline, oauth2.S256ChallengeOption(cb.verifier),
	}
	if ask.merge {
		opts = append(opts, oauth2.SetAuthURLParam("include_granted_scopes", "true"))
	}
	if ask.hint != "" {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "consent"), oauth2.SetAuthURLParam("login_hint", ask.hint))
	} else {
		opts = append(opts, oauth2.SetAuthURLParam("prompt", "select_account consent"))
	}
	address := cb.config.AuthCodeURL(cb.state, opts...)
	p.send(address, ask.step)
	var over error
	select {
	case err := <-cb.done:
		return err
	case err := <-served:
		over = fmt.Errorf("signing in: the port for Google's answer is gone: %w", err)
	case <-ctx.Done():
		over = ctx.Err()
		if errors.Is(context.Cause(ctx), ErrTimeout) {
			over = ErrTimeout
		}
	}
	if cb.claim() {
		return over
	}
	// An answer is just being taken: it must end, and take back what it wrote, before anybody is told anything.
	if err := <-cb.done; err == nil || ctx.Err() == nil {
		return err
	}
	return over
}

// send opens the owner's browser at Google's page, and says where that is.
func (p *Profiles) send(address string, step func(address string, opened bool)) {
	if step != nil {
		step(address, false) // a browser may take its time
	}
	opened := p.Browser != nil && p.Browser(address) == nil
	switch {
	case step != nil && opened:
		step(address, true)
	case step != nil:
	case opened:
		p.show("Your browser opens Google's sign-in. If it does not, open this address on this computer:\n\n  %s\n", address)
	default:
		p.show("Open this address in a browser on this computer:\n\n  %s\n", address)
	}
}

const callbackPath = "/oauth2/callback"

// listen opens the port for Google's answer: any for an installed client, the registered one for a web client.
func (p *Profiles) listen(c GoogleClient) (net.Listener, *url.URL, error) {
	listen := p.Listen
	if listen == nil {
		listen = net.Listen
	}
	if c.Redirect == "" {
		l, err := listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		return l, &url.URL{Scheme: "http", Host: l.Addr().String(), Path: callbackPath}, nil
	}
	redirect, err := url.Parse(c.Redirect)
	if err != nil {
		return nil, nil, err
	}
	host := redirect.Hostname()
	if host == "localhost" {
		host = "127.0.0.1"
	}
	l, err := listen("tcp", net.JoinHostPort(host, redirect.Port()))
	if err != nil {
		return nil, nil, fmt.Errorf("the OAuth client wants port %s, which cannot be had (one of the type \"Desktop app\" takes any): %w", redirect.Port(), err)
	}
	return l, redirect, nil
}

// callback answers the browser that comes back from Google. The first answer with the right state counts.
type callback struct {
	profiles *Profiles
	ctx      context.Context // of the sign-in: it ends with it, not with the request
	config   *oauth2.Config
	host     string // that the browser must ask for, so that no other name leads here
	path     string
	state    string
	verifier string
	accept   func(context.Context, *signedIn) error
	done     chan error

	mu   sync.Mutex // guards used
	used bool
}

func (c *callback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != cmp.Or(c.path, "/") || r.Method != http.MethodGet || r.Host != c.host {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(c.state)) != 1 {
		c.profiles.show("A page answered that does not belong to this sign-in; it was ignored.")
		closing(w, http.StatusBadRequest, "This page does not belong to the sign-in", "It may be of an earlier try. Go back to the newest page of Google, or start again in Postern.")
		return
	}
	if !c.claim() {
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

// claim reports whether this is the first who wants to end the sign-in.
func (c *callback) claim() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.used
	c.used = true
	return first
}

// finish exchanges the code and asks who it is.
func (c *callback) finish(q url.Values) (*signedIn, error) {
	switch e := q.Get("error"); {
	case e == "access_denied":
		return nil, ErrDenied
	case e == "admin_policy_enforced":
		return nil, errors.New("signing in: the administrator of this Google Workspace does not allow the OAuth client: ask for it to be trusted in the Admin console")
	case e != "":
		return nil, fmt.Errorf("signing in: Google answered %q", clip(e))
	case q.Get("code") == "":
		return nil, errors.New("signing in: Google's answer has no code")
	}
	p := c.profiles
	watch := &dated{base: p.transport()}
	token, err := c.config.Exchange(context.WithValue(c.ctx, oauth2.HTTPClient, &http.Client{Transport: watch}), q.Get("code"), oauth2.VerifierOption(c.verifier))
	if err != nil {
		return nil, fmt.Errorf("signing in: exchanging the code: %w", p.readable(err))
	}
	if skew := p.skew(watch.date); skew != nil { // every date that is kept would be wrong
		return nil, fmt.Errorf("signing in: %w", skew)
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
	re := refusal(err)
	if re == nil {
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
