package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"postern/internal/approval"
	"postern/internal/settings"
	"postern/internal/tool"
	"postern/internal/workspace/gmail"
	"postern/server"
)

// Shown limits what a client is shown, beyond the settings.
type Shown struct {
	Profile  string   // default profile
	Toolsets []string // nil for those of the settings
	Tier     string   // "" for that of the settings
	ReadOnly bool
}

// LocalClient is the client that has started this process.
func (b *Bridge) LocalClient(ctx context.Context, s Shown) (tool.Client, error) {
	set, err := b.Settings(ctx)
	if err != nil {
		return tool.Client{}, err
	}
	c, err := clientOf(set, s)
	if err != nil {
		return c, err
	}
	self := approval.Self()
	path := ""
	for i, a := range self.Ancestry {
		if a == self.Client {
			path = self.Parents[i]
		}
	}
	c.Key, c.Name, c.Origin = "local:"+path, "a local client", "unknown program"
	if path != "" {
		c.Name, c.Origin = filepath.Base(path), fmt.Sprintf("%s (pid %d)", path, self.Client.PID)
	}
	return c, nil
}

// Terminal is the client that the owner's own commands are: postern tools call.
func (b *Bridge) Terminal(ctx context.Context, s Shown) (tool.Client, error) {
	set, err := b.Settings(ctx)
	if err != nil {
		return tool.Client{}, err
	}
	c, err := clientOf(set, s)
	c.Key, c.Name, c.Origin = "local:cli", "postern tools call", "a command line"
	return c, err
}

// clientOf is a client as the settings, and s before them, want it shown.
func clientOf(set settings.Settings, s Shown) (tool.Client, error) {
	c := tool.Client{Local: true, Default: s.Profile, Toolsets: set.Toolsets, ReadOnly: set.ReadOnly || s.ReadOnly}
	if s.Toolsets != nil {
		c.Toolsets = s.Toolsets
	}
	for _, t := range c.Toolsets {
		if !slices.ContainsFunc(Sets(), func(have tool.Set) bool { return have.Name == t }) {
			return c, fmt.Errorf("there is no toolset %q", t)
		}
	}
	tier := set.Tier
	if s.Tier != "" {
		tier = s.Tier
	}
	switch tier {
	case "core":
		c.Tier = tool.Core
	case "extended":
		c.Tier = tool.ExtendedTier
	case "complete":
		c.Tier = tool.CompleteTier
	default:
		return c, fmt.Errorf("there is no tier %q: there are core, extended and complete", tier)
	}
	return c, nil
}

// Stdio serves the client that has started this process, until in ends or ctx.
func (b *Bridge) Stdio(ctx context.Context, s Shown, version string, in io.Reader, out io.Writer) error {
	c, err := b.LocalClient(ctx, s)
	if err != nil {
		return err
	}
	if s.Profile != "" && (b.demo == nil || s.Profile != demoID) {
		if _, err := b.Profiles.Find(ctx, s.Profile); err != nil {
			return err
		}
	}
	r, err := b.Runner(ctx)
	if err != nil {
		return err
	}
	srv := server.Server{Runner: r, Client: c, Version: version, Log: b.Log, Sample: b.demo != nil, Labels: b.labels}
	err = srv.Stdio(ctx, in, out)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 300*time.Millisecond)
	defer cancel()
	if cerr := r.Close(end); cerr != nil && !errors.Is(cerr, context.DeadlineExceeded) {
		err = errors.Join(err, cerr)
	}
	return errors.Join(err, b.Prune(context.WithoutCancel(ctx)))
}

// labels returns the names of a profile's labels.
func (b *Bridge) labels(ctx context.Context, profileID string) ([]string, error) {
	hc, err := profiles{b}.HTTPClient(ctx, profileID)
	if err != nil {
		return nil, err
	}
	return gmail.LabelNames(ctx, hc)
}
