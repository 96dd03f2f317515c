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

const clientColumns = "c.id, c.kind, c.name, c.redirect_uris, c.secret_hash, c.status, c.outside, c.etag, c.fetched_at, c.fetch_again, c.created_at, c.last_used_at"

// clientRow is a client on its way out of the file.
type clientRow struct {
	oauth.Client
	uris                           string
	fetched, again, created, usedL int64
}

func (r *clientRow) dest() []any {
	return []any{&r.ID, &r.Kind, &r.Name, &r.uris, &r.SecretHash, &r.Status, &r.Outside, &r.Document.ETag, &r.fetched, &r.again, &r.created, &r.usedL}
}

func (r *clientRow) client() (oauth.Client, error) {
	c := r.Client
	c.Document.FetchedAt, c.Document.ExpiresAt, c.CreatedAt, c.LastUsedAt = at(r.fetched), at(r.again), at(r.created), at(r.usedL)
	return c, json.Unmarshal([]byte(r.uris), &c.RedirectURIs)
}

// AddClient inserts a client, or changes it as SaveClient does. If there are already limit new ones of its kind and
// side, the oldest that has no open question is forgotten. It returns oauth.ErrTooMany if each of them has one.
func (s *Store) AddClient(ctx context.Context, c oauth.Client, limit int) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if err := makeRoom(ctx, tx, c, limit); err != nil {
			return err
		}
		return insertClient(ctx, tx, c)
	})
}

// asks is whether a client has an open question, or a yes that it has not taken up. What is pending past its time is not
// open.
const asks = `EXISTS (SELECT 1 FROM approvals a WHERE a.owner_id = clients.owner_id AND a.client_key = ? || clients.id
	AND (a.state IN (?, ?) OR a.state = ? AND a.expires_at > ?))`

// makeRoom forgets old strangers of c's kind and side, so that fewer than limit are left beside it.
func makeRoom(ctx context.Context, tx *sql.Tx, c oauth.Client, limit int) error {
	if c.Kind == oauth.Static {
		return nil
	}
	const strangers = "owner_id = ? AND status = ? AND kind = ? AND outside = ? AND id <> ?"
	like := []any{ownerID, oauth.New, c.Kind, c.Outside, c.ID}
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM clients WHERE "+strangers, like...).Scan(&n); err != nil || n < limit {
		return err
	}
	surplus := int64(n - limit + 1)
	args := append(like, oauth.ConnectKey, approval.Approved, approval.Running, approval.Pending, nanos(c.CreatedAt), surplus)
	res, err := tx.ExecContext(ctx, "DELETE FROM clients WHERE id IN (SELECT id FROM clients WHERE "+strangers+" AND NOT "+asks+" ORDER BY created_at, id LIMIT ?)", args...)
	if err != nil {
		return err
	}
	if gone, err := res.RowsAffected(); err != nil || gone < surplus {
		return errors.Join(oauth.ErrTooMany, err)
	}
	return nil
}

func insertClient(ctx context.Context, tx *sql.Tx, c oauth.Client) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO clients (id, owner_id, kind, name, redirect_uris, secret_hash, status, outside, etag, fetched_at, fetch_again, created_at, last_used_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris, etag = excluded.etag,
			fetched_at = excluded.fetched_at, fetch_again = excluded.fetch_again WHERE kind = excluded.kind`,
		c.ID, ownerID, c.Kind, c.Name, list(c.RedirectURIs), c.SecretHash, c.Status, c.Outside, c.Document.ETag, nanos(c.Document.FetchedAt), nanos(c.Document.ExpiresAt),
		nanos(c.CreatedAt), nanos(c.LastUsedAt))
	return err
}

// SaveClient changes name, redirect URIs and document of a client, and inserts it if it is missing.
func (s *Store) SaveClient(ctx context.Context, c oauth.Client) error {
	return s.tx(ctx, func(tx *sql.Tx) error { return insertClient(ctx, tx, c) })
}

// Client returns the client with that id, oauth.ErrNotFound if there is none.
func (s *Store) Client(ctx context.Context, id string) (oauth.Client, error) {
	var r clientRow
	err := s.read.QueryRowContext(ctx, "SELECT "+clientColumns+" FROM clients c WHERE c.owner_id = ? AND c.id = ?", ownerID, id).Scan(r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.Client{}, oauth.ErrNotFound
	}
	if err != nil {
		return oauth.Client{}, explain(err)
	}
	return r.client()
}

// Clients returns all clients, the last used first.
func (s *Store) Clients(ctx context.Context) ([]oauth.Client, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+clientColumns+" FROM clients c WHERE c.owner_id = ? ORDER BY c.last_used_at DESC, c.created_at DESC, c.id", ownerID)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	all := []oauth.Client{}
	for rows.Next() {
		var r clientRow
		if err := rows.Scan(r.dest()...); err != nil {
			return nil, explain(err)
		}
		c, err := r.client()
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, explain(rows.Err())
}

// SetClientStatus blocks a client, which ends its grants, or lets it be again. It returns oauth.ErrNotFound for an
// unknown id.
func (s *Store) SetClientStatus(ctx context.Context, id string, status oauth.Status, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE clients SET status = ? WHERE owner_id = ? AND id = ?", status, ownerID, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(oauth.ErrNotFound, err)
		}
		if status != oauth.Blocked {
			return nil
		}
		_, err = tx.ExecContext(ctx, revokeWhere+"client_id = ?", nanos(now), "the client was blocked", ownerID, id)
		return err
	})
}

// SetSecret puts the hash of a new secret in the place of a client's old one. It returns oauth.ErrNotFound for an unknown
// id and for a client that has no secret.
func (s *Store) SetSecret(ctx context.Context, id string, hash []byte) error {
	res, err := s.db.ExecContext(ctx, "UPDATE clients SET secret_hash = ? WHERE owner_id = ? AND id = ? AND secret_hash IS NOT NULL", hash, ownerID, id)
	if err != nil {
		return explain(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(oauth.ErrNotFound, err)
	}
	return nil
}

// RemoveClient forgets a client with all its grants. It returns oauth.ErrNotFound for an unknown id.
func (s *Store) RemoveClient(ctx context.Context, id string) error {
	res, err := s.db.ExecContext(ctx, "DELETE FROM clients WHERE owner_id = ? AND id = ?", ownerID, id)
	if err != nil {
		return explain(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(oauth.ErrNotFound, err)
	}
	return nil
}
