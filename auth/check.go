package auth

import (
	"context"
	"errors"
)

// Check asks Google about a profile and keeps the state that results. Unreachable is returned but not kept: it says
// nothing about the credentials, and must not hide what is known of them.
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
		return p.Index.Profile(ctx, one.ID)
	case ctx.Err() != nil:
		return Profile{}, ctx.Err()
	case err != nil:
		return unreachable(one, err), nil
	}
	if one.Kind != ServiceAccount {
		if _, err := p.whoIs(ctx, value); ctx.Err() != nil {
			return Profile{}, ctx.Err()
		} else if err != nil {
			return unreachable(one, err), nil
		}
	}
	if one, err = p.Index.Profile(ctx, one.ID); err != nil {
		return Profile{}, err
	}
	one.CheckedAt = p.now()
	return one, p.Index.SetProfileState(ctx, one.ID, one.State, one.Reason, one.CheckedAt)
}

func unreachable(one Profile, err error) Profile {
	one.State, one.Reason = Unreachable, plain(err).Error()
	return one
}
