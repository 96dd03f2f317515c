package bridge

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/internal/activity"
	"postern/internal/approval"
	"postern/internal/tool"
	"postern/server/oauth"
	"postern/server/oauth/opaque"
)

// grantKey is the key of the client of a grant: its approvals, files and default profile are the grant's own.
const grantKey = "grant:"

// writesKept is how long a yes to a write of a client from outside holds.
const writesKept = 24 * time.Hour

// errGrantEnded is why a call that waited is not run.
var errGrantEnded = errors.New("the owner has ended this client's grant")

// grantClient is the client of a request over HTTP.
func (b *Bridge) grantClient(ctx context.Context, h oauth.Holder) (tool.Client, error) {
	set, err := b.Settings(ctx)
	if err != nil {
		return tool.Client{}, err
	}
	c, err := clientOf(set, Shown{})
	if err != nil {
		return c, err
	}
	policy := policyOf(set)
	if b.LockedDown() { // by another process, perhaps: this one follows within a second
		policy.Closed = ErrLockedDown.Error()
	}
	c.Policy = &policy
	c.Local = false // it may be any program, and any user's: no paths, and it answers nothing for the owner
	c.Key, c.Name, c.Origin = grantKey+h.Grant.ID, h.Client.Name, "over HTTP, from this computer"
	c.ID, c.Grant, c.Address = h.Client.ID, h.Grant.ID, addressOf(public(h.Grant))
	c.Profiles, c.Scopes = append([]string{}, h.Grant.Profiles...), []tool.Scope{}
	for _, s := range h.Token.Scopes {
		c.Scopes = append(c.Scopes, tool.Scope(s))
	}
	if public(h.Grant) {
		c.Origin = "over HTTP, from outside"
		c.AskWrites = b.config.Now().After(h.Grant.WritesUntil)
	}
	c.Live = func(ctx context.Context) error { return b.stillGranted(ctx, h.Grant) }
	return c, nil
}

// public reports whether a grant is for the side that is reached from outside.
func public(g oauth.Grant) bool { return strings.HasPrefix(g.Resource, "https:") }

// stillGranted says why the call that ctx belongs to may not run any more, by what its grant was when it came.
func (b *Bridge) stillGranted(ctx context.Context, before oauth.Grant) error {
	if b.LockedDown() {
		return ErrLockedDown
	}
	g, err := b.Store.Grant(ctx, before.ID)
	switch {
	case err == nil && !g.Live(b.config.Now()) || errors.Is(err, oauth.ErrNotFound):
		return errGrantEnded
	case err != nil:
		return err
	}
	call := tool.From(ctx)
	if lost(before, g, call.Tool, call.Profile.ID) {
		return errGrantNarrowed
	}
	return nil
}

// wrote remembers that the owner has let a client write.
func (b *Bridge) wrote(ctx context.Context, c tool.Client) error {
	id, ok := strings.CutPrefix(c.Key, grantKey)
	if !ok {
		return nil
	}
	return b.Store.AllowWrites(ctx, id, b.config.Now().Add(writesKept))
}

// RevokeGrant ends a grant, and what runs and waits for it.
func (b *Bridge) RevokeGrant(ctx context.Context, id, reason string) error {
	before, gerr := b.Store.Grant(ctx, id)
	err := b.Store.RevokeGrant(ctx, id, reason, b.config.Now())
	b.grantEnded(ctx, id)
	if err == nil && gerr == nil && before.RevokedAt.IsZero() {
		b.recordGrant(ctx, activity.Revoked, before)
	}
	return err
}

// endedItself stops what runs for a grant that its client has ended, or lost.
func (b *Bridge) endedItself(id string) {
	ctx := context.Background()
	b.grantEnded(ctx, id)
	if g, err := b.Store.Grant(ctx, id); err == nil {
		b.recordGrant(ctx, activity.Ended, g)
	}
}

// RevokeClient ends all grants of a client and returns how many there were.
func (b *Bridge) RevokeClient(ctx context.Context, clientID, reason string) (int, error) {
	n, err := b.Store.RevokeClient(ctx, clientID, reason, b.config.Now())
	if err == nil {
		err = b.endGrantsOf(ctx, clientID)
	}
	if n > 0 {
		b.recordClient(ctx, activity.Revoked, clientID)
	}
	return n, err
}

