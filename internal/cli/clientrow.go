package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/internal/activity"
	"postern/internal/bridge"
	"postern/server/oauth"
)

// clientRow is a client for programs.
type clientRow struct {
	ID           string       `json:"client_id"`
	Name         string       `json:"name"`
	Kind         oauth.Kind   `json:"kind"`
	Status       oauth.Status `json:"status"`
	NeedsSecret  bool         `json:"needs_secret,omitempty"` // it cannot prove itself until the owner has made it a new one
	RedirectURIs []string     `json:"redirect_uris"`
	CreatedAt    time.Time    `json:"created_at"`
	LastUsedAt   time.Time    `json:"last_used_at,omitzero"`
	LastAddress  string       `json:"last_address,omitempty"`
	Grants       []grantRow   `json:"grants"`
}

// grantRow is a grant for programs.
type grantRow struct {
	ID           string         `json:"id"`
	Profiles     []string       `json:"profiles"`
	Scopes       []string       `json:"scopes"`
	Resource     string         `json:"resource"`
	SentTo       string         `json:"sent_to"`
	ApprovedVia  string         `json:"approved_via"`
	CreatedAt    time.Time      `json:"created_at"`
	LastUsedAt   time.Time      `json:"last_used_at,omitzero"`
	LastAddress  string         `json:"last_address,omitempty"`
	ExpiresAt    time.Time      `json:"expires_at,omitzero"`
	RevokedAt    time.Time      `json:"revoked_at,omitzero"`
	RevokeReason string         `json:"revoke_reason,omitempty"`
	ToolsUsed    []activity.Use `json:"tools_used"` // as far as activity is kept
}

func (g grantRow) live(now time.Time) bool {
	return g.RevokedAt.IsZero() && (g.ExpiresAt.IsZero() || now.Before(g.ExpiresAt))
}

// usedFrom says when, and from which class of address, something was last used.
func usedFrom(last time.Time, address string, now time.Time) string {
	if address == "" {
		return age(last, now)
	}
	return age(last, now) + ", " + address
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// may says what the client can do at now: what all its live grants give together, by profile.
func (c clientRow) may(now time.Time) string {
	if c.Status == oauth.Blocked {
		return "blocked"
	}
	scopes := map[string][]string{} // by profile
	for _, g := range c.Grants {
		for _, p := range g.Profiles {
			if g.live(now) {
				scopes[p] = append(scopes[p], g.Scopes...)
			}
		}
	}
	profiles := map[string][]string{} // by what may be done with them
	for p, all := range scopes {
		slices.Sort(all)
		what := strings.Join(slices.Compact(all), " ")
		profiles[what] = append(profiles[what], p)
	}
	var all []string
	for what, names := range profiles {
		slices.Sort(names)
		all = append(all, what+" of "+strings.Join(names, ", "))
	}
	slices.Sort(all)
	what := cmp.Or(strings.Join(all, "; "), "nothing")
	if c.NeedsSecret {
		what = "needs a new secret; " + what
	}
	return what
}

// named puts words for a profile that was removed, and has no name any more.
func named(profiles []string) []string {
	all := make([]string, len(profiles))
	for i, name := range profiles {
		all[i] = cmp.Or(name, "a removed profile")
	}
	return all
}

// clientRows reads all clients with their grants.
func clientRows(ctx context.Context, b *bridge.Bridge) ([]clientRow, error) {
	all, err := b.Clients(ctx)
	if err != nil {
		return nil, err
	}
	rows := []clientRow{}
	for _, c := range all {
		row := clientRow{ID: c.ID, Name: c.Name, Kind: c.Kind, Status: c.Status, NeedsSecret: c.NeedsSecret(), RedirectURIs: c.RedirectURIs, CreatedAt: c.CreatedAt, LastUsedAt: c.LastUsedAt, LastAddress: c.LastAddress, Grants: []grantRow{}}
		for _, g := range c.Grants {
			row.Grants = append(row.Grants, grantRow{g.ID, named(g.Names), g.Scopes, g.Resource, g.RedirectURI, g.ApprovedVia, g.CreatedAt, g.LastUsedAt, g.LastAddress, g.ExpiresAt, g.RevokedAt, g.RevokeReason, g.Used})
		}
		rows = append(rows, row)
	}
	return rows, nil
}
