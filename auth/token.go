package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"postern/auth/vault"
)

// early is how long before its end an access token is replaced.
const early = 5 * time.Minute

// renewalLimit is how long the replacement of a token may take; it goes on when the call that wanted it is cancelled.
const renewalLimit = 30 * time.Second

// token is an access token in memory.
type token struct {
	value   string
	expires time.Time
}

// SignInAgainError says that Google no longer accepts a profile's credentials. Only the owner can end that.
type SignInAgainError struct {
	Profile string
	Reason  string
}

func (e *SignInAgainError) Error() string {
	return fmt.Sprintf("profile %q must sign in again: %s", e.Profile, e.Reason)
}

// OwnerMust returns the command that ends it.
func (e *SignInAgainError) OwnerMust() string { return "postern profiles refresh " + e.Profile }

// HTTPClient returns a client that acts as the profile with that id.
func (p *Profiles) HTTPClient(ctx context.Context, id string) (*http.Client, error) {
	one, err := p.Index.Profile(ctx, id)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &authorized{p, one.ID, one.QuotaProject}}, nil
}

// authorized adds a profile's access token to requests.
type authorized struct {
	profiles     *Profiles
	id           string
	quotaProject string
}

// RoundTrip sends the request with the token, and once more with a new one if Google no longer takes it.
func (a *authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, value, err := a.try(r, "")
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	again := r.Clone(r.Context())
	if r.Body != nil && r.Body != http.NoBody {
		if r.GetBody == nil {
			return resp, nil
		}
		if again.Body, err = r.GetBody(); err != nil {
			return resp, nil
		}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be used again
	resp.Body.Close()
	resp, _, err = a.try(again, value)
	return resp, err
}

// try sends the request with a token other than refused.
func (a *authorized) try(r *http.Request, refused string) (*http.Response, string, error) {
	value, err := a.profiles.accessToken(r.Context(), a.id, refused)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, "", err
	}
	out := r.Clone(r.Context())
	out.Header.Set("Authorization", "Bearer "+value)
	if a.quotaProject != "" {
		out.Header.Set("X-Goog-User-Project", a.quotaProject)
	}
	resp, err := a.profiles.HTTP.Transport.RoundTrip(out)
	return resp, value, err
}

// accessToken returns a token that is good for a while, and not the one that was refused.
func (p *Profiles) accessToken(ctx context.Context, id, refused string) (string, error) {
	p.mu.Lock()
	t := p.tokens[id]
	p.mu.Unlock()
	if t != nil && t.value != refused && p.now().Add(early).Before(t.expires) {
		return t.value, nil
	}
	ch := p.renewal.DoChan(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalLimit)
		defer cancel()
		return p.renew(ctx, id)
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-ch:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	}
}

// renew gets a new access token with what the vault has, and notes how that went.
func (p *Profiles) renew(ctx context.Context, id string) (string, error) {
	one, err := p.Index.Profile(ctx, id)
	if err != nil {
		return "", err
	}
	v, err := p.Vault(ctx)
	if err != nil {
		return "", err
	}
	cred, err := loadCredential(ctx, v, id)
	if errors.Is(err, vault.ErrNotFound) {
		return "", p.mustSignIn(ctx, one, "its credentials are not in the "+v.Kind()+" of this computer")
	}
	if err != nil {
		return "", err
	}
	t, err := p.source(ctx, one, cred).Token()
	if err != nil {
		return "", p.renewalFailed(ctx, one, err)
	}
	p.remember(id, t)
	p.noteRenewal(ctx, one, cred, t)
	return t.AccessToken, nil
}

// source is where a profile's access tokens come from.
func (p *Profiles) source(ctx context.Context, one Profile, c credential) oauth2.TokenSource {
	if one.Kind == ServiceAccount {
		config := jwt.Config{Email: c.Email, PrivateKey: []byte(c.PrivateKey), PrivateKeyID: c.PrivateKeyID, Scopes: one.Scopes, TokenURL: tokenURL}
		if one.Email != c.Email {
			config.Subject = one.Email
		}
		return config.TokenSource(p.via(ctx))
	}
	return oauthConfig(c.ClientID, c.ClientSecret, "", nil).TokenSource(p.via(ctx), &oauth2.Token{RefreshToken: c.Refresh})
}

