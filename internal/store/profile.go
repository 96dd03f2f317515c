package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"postern/auth"
)

const profileColumns = `id, owner_id, name, email, subject, kind, scopes, toolsets, read_only, client_id, quota_project,
	state, reason, added_at, signed_in_at, refresh_until, checked_at`

// fold makes names comparable: case and the ways to write an accent do not matter.
func fold(name string) string { return cases.Fold().String(norm.NFC.String(strings.TrimSpace(name))) }

// Profiles returns all profiles, by name.
func (s *Store) Profiles(ctx context.Context) ([]auth.Profile, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+profileColumns+" FROM profiles WHERE owner_id = ? ORDER BY folded", ownerID)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	all := []auth.Profile{}
	for rows.Next() {
		p, err := scanProfile(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, explain(rows.Err())
}

// Profile returns the profile with that id, auth.ErrNotFound if there is none.
func (s *Store) Profile(ctx context.Context, id string) (auth.Profile, error) {
	p, err := scanProfile(s.db.QueryRowContext(ctx, "SELECT "+profileColumns+" FROM profiles WHERE owner_id = ? AND id = ?", ownerID, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return auth.Profile{}, auth.ErrNotFound
	}
	return p, explain(err)
}

func scanProfile(scan func(...any) error) (p auth.Profile, err error) {
	var scopes, toolsets string
	var added, signedIn, until, checked int64
	if err := scan(&p.ID, &p.OwnerID, &p.Name, &p.Email, &p.Subject, &p.Kind, &scopes, &toolsets, &p.ReadOnly, &p.ClientID, &p.QuotaProject,
		&p.State, &p.Reason, &added, &signedIn, &until, &checked); err != nil {
		return p, err
	}
	p.AddedAt, p.SignedInAt, p.RefreshUntil, p.CheckedAt = at(added), at(signedIn), at(until), at(checked)
	return p, errors.Join(json.Unmarshal([]byte(scopes), &p.Scopes), json.Unmarshal([]byte(toolsets), &p.Toolsets))
}

// SaveProfile inserts or replaces by ID. It returns auth.ErrNameTaken if another profile has the name.
func (s *Store) SaveProfile(ctx context.Context, p auth.Profile) error {
	scopes, toolsets := list(p.Scopes), list(p.Toolsets)
	return s.tx(ctx, func(tx *sql.Tx) error {
		var other string
		err := tx.QueryRowContext(ctx, "SELECT id FROM profiles WHERE owner_id = ? AND folded = ? AND id <> ?", ownerID, fold(p.Name), p.ID).Scan(&other)
		if err == nil {
			return auth.ErrNameTaken
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.ExecContext(ctx, `
INSERT INTO profiles (id, owner_id, name, folded, email, subject, kind, scopes, toolsets, read_only, client_id, quota_project,
	state, reason, added_at, signed_in_at, refresh_until, checked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded = excluded.folded, email = excluded.email, subject = excluded.subject,
	kind = excluded.kind, scopes = excluded.scopes, toolsets = excluded.toolsets, read_only = excluded.read_only,
	client_id = excluded.client_id, quota_project = excluded.quota_project, state = excluded.state, reason = excluded.reason,
	added_at = excluded.added_at, signed_in_at = excluded.signed_in_at, refresh_until = excluded.refresh_until, checked_at = excluded.checked_at`,
			p.ID, ownerID, p.Name, fold(p.Name), p.Email, p.Subject, p.Kind, scopes, toolsets, p.ReadOnly, p.ClientID, p.QuotaProject,
			p.State, p.Reason, nanos(p.AddedAt), nanos(p.SignedInAt), nanos(p.RefreshUntil), nanos(p.CheckedAt))
		return err
	})
}

// list encodes strings as a JSON array, never null.
func list(s []string) string {
	if s == nil {
		return "[]"
	}
	b, _ := json.Marshal(s) // strings always encode
	return string(b)
}

// SetProfileState changes State, Reason and, if t is not zero, CheckedAt alone. It returns auth.ErrNotFound for an
// unknown id.
func (s *Store) SetProfileState(ctx context.Context, id string, state auth.State, reason string, t time.Time) error {
	res, err := s.db.ExecContext(ctx, `UPDATE profiles SET state = ?, reason = ?, checked_at = CASE WHEN ? = 0 THEN checked_at ELSE ? END
		WHERE owner_id = ? AND id = ?`, state, reason, nanos(t), nanos(t), ownerID, id)
	if err != nil {
		return explain(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(auth.ErrNotFound, err)
	}
	return nil
}

// RemoveProfile forgets it, with the defaults that name it. It returns auth.ErrNotFound for an unknown id.
func (s *Store) RemoveProfile(ctx context.Context, id string) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "DELETE FROM profiles WHERE owner_id = ? AND id = ?", ownerID, id)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(auth.ErrNotFound, err)
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM client_defaults WHERE owner_id = ? AND profile_id = ?", ownerID, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM settings WHERE owner_id = ? AND key = ? AND value = ?", ownerID, defaultProfile, id)
		return err
	})
}
