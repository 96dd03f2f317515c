package bridge

import (
	"context"
	"time"

	"postern/internal/activity"
	"postern/server/oauth"
)

// ClientOverview is a client with all that it was given.
type ClientOverview struct {
	oauth.Client
	LastAddress string // class of the address it was last heard of from; "" if never
	Grants      []GrantOverview
}

// GrantOverview is a grant with what the owner calls its profiles, and what was done with it.
type GrantOverview struct {
	oauth.Grant
	Names []string       // of the profiles, in their order; "" for one that was removed
	Used  []activity.Use // as far as activity is kept
}

// Clients returns all clients with their grants, the last used first, ended grants too.
func (b *Bridge) Clients(ctx context.Context) ([]ClientOverview, error) {
	clients, err := b.Store.Clients(ctx)
	if err != nil {
		return nil, err
	}
	grants, err := b.Store.Grants(ctx)
	if err != nil {
		return nil, err
	}
	names, err := b.ProfileNames(ctx)
	if err != nil {
		return nil, err
	}
	used, err := b.Store.ToolsUsed(ctx)
	if err != nil {
		return nil, err
	}
	of := map[string][]GrantOverview{} // by client
	for _, g := range grants {
		one := GrantOverview{Grant: g, Names: []string{}, Used: append([]activity.Use{}, used[g.ID]...)}
		for _, id := range g.Profiles {
			one.Names = append(one.Names, names[id])
		}
		of[g.ClientID] = append(of[g.ClientID], one)
	}
	all := make([]ClientOverview, 0, len(clients))
	for _, c := range clients {
		one := ClientOverview{Client: c, Grants: of[c.ID]}
		var last time.Time
		for _, g := range one.Grants {
			if g.LastUsedAt.After(last) {
				last, one.LastAddress = g.LastUsedAt, g.LastAddress
			}
		}
		all = append(all, one)
	}
	return all, nil
}
