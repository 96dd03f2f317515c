package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"postern/auth/vault"
)

// Refresh signs a profile in again, with more or fewer scopes if s wants them. One of Application Default Credentials
// has its file read again. Another Google account than the profile's is refused; whatever fails, nothing changes.
func (p *Profiles) Refresh(ctx context.Context, name string, s SignIn) (Profile, error) {
	one, err := p.Find(ctx, name)
	if err != nil {
		return Profile{}, err
	}
	if one.Kind != SignedIn {
		return p.refreshADC(ctx, one, s)
	}
	v, err := p.Vault(ctx)
	if err != nil {
		return Profile{}, err
	}
	client, err := LoadGoogleClient(ctx, v)
	if err != nil {
		return Profile{}, err
	}
	// Merging adds what the account granted before. That is no help to a profile that is to do less, nor to one beside
	// another of the same account, which may be allowed more.
	other, err := p.sharing(ctx, one)
	if err != nil {
		return Profile{}, err
	}
	less := len(missing(append(slices.Clone(s.Scopes), identityGranted...), one.Scopes)) > 0
	ask := question{client: client, scopes: append(slices.Clone(identityScopes), s.Scopes...), hint: one.Email, merge: other == "" && !less, step: s.Step}
	fresh := one
	err = p.signIn(ctx, ask, func(ctx context.Context, in *signedIn) error {
		if in.Subject != one.Subject {
			return otherAccount(one, in.Email)
		}
		now := p.now()
		fresh.Email, fresh.Scopes, fresh.Toolsets, fresh.ReadOnly = in.Email, in.scopes, s.Toolsets, s.ReadOnly
		fresh.ClientID, fresh.SignedInAt, fresh.RefreshUntil, fresh.CheckedAt = client.ID, now, in.until, now
		if err := fresh.judge(s.Scopes); err != nil {
			return err
		}
		if in.token.RefreshToken == "" { // the old one may be what has to be replaced
			return errNoRefresh
		}
		if err := p.swap(ctx, v, fresh, credential{Refresh: in.token.RefreshToken, ClientID: client.ID, ClientSecret: client.Secret}); err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		p.remember(fresh, in.token)
		return nil
	})
	if err != nil {
		return Profile{}, err
	}
	return fresh, nil
}

func otherAccount(one Profile, email string) error {
	return fmt.Errorf("signing in: this is %s, but profile %q is %s; nothing was changed", email, one.Name, one.Email)
}

// swap replaces a profile's credentials, then its row; if that fails, the old credentials come back.
func (p *Profiles) swap(ctx context.Context, v vault.Vault, one Profile, c credential) error {
	old, err := loadCredential(ctx, v, one.ID)
	had := err == nil
	if err != nil && !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, errDamaged) {
		return err
	}
	err = saveCredential(ctx, v, one.ID, c)
	if err == nil {
		err = p.Index.SaveProfile(ctx, one)
	}
	if err == nil {
		return nil
	}
	back := context.WithoutCancel(ctx)
	if had {
		return errors.Join(err, saveCredential(back, v, one.ID, old))
	}
	return errors.Join(err, deleteCredential(back, v, one.ID))
}

// refreshADC reads the credentials of a profile again.
func (p *Profiles) refreshADC(ctx context.Context, one Profile, s SignIn) (Profile, error) {
	s.Name = one.Name
	path := cmp.Or(p.ADC, DefaultADC(os.Getenv))
	fresh, c, t, err := p.readADC(ctx, s, path)
	if err != nil {
		return Profile{}, fmt.Errorf("profile %q came from Application Default Credentials: %w", one.Name, err)
	}
	if fresh.Kind != one.Kind || fresh.Subject != one.Subject {
		return Profile{}, fmt.Errorf("profile %q is %s, but the credentials in %s are of %s: remove the profile and add it again with --adc FILE; nothing was changed", one.Name, one.Email, path, fresh.Email)
	}
	fresh.ID, fresh.AddedAt = one.ID, one.AddedAt
	v, err := p.Vault(ctx)
	if err != nil {
		return Profile{}, err
	}
	if err := p.swap(ctx, v, fresh, c); err != nil {
		return Profile{}, err
	}
	p.remember(fresh, t)
	return fresh, nil
}
