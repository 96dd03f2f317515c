package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"postern/auth/vault"
)

// unused is how long Google keeps a refresh token that nobody uses.
const unused = 180 * 24 * time.Hour

// renew gets a new access token with what the vault has, and notes how that went. Where another process has signed the
// profile in again meanwhile, the fault of the old credentials says nothing, and the new ones are tried.
func (p *Profiles) renew(ctx context.Context, id string) (string, error) {
	one, err := p.Index.Profile(ctx, id)
	if err != nil {
		return "", err
	}
	for {
		value, reason, err := p.renewOnce(ctx, one)
		if reason == "" {
			return value, err
		}
		now, err := p.Index.Profile(ctx, id)
		if err != nil {
			return "", err
		}
		if now.SignedInAt.Equal(one.SignedInAt) {
			return "", p.mustSignIn(ctx, now, reason)
		}
		one = now
	}
}

// renewOnce tries it with one state of the profile. reason is why the owner must sign in again, "" if that is not so.
func (p *Profiles) renewOnce(ctx context.Context, one Profile) (value, reason string, err error) {
	v, err := p.Vault(ctx)
	if err != nil {
		return "", "", err
	}
	cred, err := loadCredential(ctx, v, one.ID)
	if errors.Is(err, vault.ErrNotFound) {
		return "", "its credentials are not in the " + v.Kind() + " of this computer", nil
	}
	if err != nil {
		return "", "", err
	}
	t, err := p.source(ctx, one, cred).Token()
	if re := refusal(err); re != nil && re.ErrorCode == "invalid_client" {
		// The owner may have made a new secret for the same client, and imported it.
		if c, cerr := LoadGoogleClient(ctx, v); cerr == nil && c.ID == cred.ClientID && c.Secret != cred.ClientSecret {
			cred.ClientSecret = c.Secret
			if t, err = p.source(ctx, one, cred).Token(); err == nil {
				p.recredit(ctx, v, one, cred)
			}
		}
	}
	if err != nil {
		reason, err = p.renewalFailed(one, err)
		return "", reason, err
	}
	if t.RefreshToken != "" && t.RefreshToken != cred.Refresh && cred.Refresh != "" {
		cred.Refresh = t.RefreshToken
		p.recredit(ctx, v, one, cred)
	}
	p.remember(one, t)
	p.noteRenewal(ctx, one, t)
	return t.AccessToken, "", nil
}

// recredit keeps what changed in the credentials. Without it they work still, for now.
func (p *Profiles) recredit(ctx context.Context, v vault.Vault, one Profile, c credential) {
	if err := saveCredential(ctx, v, one.ID, c); err != nil {
		p.log().Warn("changed credentials could not be kept", "profile", one.Name, "error", err)
	}
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

// noteRenewal keeps what an answer says beside the token: other scopes, an end, and once a day that it still works.
func (p *Profiles) noteRenewal(ctx context.Context, one Profile, t *oauth2.Token) {
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
	if lost := missing(changed.Scopes, one.Scopes); len(lost) > 0 {
		changed.State, changed.Reason = NoScopes, notGranted(lost)
	}
	if slices.Equal(changed.Scopes, one.Scopes) && changed.State == one.State &&
		changed.RefreshUntil.Sub(one.RefreshUntil).Abs() < time.Hour && p.now().Sub(one.CheckedAt) < 24*time.Hour {
		return
	}
	changed.CheckedAt = p.now()
	if err := p.Index.SaveProfile(ctx, changed); err != nil {
		p.log().Warn("keeping a profile's state", "profile", one.Name, "error", err)
	}
}

// renewalFailed tells a sign-in that is over, with the reason, from a fault that says nothing about it.
func (p *Profiles) renewalFailed(one Profile, err error) (string, error) {
	if clock := p.wrongClock(err); clock != nil {
		return "", fmt.Errorf("profile %q: %w", one.Name, clock)
	}
	re := refusal(err)
	if re == nil {
		return "", fmt.Errorf("profile %q: reaching Google: %w", one.Name, err)
	}
	switch re.ErrorCode {
	case "invalid_grant":
		return p.over(one, re), nil
	case "invalid_client", "unauthorized_client", "deleted_client":
		return `Google no longer knows the OAuth client or its secret: import it again with "postern google-client import FILE"`, nil
	}
	return "", fmt.Errorf("profile %q: renewing the access token: %w", one.Name, p.readable(err))
}

// over says why Google no longer takes a grant. It has one answer for all reasons; the rest follows from the dates.
func (p *Profiles) over(one Profile, re *oauth2.RetrieveError) string {
	last := one.SignedInAt
	if one.CheckedAt.After(last) {
		last = one.CheckedAt
	}
	switch {
	case one.Kind == ServiceAccount:
		return "Google refuses the service account: " + clip(re.ErrorDescription)
	case subtype(re) == "invalid_rapt" || subtype(re) == "rapt_required":
		return "expired: its organisation wants a fresh sign-in from time to time"
	case !one.RefreshUntil.IsZero() && !p.now().Before(one.RefreshUntil):
		return "expired: the seven days are over that Google gives an OAuth app in Testing; publish the app in Google Cloud to end that"
	case p.now().Sub(last) > unused:
		return "expired: it was not used for six months"
	}
	return "revoked: the permission was taken back in the Google account, or its password was changed"
}

// mustSignIn notes that a profile must sign in again.
func (p *Profiles) mustSignIn(ctx context.Context, one Profile, reason string) error {
	p.forget(one.ID)
	if err := p.Index.SetProfileState(ctx, one.ID, SignInAgain, reason, p.now()); err != nil {
		p.log().Warn("keeping a profile's state", "profile", one.Name, "error", err)
	}
	return &SignInAgainError{one.Name, reason}
}
