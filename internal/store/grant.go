package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"postern/server/oauth"
)

const grantColumns = `g.id, g.client_id, g.resource, g.redirect_uri, g.profiles, g.scopes, g.approved_via, g.created_at, g.last_used_at,
	g.last_address, g.expires_at, g.revoked_at, g.revoke_reason, g.writes_until`

// revokeWhere ends grants: the condition follows. Their tokens go with them when they are collected.
const revokeWhere = "UPDATE grants SET revoked_at = ?, revoke_reason = ? WHERE owner_id = ? AND revoked_at = 0 AND "

// grantRow is a grant on its way out of the file.
type grantRow struct {
	oauth.Grant
	profiles, scopes                         string
	created, used, expires, revoked, writesU int64
}

func (r *grantRow) dest() []any {
	return []any{&r.ID, &r.ClientID, &r.Resource, &r.RedirectURI, &r.profiles, &r.scopes, &r.ApprovedVia, &r.created, &r.used,
		&r.LastAddress, &r.expires, &r.revoked, &r.RevokeReason, &r.writesU}
}

func (r *grantRow) grant() (oauth.Grant, error) {
	g := r.Grant
	g.CreatedAt, g.LastUsedAt, g.ExpiresAt, g.RevokedAt, g.WritesUntil = at(r.created), at(r.used), at(r.expires), at(r.revoked), at(r.writesU)
	return g, errors.Join(json.Unmarshal([]byte(r.profiles), &g.Profiles), json.Unmarshal([]byte(r.scopes), &g.Scopes))
}

// AddGrant inserts a grant with its first token, and makes its client an approved one. It returns oauth.ErrNotFound for
// an unknown or blocked client.
func (s *Store) AddGrant(ctx context.Context, g oauth.Grant, first oauth.Token) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE clients SET status = ?, last_used_at = ? WHERE owner_id = ? AND id = ? AND status <> ?",
			oauth.Approved, nanos(g.CreatedAt), ownerID, g.ClientID, oauth.Blocked)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(oauth.ErrNotFound, err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO grants (id, owner_id, client_id, resource, redirect_uri, profiles, scopes, approved_via, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, g.ID, ownerID, g.ClientID, g.Resource, g.RedirectURI, list(g.Profiles), list(g.Scopes), g.ApprovedVia,
			nanos(g.CreatedAt), nanos(g.ExpiresAt)); err != nil {
			return err
		}
		return insertTokens(ctx, tx, first)
	})
}

// Grant returns the grant with that id, oauth.ErrNotFound if there is none.
func (s *Store) Grant(ctx context.Context, id string) (oauth.Grant, error) {
	var r grantRow
	err := s.read.QueryRowContext(ctx, "SELECT "+grantColumns+" FROM grants g WHERE g.owner_id = ? AND g.id = ?", ownerID, id).Scan(r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.Grant{}, oauth.ErrNotFound
	}
	if err != nil {
		return oauth.Grant{}, explain(err)
	}
	return r.grant()
}

// Grants returns all grants, ended ones too, the newest first.
func (s *Store) Grants(ctx context.Context) ([]oauth.Grant, error) {
	return s.grants(ctx, "SELECT "+grantColumns+" FROM grants g WHERE g.owner_id = ? ORDER BY g.created_at DESC, g.id", ownerID)
}

// Ended returns the grants that were revoked at or after since, so that what runs for them can be stopped.
func (s *Store) Ended(ctx context.Context, since time.Time) ([]oauth.Grant, error) {
	return s.grants(ctx, "SELECT "+grantColumns+" FROM grants g WHERE g.owner_id = ? AND g.revoked_at >= ?", ownerID, max(nanos(since), 1))
}

func (s *Store) grants(ctx context.Context, query string, args ...any) ([]oauth.Grant, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	all := []oauth.Grant{}
	for rows.Next() {
		var r grantRow
		if err := rows.Scan(r.dest()...); err != nil {
			return nil, explain(err)
		}
		g, err := r.grant()
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, explain(rows.Err())
}

// RevokeGrant ends a grant. It is no error if it has ended already.
func (s *Store) RevokeGrant(ctx context.Context, id, reason string, now time.Time) error {
	_, err := s.db.ExecContext(ctx, revokeWhere+"id = ?", nanos(now), reason, ownerID, id)
	return explain(err)
}

// RevokeClient ends all grants of a client and returns how many there were.
func (s *Store) RevokeClient(ctx context.Context, clientID, reason string, now time.Time) (int, error) {
	return s.revoke(ctx, revokeWhere+"client_id = ?", nanos(now), reason, ownerID, clientID)
}

// RevokeAll ends all grants and returns how many there were.
func (s *Store) RevokeAll(ctx context.Context, reason string, now time.Time) (int, error) {
	return s.revoke(ctx, revokeWhere+"true", nanos(now), reason, ownerID)
}

func (s *Store) revoke(ctx context.Context, query string, args ...any) (int, error) {
	res, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, explain(err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// Widen adds scopes to a live grant. It returns oauth.ErrNotFound if it is none.
func (s *Store) Widen(ctx context.Context, id string, scopes []string, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		var r grantRow
		err := tx.QueryRowContext(ctx, "SELECT "+grantColumns+" FROM grants g WHERE g.owner_id = ? AND g.id = ?", ownerID, id).Scan(r.dest()...)
		if errors.Is(err, sql.ErrNoRows) {
			return oauth.ErrNotFound
		}
		if err != nil {
			return err
		}
		g, err := r.grant()
		if err != nil {
			return err
		}
		if !g.Live(now) {
			return oauth.ErrNotFound
		}
		all := append(g.Scopes, scopes...)
		slices.Sort(all)
		_, err = tx.ExecContext(ctx, "UPDATE grants SET scopes = ? WHERE id = ?", list(slices.Compact(all)), id)
		return err
	})
}

// AllowWrites lets a grant's calls of class write go without a question until then.
func (s *Store) AllowWrites(ctx context.Context, id string, until time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE grants SET writes_until = ? WHERE owner_id = ? AND id = ?", nanos(until), ownerID, id)
	return explain(err)
}

// Used remembers that grants were used.
func (s *Store) Used(ctx context.Context, uses []oauth.LastUse) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, u := range uses {
			if _, err := tx.ExecContext(ctx, "UPDATE grants SET last_used_at = ?, last_address = ? WHERE owner_id = ? AND id = ? AND last_used_at < ?",
				nanos(u.At), u.Address, ownerID, u.GrantID, nanos(u.At)); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "UPDATE clients SET last_used_at = ? WHERE last_used_at < ? AND id = (SELECT client_id FROM grants WHERE id = ?)",
				nanos(u.At), nanos(u.At), u.GrantID); err != nil {
				return err
			}
		}
		return nil
	})
}
