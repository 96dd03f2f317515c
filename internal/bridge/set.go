package bridge

import (
	"context"

	"postern/internal/desk"
	"postern/internal/settings"
)

// SetSetting gives a setting a value, after checking both. Whether the face that asks may loosen anything is for that
// face to know: the window may, a command line not always.
func (b *Bridge) SetSetting(ctx context.Context, name, value string) error {
	if err := settings.Set(ctx, b.Store, name, value); err != nil {
		return err
	}
	b.tell(news{Settings: true})
	return nil
}

// Toolsets returns the toolsets that there are, with their names for people.
func (b *Bridge) Toolsets() []desk.Choice {
	var all []desk.Choice
	for _, s := range Sets() {
		all = append(all, desk.Choice{ID: s.Name, Title: s.Title})
	}
	return all
}
