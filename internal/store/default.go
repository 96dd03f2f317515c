package store

import (
	"context"
	"database/sql"
	"errors"
)

// defaultProfile is the setting that names the owner's default profile.
const defaultProfile = "profile.default"

// DefaultProfile returns the id that calls without a profile act as, "" if none was chosen.
func (s *Store) DefaultProfile(ctx context.Context) (string, error) {
	id, _, err := s.Setting(ctx, defaultProfile)
	return id, err
}

// SetDefaultProfile chooses it; "" chooses none.
func (s *Store) SetDefaultProfile(ctx context.Context, id string) error {
	if id == "" {
		return s.DeleteSetting(ctx, defaultProfile)
	}
	return s.SetSetting(ctx, defaultProfile, id)
}

// ClientDefault returns the id of the default profile that a client chose for itself, "" if it chose none.
func (s *Store) ClientDefault(ctx context.Context, clientKey string) (string, error) {
	var id string
	err := s.db.QueryRowContext(ctx, "SELECT profile_id FROM client_defaults WHERE owner_id = ? AND client_key = ?", ownerID, clientKey).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, explain(err)
}

// SetClientDefault keeps what a client chose.
func (s *Store) SetClientDefault(ctx context.Context, clientKey, profileID string) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO client_defaults (owner_id, client_key, profile_id) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET profile_id = excluded.profile_id`, ownerID, clientKey, profileID)
	return explain(err)
}
