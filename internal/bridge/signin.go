package bridge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"postern/auth"
	"postern/internal/desk"
	"postern/internal/fakegoogle/demo"
)

// errSample is why the sample profile stays as it is.
var errSample = errors.New("this profile is sample data: it cannot be changed")

// AddProfile signs the owner in to a new profile, in a browser; it takes until they are done there, or ctx ends. step is
// told how far it is. remarks are what is odd about the profile, in sentences.
func (b *Bridge) AddProfile(ctx context.Context, in desk.SignIn, step func(desk.Step)) (added desk.Profile, remarks []string, err error) {
	s, err := SignIn(in.Name, in.Toolsets, in.ReadOnly)
	if err != nil {
		return added, nil, err
	}
	s.Step = stepper(step)
	one, err := b.Profiles.Add(ctx, s)
	if err != nil {
		return added, nil, err
	}
	return b.signedIn(ctx, one)
}

// SignInAgain signs a profile in again, for the same toolsets as before; else it is as AddProfile.
func (b *Bridge) SignInAgain(ctx context.Context, name string, step func(desk.Step)) (desk.Profile, []string, error) {
	old, err := b.find(ctx, name)
	if err != nil {
		return desk.Profile{}, nil, err
	}
	s, err := SignIn(old.Name, old.Toolsets, old.ReadOnly)
	if err != nil {
		return desk.Profile{}, nil, err
	}
	s.Step = stepper(step)
	one, err := b.Profiles.Refresh(ctx, old.Name, s)
	if err != nil {
		return desk.Profile{}, nil, err
	}
	return b.signedIn(ctx, one)
}

// stepper passes the steps of a sign-in on.
func stepper(step func(desk.Step)) func(string, bool) {
	return func(address string, opened bool) {
		if step != nil {
			step(desk.Step{URL: address, Opened: opened})
		}
	}
}

// signedIn returns a profile that was just signed in, with what is odd about it.
func (b *Bridge) signedIn(ctx context.Context, one auth.Profile) (desk.Profile, []string, error) {
	var remarks []string
	if one.State != auth.Valid {
		remarks = append(remarks, fmt.Sprintf("Not everything can be done with it: %s. Sign in again and tick all boxes to change that.", one.Reason))
	}
	remarks = append(remarks, b.Remarks(ctx, one)...)
	all, err := b.deskProfiles(ctx)
	if err != nil {
		return desk.Profile{}, remarks, fmt.Errorf("the sign-in worked, but the profiles could not be read: %w", err)
	}
	for _, p := range all {
		if p.ID == one.ID {
			return p, remarks, nil
		}
	}
	return desk.Profile{}, remarks, auth.ErrNotFound // another process was faster to remove it
}

// Remarks says what is odd about a profile that was just signed in, in sentences; what is wrong with it says Health.
func (b *Bridge) Remarks(ctx context.Context, one auth.Profile) []string {
	var remarks []string
	if !one.RefreshUntil.IsZero() {
		remarks = append(remarks, fmt.Sprintf("Your OAuth app is in Testing, so Google ends this sign-in on %s. Publish the app in Google Cloud to end that.", one.RefreshUntil.Local().Format("2 January")))
	}
	all, err := b.Profiles.List(ctx)
	if err != nil {
		return remarks // they are of no use to somebody whose store is broken
	}
	for _, o := range all {
		if o.ID != one.ID && strings.EqualFold(o.Email, one.Email) {
			remarks = append(remarks, fmt.Sprintf("Profile %s is the same account.", o.Name))
		}
	}
	return remarks
}

// find returns one of the owner's own profiles, by name or email.
func (b *Bridge) find(ctx context.Context, name string) (auth.Profile, error) {
	one, err := b.Profiles.Find(ctx, name)
	if errors.Is(err, auth.ErrNotFound) && b.demo != nil && strings.EqualFold(name, demo.Name) {
		return one, errSample
	}
	return one, err
}

// RemoveProfile forgets a profile and takes its permission back at Google. warning says why that was not done, "" if it
// was.
func (b *Bridge) RemoveProfile(ctx context.Context, name string) (warning string, err error) {
	one, err := b.find(ctx, name)
	if err != nil {
		return "", err
	}
	_, warning, err = b.Profiles.Remove(ctx, one.Name)
	return warning, err
}

// RenameProfile gives a profile another name.
func (b *Bridge) RenameProfile(ctx context.Context, from, to string) error {
	one, err := b.find(ctx, from)
	if err != nil {
		return err
	}
	_, err = b.Profiles.Rename(ctx, one.Name, to)
	return err
}

// UseProfile makes a profile the owner's default.
func (b *Bridge) UseProfile(ctx context.Context, name string) error {
	one, err := b.find(ctx, name)
	if err != nil {
		return err
	}
	_, err = b.Profiles.Use(ctx, one.Name)
	return err
}
