package bridge

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/tool"
	"postern/server/oauth"
)

// errGrantNarrowed is why a call that waited is not run.
var errGrantNarrowed = errors.New("the owner has taken this from the client's grant")

// ChangeGrant gives the client of a live grant other profiles, scopes and another end, which may be more than it has or
// less: its tokens follow. What the owner's settings rule out is refused. What runs or waits for the grant and is not
// allowed any more ends; the client hears that its tools have changed.
func (b *Bridge) ChangeGrant(ctx context.Context, grantID string, t approval.Terms) error {
	if err := b.mayGive(ctx, t); err != nil {
		return err
	}
	set, err := b.Settings(ctx)
	if err != nil {
		return err
	}
	before, err := b.Store.ChangeGrant(ctx, grantID, t.Profiles, t.Scopes, t.Expires, set.Refresh, b.config.Now())
	switch {
	case errors.Is(err, oauth.ErrNotFound):
		return errors.New("what this client was given has ended already: it must ask to be let in again")
	case err != nil:
		return fmt.Errorf("changing what a client was given: %w", err)
	}
	b.recordGrant(ctx, activity.Changed, before)
	b.tell(news{Changed: []string{grantID}})
	after, err := b.Store.Grant(ctx, grantID)
	if err != nil {
		return fmt.Errorf("it is changed, but what waits for it could not be looked at: %w", err)
	}
	return b.withdrawLost(ctx, before, after)
}

// mayGive says why these terms cannot be given: they are out of what is on offer.
func (b *Bridge) mayGive(ctx context.Context, t approval.Terms) error {
	switch {
	case t.Once:
		return errors.New("once is for a call that was refused, not for what a client is given to keep")
	case len(t.Profiles) == 0:
		return errors.New("no profile is given: name at least one, or revoke it")
	case len(t.Scopes) == 0:
		return errors.New("nothing is given: name at least one scope, or revoke it")
	case !t.Expires.IsZero() && !b.config.Now().Before(t.Expires):
		return errors.New("the time it is given for is over already")
	}
	profiles, scopes, err := b.GrantChoices(ctx)
	if err != nil {
		return err
	}
	for _, id := range t.Profiles {
		if !offered(profiles, id) {
			return fmt.Errorf("there is no profile %q to give", id)
		}
	}
	for _, s := range t.Scopes {
		if !offered(scopes, s) {
			return fmt.Errorf("the settings rule out the scope %q: toolsets and read_only say what can be given", s)
		}
	}
	return nil
}

func offered(choices []approval.Choice, id string) bool {
	return slices.ContainsFunc(choices, func(c approval.Choice) bool { return c.ID == id })
}

// GrantChoices returns what the owner can give to a client now, by their settings.
func (b *Bridge) GrantChoices(ctx context.Context) (profiles, scopes []approval.Choice, err error) {
	o := offers{b, newCatalogue()}
	if profiles, err = o.Profiles(ctx); err != nil {
		return nil, nil, err
	}
	scopes, err = o.Scopes(ctx, nil)
	return profiles, scopes, err
}

// withdrawLost takes back the questions of a grant's calls that it does not allow any more. Their yes would do nothing.
func (b *Bridge) withdrawLost(ctx context.Context, before, after oauth.Grant) error {
	names, err := b.ProfileNames(ctx)
	if err != nil {
		return err
	}
	open, err := b.Queue.Pending(ctx)
	for _, q := range open {
		if q.Kind != approval.Action || q.ClientKey != grantKey+after.ID {
			continue
		}
		gone := q.Profile != "" && !slices.ContainsFunc(after.Profiles, func(id string) bool { return names[id] == q.Profile })
		if !gone && !lost(before, after, q.Tool, "") {
			continue
		}
		if werr := b.Queue.Withdraw(ctx, q.ID); !errors.Is(werr, approval.ErrSettled) {
			err = errors.Join(err, werr)
		}
	}
	return err
}

// lost reports whether a call that a grant allowed before is not allowed any more. What it did not allow then was allowed
// for once, and stays so.
func lost(before, after oauth.Grant, toolName, profileID string) bool {
	if slices.Contains(before.Profiles, profileID) && !slices.Contains(after.Profiles, profileID) {
		return true
	}
	want := scopeOf(toolName)
	return want != "" && holds(before.Scopes, want) && !holds(after.Scopes, want)
}

// scopeOf is the scope that a tool needs, "" for none.
func scopeOf(toolName string) string {
	for _, set := range Sets() {
		for _, t := range set.Tools {
			if t.Name == toolName {
				return string(tool.ScopeFor(set.Name, t.Class))
			}
		}
	}
	return ""
}

// holds reports whether scopes are enough where want is asked for.
func holds(scopes []string, want string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return tool.Scope(s).Implies(tool.Scope(want)) })
}

// narrow ends what runs for a grant and is not allowed any more.
func (s *service) narrow(ctx context.Context, id string) {
	g, err := s.b.Store.Grant(ctx, id)
	switch {
	case errors.Is(err, oauth.ErrNotFound) || err == nil && !g.Live(s.b.config.Now()):
		s.live.End(id)
		s.http.End(id)
	case err != nil:
		s.b.Log.Error("looking at a grant that was changed", "grant", id, "error", err) // recheck does it again
	default:
		s.live.Narrow(g, holds)
	}
}
