package bridge

import (
	"context"
	"io"
	"net"
	"strconv"

	"postern/internal/desk"
	"postern/internal/exchange"
	"postern/internal/settings"
)

// SetSetting gives a setting a value, after checking both. Whether the face that asks may loosen anything is for that
// face to know: the window may, a command line not always.
func (b *Bridge) SetSetting(ctx context.Context, name, value string) error {
	if err := settings.Set(ctx, b.Store, name, value); err != nil {
		return err
	}
	b.followSettings(ctx)
	b.tell(news{Settings: true})
	return nil
}

// followSettings does at once what the settings say and nothing asks them for.
func (b *Bridge) followSettings(ctx context.Context) {
	set, err := b.Settings(ctx)
	if err != nil {
		b.Log.Error("reading the settings", "error", err)
		return
	}
	b.level.Set(set.Level)
	if s := b.service(); s != nil {
		s.share.setUntil(set.OffAfter)
	}
}

// LocalAddress is where the settings have clients on this computer served: host and port.
func (b *Bridge) LocalAddress(ctx context.Context) (string, error) {
	set, err := b.Settings(ctx)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(set.Port)), err
}

// Moved returns nil once LocalAddress is not from any more, or the error of ctx when that ends first.
func (b *Bridge) Moved(ctx context.Context, from string) error {
	for {
		changed := b.Changed()
		now, err := b.LocalAddress(ctx)
		if err != nil || now != from {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// folderNow is the exchange folder of the moment, for what outlives a change of the settings.
type folderNow struct{ b *Bridge }

// Put implements tool.Files.
func (f folderNow) Put(ctx context.Context, client, name, mime string, r io.Reader) (exchange.File, error) {
	folder, err := f.b.Folder(ctx)
	if err != nil {
		return exchange.File{}, err
	}
	return folder.Put(ctx, client, name, mime, r)
}

// Open implements tool.Files.
func (f folderNow) Open(ctx context.Context, client string, local bool, ref string) (exchange.File, io.ReadCloser, error) {
	folder, err := f.b.Folder(ctx)
	if err != nil {
		return exchange.File{}, nil, err
	}
	return folder.Open(ctx, client, local, ref)
}

// Toolsets returns the toolsets that there are, with their names for people.
func (b *Bridge) Toolsets() []desk.Choice {
	var all []desk.Choice
	for _, s := range Sets() {
		all = append(all, desk.Choice{ID: s.Name, Title: s.Title})
	}
	return all
}
