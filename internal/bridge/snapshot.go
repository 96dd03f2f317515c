package bridge

import (
	"context"
	"strings"
	"time"

	"postern/internal/activity"
	"postern/internal/desk"
	"postern/internal/fakegoogle/demo"
	"postern/internal/settings"
)

const (
	// recent is how many entries of the activity a Snapshot shows.
	recent = 10
	// runningPatience is how long another process may take to say where it serves.
	runningPatience = 500 * time.Millisecond
)

// Snapshot returns how the bridge stands now. What cannot be read is left out and said in Trouble; an error means that
// ctx has ended. It does not touch the vault, which may hang: see LookAtVault.
func (b *Bridge) Snapshot(ctx context.Context, version string) (desk.Snapshot, error) {
	s := desk.Snapshot{At: b.config.Now(), Version: version, Dir: b.Dir, Paused: b.Paused(), LockedDown: b.LockedDown(), Demo: b.demo != nil}
	s.Vault, s.GoogleClient = b.looked.now()
	b.whereServed(ctx, &s)
	for _, part := range []func(context.Context, *desk.Snapshot) error{
		b.snapFolder, b.snapPairing, b.snapProfiles, b.snapWaiting, b.snapClients, b.snapRecent, b.snapSettings, b.snapTunnel,
	} {
		if err := part(ctx, &s); err != nil && s.Trouble == "" {
			s.Trouble = err.Error()
		}
	}
	return s, ctx.Err()
}

// whereServed says where clients are served, by this process or another.
func (b *Bridge) whereServed(ctx context.Context, s *desk.Snapshot) {
	if now, here := b.running.Load(), b.service(); now != nil && here != nil {
		s.Local, s.Public = now.Local, here.share.public()
	} else if b.socket.Load() == nil {
		within, cancel := context.WithTimeout(ctx, runningPatience)
		defer cancel()
		if other, err := b.Running(within); err == nil {
			s.Local, s.Public = other.Local, other.Public
		}
	}
	s.Serving = s.Local != ""
	switch why := b.trouble.Load(); {
	case why == nil:
	case !b.vaultly.Load():
		s.Trouble = *why
	case s.Vault.Trouble == "" && !s.Vault.Asked: // or else it has been said
		s.Vault.Trouble = *why
	}
}

func (b *Bridge) snapFolder(ctx context.Context, s *desk.Snapshot) error {
	folder, err := b.Folder(ctx)
	if err == nil {
		s.Folder = folder.Dir
	}
	return err
}

func (b *Bridge) snapPairing(ctx context.Context, s *desk.Snapshot) (err error) {
	s.PairingUntil, err = b.Pairing(ctx)
	return err
}

func (b *Bridge) snapWaiting(ctx context.Context, s *desk.Snapshot) (err error) {
	s.Waiting, err = b.Queue.Pending(ctx)
	return err
}

func (b *Bridge) snapRecent(ctx context.Context, s *desk.Snapshot) (err error) {
	s.Recent, err = b.Activity(ctx, activity.Filter{Limit: recent})
	return err
}

func (b *Bridge) snapSettings(ctx context.Context, s *desk.Snapshot) error {
	values, err := settings.Values(ctx, b.Store)
	if err != nil {
		return err
	}
	for _, k := range settings.Keys() {
		s.Settings = append(s.Settings, desk.Setting{Name: k.Name, Value: values[k.Name], Default: k.Default, Doc: k.Doc, Values: k.Values})
	}
	return nil
}

func (b *Bridge) snapTunnel(ctx context.Context, s *desk.Snapshot) (err error) {
	s.Tunnel, err = b.Tunnel(ctx)
	return err
}

func (b *Bridge) snapProfiles(ctx context.Context, s *desk.Snapshot) error {
	if b.demo != nil {
		sample := desk.Profile{ID: demoID, Name: demo.Name, Email: demo.Email, State: "valid", Default: true, Sample: true}
		for _, t := range b.Toolsets() {
			sample.Toolsets = append(sample.Toolsets, t.ID)
		}
		s.Profiles = append(s.Profiles, sample)
	}
	all, err := b.deskProfiles(ctx)
	s.Profiles = append(s.Profiles, all...)
	return err
}

// deskProfiles returns the owner's own profiles, by name.
func (b *Bridge) deskProfiles(ctx context.Context) ([]desk.Profile, error) {
	all, err := b.Profiles.List(ctx)
	if err != nil {
		return nil, err
	}
	preset, err := profiles{b}.Default(ctx)
	if err != nil {
		return nil, err
	}
	var out []desk.Profile
	for _, one := range all {
		p := desk.Profile{
			ID: one.ID, Name: one.Name, Email: one.Email, State: string(one.State), Reason: one.Reason, Toolsets: one.Toolsets, ReadOnly: one.ReadOnly,
			Default: one.ID == preset || preset == "" && len(all) == 1, SignedInAt: one.SignedInAt, EndsAt: one.RefreshUntil,
		}
		for _, o := range all {
			if o.ID != one.ID && strings.EqualFold(o.Email, one.Email) {
				p.SameAs = o.Name
				break
			}
		}
		out = append(out, p)
	}
	return out, nil
}
