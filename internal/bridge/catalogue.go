package bridge

import (
	"context"
	"slices"

	"postern/internal/approval"
	"postern/internal/tool"
)

// catalogue is the scopes that a tool needs, for the authorization server.
type catalogue struct{ scopes []tool.Scope }

func newCatalogue() catalogue {
	var c catalogue
	for _, scope := range tool.Scopes() {
		for _, set := range Sets() {
			if slices.ContainsFunc(set.Tools, func(t tool.Tool) bool { return tool.ScopeFor(set.Name, t.Class) == scope }) {
				c.scopes = append(c.scopes, scope)
				break
			}
		}
	}
	return c
}

// Scopes returns all, by service and from narrow to wide.
func (c catalogue) Scopes() []string {
	var all []string
	for _, s := range c.scopes {
		all = append(all, string(s))
	}
	return all
}

// Basic returns those of reading.
func (c catalogue) Basic() []string {
	var all []string
	for _, s := range c.scopes {
		if s == tool.ScopeFor(s.Service(), tool.ClassRead) {
			all = append(all, string(s))
		}
	}
	return all
}

// Implies reports whether holding one scope is enough where the other is asked for.
func (c catalogue) Implies(has, want string) bool { return tool.Scope(has).Implies(tool.Scope(want)) }

// offers is what the owner can give to a client now.
type offers struct {
	b *Bridge
	catalogue
}

// Profiles returns all profiles.
func (o offers) Profiles(ctx context.Context) ([]approval.Choice, error) {
	all, err := profiles{o.b}.List(ctx)
	if err != nil {
		return nil, err
	}
	choices := []approval.Choice{}
	for _, p := range all {
		title := p.Name + " (" + p.Email + ")"
		if p.Sample {
			title = p.Name + " (" + p.Email + ", sample data)"
		}
		choices = append(choices, approval.Choice{ID: p.ID, Title: title})
	}
	return choices, nil
}

// Scopes returns the scopes within the owner's settings: their toolsets, and reading alone if they say so.
func (o offers) Scopes(ctx context.Context, asked []string) ([]approval.Choice, error) {
	set, err := o.b.Settings(ctx)
	if err != nil {
		return nil, err
	}
	choices := []approval.Choice{}
	for _, s := range o.scopes {
		if set.Toolsets != nil && !slices.Contains(set.Toolsets, s.Service()) || set.ReadOnly && s != tool.ScopeFor(s.Service(), tool.ClassRead) {
			continue
		}
		choices = append(choices, approval.Choice{
			ID: string(s), Title: s.Title(), Risky: s.Outward(),
			Asked: slices.ContainsFunc(asked, func(a string) bool { return o.Implies(a, string(s)) }),
		})
	}
	return choices, nil
}
