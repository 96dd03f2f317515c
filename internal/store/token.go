package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"postern/internal/approval"
	"postern/server/oauth"
)

// endedKept is how long a grant that has ended is shown to the owner.
const endedKept = 30 * 24 * time.Hour

const holderQuery = "SELECT t.grant_id, t.use, t.scopes, t.issued_at, t.expires_at, t.used_at, t.redirect_uri, t.challenge, " + grantColumns + ", " + clientColumns + `
	FROM tokens t JOIN grants g ON g.id = t.grant_id JOIN clients c ON c.id = g.client_id WHERE t.hash = ?`

// Holder returns the token with that hash, whatever its state, oauth.ErrNotFound if there is none. It is one indexed
// read, on a connection that no writer holds up.
func (s *Store) Holder(ctx context.Context, hash []byte) (oauth.Holder, error) {
	stmt, err := s.reading(holderQuery)
	if err != nil {
		return oauth.Holder{}, err
	}
	return scanHolder(stmt.QueryRowContext(context.WithoutCancel(ctx), hash), hash)
}

func scanHolder(row *sql.Row, hash []byte) (h oauth.Holder, err error) {
	var g grantRow
	var c clientRow
	var scopes sql.NullString
	var issued, expires, used int64
	t := oauth.Token{Hash: hash}
	dest := append([]any{&t.GrantID, &t.Use, &scopes, &issued, &expires, &used, &t.RedirectURI, &t.Challenge}, g.dest()...)
	err = row.Scan(append(dest, c.dest()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return h, oauth.ErrNotFound
	}
	if err != nil {
		return h, explain(err)
	}
	t.IssuedAt, t.ExpiresAt, t.UsedAt = at(issued), at(expires), at(used)
	if scopes.Valid {
		if err := json.Unmarshal([]byte(scopes.String), &t.Scopes); err != nil {
			return h, err
		}
	}
	h.Token = t
	if h.Grant, err = g.grant(); err != nil {
		return h, err
	}
	h.Client, err = c.client()
	return h, err
}

// Exchange marks a code or refresh token as used at now and inserts what is issued for it, in one step. See
// oauth.Store.
func (s *Store) Exchange(ctx context.Context, hash []byte, now time.Time, grace time.Duration, issued ...oauth.Token) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		h, err := scanHolder(tx.QueryRowContext(ctx, holderQuery, hash), hash)
		if err != nil {
			return err
		}
		if !h.Grant.Live(now) || h.Client.Status == oauth.Blocked || !now.Before(h.Token.ExpiresAt) || h.Token.Use == oauth.ForAccess {
			return oauth.ErrNotFound
		}
		// A use that lies ahead is no younger for it: the clock was set back.
		if !h.Token.UsedAt.IsZero() && (h.Token.Use != oauth.ForRefresh || now.Sub(h.Token.UsedAt).Abs() > grace) {
			return oauth.ErrUsed
		}
		if h.Token.UsedAt.IsZero() {
			if _, err := tx.ExecContext(ctx, "UPDATE tokens SET used_at = ? WHERE hash = ?", nanos(now), hash); err != nil {
				return err
			}
		}
		return insertTokens(ctx, tx, issued...)
	})
}

func insertTokens(ctx context.Context, tx *sql.Tx, tokens ...oauth.Token) error {
	for _, t := range tokens {
		var scopes any
		if t.Scopes != nil {
			scopes = list(t.Scopes)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO tokens (hash, owner_id, grant_id, use, scopes, issued_at, expires_at, redirect_uri, challenge) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			t.Hash, ownerID, t.GrantID, t.Use, scopes, nanos(t.IssuedAt), nanos(t.ExpiresAt), t.RedirectURI, t.Challenge); err != nil {
			return err
		}
	}
	return nil
}

// Collect forgets what is over: tokens past their time, but not codes, whose replay must be noticed for an hour more;
// grants that ended long ago or have no token left; clients that were registered before unapproved, were never let in
// and ask for nothing now.
func (s *Store) Collect(ctx context.Context, now, unapproved time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		for _, step := range []struct {
			query string
			args  []any
		}{
			{"DELETE FROM tokens WHERE expires_at <= ? AND (use <> ? OR expires_at <= ?)", []any{nanos(now), oauth.ForCode, nanos(now.Add(-time.Hour))}},
			{"UPDATE grants SET revoked_at = expires_at, revoke_reason = 'its time was over' WHERE owner_id = ? AND revoked_at = 0 AND expires_at > 0 AND expires_at <= ?", []any{ownerID, nanos(now)}},
			{revokeWhere + "NOT EXISTS (SELECT 1 FROM tokens WHERE grant_id = grants.id)", []any{nanos(now), "it was not used any more", ownerID}},
			{"DELETE FROM tokens WHERE grant_id IN (SELECT id FROM grants WHERE revoked_at > 0 AND revoked_at <= ?)", []any{nanos(now.Add(-time.Hour))}},
			{"DELETE FROM grants WHERE owner_id = ? AND revoked_at > 0 AND revoked_at <= ?", []any{ownerID, nanos(now.Add(-endedKept))}},
			{"DELETE FROM clients WHERE owner_id = ? AND status = ? AND kind <> ? AND created_at <= ? AND NOT " + asks,
				[]any{ownerID, oauth.New, oauth.Static, nanos(unapproved), oauth.ConnectKey, approval.Approved, approval.Running, approval.Pending, nanos(now)}},
		} {
			if _, err := tx.ExecContext(ctx, step.query, step.args...); err != nil {
				return err
			}
		}
		return nil
	})
}
