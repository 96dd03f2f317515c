package bridge

import (
	"cmp"
	"context"
	"net/url"

	"postern/internal/desk"
	"postern/internal/tool"
	"postern/server/oauth"
)

// snapClients fills in the clients. Those that only registered are left out: anybody can, and the owner has nothing to do
// with them until they ask.
func (b *Bridge) snapClients(ctx context.Context, s *desk.Snapshot) error {
	all, err := b.Clients(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Status == oauth.New && c.Kind != oauth.Static && len(c.Grants) == 0 {
			continue
		}
		s.Clients = append(s.Clients, b.deskClient(c))
	}
	return nil
}

func (b *Bridge) deskClient(c ClientOverview) desk.Client {
	out := desk.Client{ID: c.ID, Name: c.Name, Identity: identity(c.Client), Blocked: c.Status == oauth.Blocked, CreatedAt: c.CreatedAt, LastUsedAt: c.LastUsedAt, LastFrom: c.LastAddress}
	for _, g := range c.Grants {
		if g.Live(b.config.Now()) {
			out.Grants = append(out.Grants, deskGrant(g))
		}
	}
	return out
}

// identity is the host that vouches for a client's name, "" if none does.
func identity(c oauth.Client) string {
	if c.Kind != oauth.Published {
		return ""
	}
	u, err := url.Parse(c.ID)
	if err != nil {
		return ""
	}
	return u.Host
}

func deskGrant(g GrantOverview) desk.Grant {
	out := desk.Grant{
		ID: g.ID, SentTo: g.RedirectURI, Public: public(g.Grant), CreatedAt: g.CreatedAt, LastUsedAt: g.LastUsedAt, ExpiresAt: g.ExpiresAt, Tools: g.Used,
	}
	for i, id := range g.Profiles {
		out.Profiles = append(out.Profiles, desk.Choice{ID: id, Title: g.Names[i]})
	}
	for _, scope := range g.Scopes {
		out.Scopes = append(out.Scopes, desk.Choice{ID: scope, Title: cmp.Or(tool.Scope(scope).Title(), scope)})
	}
	return out
}
