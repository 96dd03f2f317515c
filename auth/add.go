package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errNoRefresh is a sign-in that would end within the hour.
var errNoRefresh = errors.New("signing in: Google gave no refresh token; take Postern's access away at https://myaccount.google.com/connections and try again")

// Add signs the owner in to a new profile. It leaves nothing in the vault and the index if it fails. What the owner has
// allowed at Google then stands there, of no use to anybody: taking it back would end the same account's profiles on
// other computers, too.
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
	ask := question{client: client, scopes: append(slices.Clone(identityScopes), s.Scopes...), step: s.Step}
	err = p.signIn(ctx, ask, func(ctx context.Context, in *signedIn) error {
		now := p.now()
		added = Profile{ID: newID(), OwnerID: "owner", Name: s.Name, Email: in.Email, Subject: in.Subject, Kind: SignedIn, Scopes: in.scopes, Toolsets: s.Toolsets, ReadOnly: s.ReadOnly,
			ClientID: client.ID, AddedAt: now, SignedInAt: now, RefreshUntil: in.until, CheckedAt: now}
		if err := added.judge(s.Scopes); err != nil {
			return err
		}
		if in.token.RefreshToken == "" {
			return errNoRefresh
		}
		if err := p.keep(ctx, added, credential{Refresh: in.token.RefreshToken, ClientID: client.ID, ClientSecret: client.Secret}); err != nil {
			return fmt.Errorf("signing in: %w", err)
		}
		p.remember(added, in.token)
		return nil
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
	lost := missing(one.Scopes, wanted)
	if len(lost) == len(wanted) && len(wanted) > 0 {
		return errors.New("no permission was ticked at Google, so the profile could do nothing; try again and tick the boxes")
	}
	one.State, one.Reason = Valid, ""
	if len(lost) > 0 {
		one.State, one.Reason = NoScopes, notGranted(lost)
	}
	return nil
}

// missing returns what of wanted was not granted.
func missing(granted, wanted []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(s string) bool { return slices.Contains(granted, s) })
}

func notGranted(scopes []string) string {
	var short []string
	for _, s := range scopes {
		short = append(short, s[strings.LastIndex(s, "/")+1:])
	}
	return "not granted: " + strings.Join(short, ", ")
}

// keep writes the credentials of a new profile, then the index; if that fails, the credentials go again.
func (p *Profiles) keep(ctx context.Context, one Profile, c credential) error {
	v, err := p.Vault(ctx)
	if err != nil {
		return err
	}
	if err := saveCredential(ctx, v, one.ID, c); err != nil {
		return err
	}
	if err := p.Index.SaveProfile(ctx, one); err != nil {
		return errors.Join(err, deleteCredential(context.WithoutCancel(ctx), v, one.ID))
	}
	return nil
}