// BlockClient ends all grants of a client and lets it ask no more, until UnblockClient.
func (b *Bridge) BlockClient(ctx context.Context, clientID string) error {
	if err := b.Store.SetClientStatus(ctx, clientID, oauth.Blocked, b.config.Now()); err != nil {
		return err
	}
	b.recordClient(ctx, activity.Blocked, clientID)
	return errors.Join(b.endGrantsOf(ctx, clientID), b.withdrawOf(ctx, oauth.ConnectKey+clientID))
}

// UnblockClient lets a client ask again.
func (b *Bridge) UnblockClient(ctx context.Context, clientID string) error {
	status := oauth.New // let in by nobody yet, so it is forgotten as others are
	grants, err := b.Store.Grants(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(grants, func(g oauth.Grant) bool { return g.ClientID == clientID }) {
		status = oauth.Approved
	}
	if err := b.Store.SetClientStatus(ctx, clientID, status, b.config.Now()); err != nil {
		return err
	}
	b.recordClient(ctx, activity.Unblocked, clientID)
	return nil
}

func (b *Bridge) endGrantsOf(ctx context.Context, clientID string) error {
	grants, err := b.Store.Grants(ctx)
	for _, g := range grants {
		if g.ClientID == clientID && !g.RevokedAt.IsZero() {
			b.grantEnded(ctx, g.ID)
		}
	}
	return err
}

// grantEnded stops what runs for a grant and takes its questions back.
func (b *Bridge) grantEnded(ctx context.Context, id string) {
	b.tell(news{Ended: []string{id}})
	if err := b.withdrawOf(ctx, grantKey+id); err != nil {
		b.Log.Error("withdrawing the questions of a grant that has ended", "grant", id, "error", err)
	}
}

// withdrawOf takes back the open questions of a client by its key.
func (b *Bridge) withdrawOf(ctx context.Context, key string) error {
	open, err := b.Queue.Pending(ctx)
	for _, q := range open {
		if q.ClientKey == key {
			if werr := b.Queue.Withdraw(ctx, q.ID); !errors.Is(werr, approval.ErrSettled) {
				err = errors.Join(err, werr)
			}
		}
	}
	return err
}

// ProfileNames returns the names of the profiles by id.
func (b *Bridge) ProfileNames(ctx context.Context) (map[string]string, error) {
	names := map[string]string{demoID: "demo"}
	all, err := b.Profiles.List(ctx)
	for _, p := range all {
		names[p.ID] = p.Name
	}
	return names, err
}

// AddedClient is a client that the owner has registered. The secret is kept nowhere but as a hash.
type AddedClient struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret,omitempty"`
}

// AddClient registers a client that cannot register itself, with a secret if it wants one.
func (b *Bridge) AddClient(ctx context.Context, name string, redirects []string, secret bool) (AddedClient, error) {
	c, err := oauth.NewStatic(name, redirects, b.config.Now())
	if err != nil {
		return AddedClient{}, err
	}
	added := AddedClient{ID: c.ID}
	if secret {
		added.Secret = opaque.New(opaque.Secret)
		c.SecretHash = oauth.HashSecret(added.Secret)
	}
	err = b.Store.SaveClient(ctx, c)
	b.tell(news{Clients: true})
	return added, err
}

// NewSecret makes a client that has a secret another one. The old one is no good any more; what the client was given
// stays.
func (b *Bridge) NewSecret(ctx context.Context, clientID string) (AddedClient, error) {
	added := AddedClient{ID: clientID, Secret: opaque.New(opaque.Secret)}
	err := b.Store.SetSecret(ctx, clientID, oauth.HashSecret(added.Secret))
	if errors.Is(err, oauth.ErrNotFound) {
		err = errors.New("this client has no secret: one is made for those that are added with --secret")
	}
	if err != nil {
		return AddedClient{}, err
	}
	return added, nil
}
