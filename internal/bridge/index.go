package bridge

import (
	"context"
	"time"

	"postern/auth"
	"postern/internal/store"
)

// index is the profiles' index, which tells the faces what has changed in it.
type index struct {
	*store.Store
	b *Bridge
}

// SaveProfile implements auth.Index.
func (i index) SaveProfile(ctx context.Context, p auth.Profile) error {
	return i.told(i.Store.SaveProfile(ctx, p))
}

// SetProfileState implements auth.Index.
func (i index) SetProfileState(ctx context.Context, id string, s auth.State, reason string, at time.Time) error {
	return i.told(i.Store.SetProfileState(ctx, id, s, reason, at))
}

// RemoveProfile implements auth.Index.
func (i index) RemoveProfile(ctx context.Context, id string) error {
	return i.told(i.Store.RemoveProfile(ctx, id))
}

// SetDefaultProfile implements auth.Index.
func (i index) SetDefaultProfile(ctx context.Context, id string) error {
	return i.told(i.Store.SetDefaultProfile(ctx, id))
}

func (i index) told(err error) error {
	if err == nil {
		i.b.tell(news{Profiles: true})
	}
	return err
}