// noteRenewal keeps what an answer says beside the token: a rotated refresh token, fewer scopes, an end.
func (p *Profiles) noteRenewal(ctx context.Context, one Profile, c credential, t *oauth2.Token) {
	if t.RefreshToken != "" && t.RefreshToken != c.Refresh && c.Refresh != "" {
		c.Refresh = t.RefreshToken
		if v, err := p.Vault(ctx); err != nil || saveCredential(ctx, v, one.ID, c) != nil {
			p.log().Warn("a new refresh token could not be kept", "profile", one.Name)
		}
	}
	changed := one
	if scopes := granted(t); len(scopes) > 0 && one.Kind != ServiceAccount {
		changed.Scopes = scopes
	}
	if until := refreshUntil(t, p.now()); !until.IsZero() {
		changed.RefreshUntil = until
	}
	if one.State == SignInAgain || one.State == Unreachable {
		changed.State, changed.Reason = Valid, ""
	}
	if slices.Equal(changed.Scopes, one.Scopes) && changed.State == one.State && changed.RefreshUntil.Sub(one.RefreshUntil).Abs() < time.Hour {
		return
	}
	changed.CheckedAt = p.now()
	if err := p.Index.SaveProfile(ctx, changed); err != nil {
		p.log().Warn("keeping a profile's state", "profile", one.Name, "error", err)
	}
}

// renewalFailed tells a sign-in that is over from a fault of the network, which says nothing about it.
func (p *Profiles) renewalFailed(ctx context.Context, one Profile, err error) error {
	if clock := p.wrongClock(err); clock != nil {
		return fmt.Errorf("profile %q: %w", one.Name, clock)
	}
	var re *oauth2.RetrieveError
	if !errors.As(err, &re) {
		return fmt.Errorf("profile %q: reaching Google: %w", one.Name, err)
	}
	switch re.ErrorCode {
	case "invalid_grant":
		reason := "Google says that the permission was revoked or has expired (it was taken back in the Google account, the password was changed, or it was not used for six months)"
		if !one.RefreshUntil.IsZero() && !p.now().Before(one.RefreshUntil) {
			reason = "the seven days are over that Google gives an OAuth app in Testing; publish the app in Google Cloud to end that"
		}
		if one.Kind == ServiceAccount {
			reason = "Google refuses the service account: " + clip(re.ErrorDescription)
		}
		return p.mustSignIn(ctx, one, reason)
	case "invalid_client", "unauthorized_client", "deleted_client":
		return p.mustSignIn(ctx, one, "Google no longer knows the OAuth client or its secret: import it again with \"postern google-client import FILE\"")
	}
	return fmt.Errorf("profile %q: renewing the access token: %w", one.Name, p.readable(err))
}

// mustSignIn notes that a profile must sign in again.
func (p *Profiles) mustSignIn(ctx context.Context, one Profile, reason string) error {
	p.forget(one.ID)
	if err := p.Index.SetProfileState(ctx, one.ID, SignInAgain, reason, p.now()); err != nil {
		p.log().Warn("keeping a profile's state", "profile", one.Name, "error", err)
	}
	return &SignInAgainError{one.Name, reason}
}

func (p *Profiles) remember(id string, t *oauth2.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens == nil {
		p.tokens = map[string]*token{}
	}
	expires := t.Expiry
	if expires.IsZero() {
		expires = p.now().Add(time.Hour)
	}
	p.tokens[id] = &token{t.AccessToken, expires}
}

func (p *Profiles) forget(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tokens, id)
}

// Check asks Google about a profile and keeps the state that results.
func (p *Profiles) Check(ctx context.Context, name string) (Profile, error) {
	one, err := p.Find(ctx, name)
	if err != nil {
		return Profile{}, err
	}
	p.forget(one.ID)
	value, err := p.accessToken(ctx, one.ID, "")
	var again *SignInAgainError
	switch {
	case errors.As(err, &again):
		return p.Find(ctx, name)
	case err != nil:
		return p.set(ctx, one, Unreachable, plain(err).Error())
	}
	if one.Kind == SignedIn {
		if _, err := p.whoIs(ctx, value); err != nil {
			return p.set(ctx, one, Unreachable, plain(err).Error())
		}
	}
	if one, err = p.Find(ctx, name); err != nil {
		return Profile{}, err
	}
	if one.State == NoScopes {
		return p.set(ctx, one, NoScopes, one.Reason)
	}
	return p.set(ctx, one, Valid, "")
}

func (p *Profiles) set(ctx context.Context, one Profile, s State, reason string) (Profile, error) {
	one.State, one.Reason, one.CheckedAt = s, reason, p.now()
	return one, p.Index.SetProfileState(ctx, one.ID, s, reason, one.CheckedAt)
}
