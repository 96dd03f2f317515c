package store

import (
	"context"
	"database/sql"
	"errors"
)

// Setting returns the value of a key, and whether it has one.
func (s *Store) Setting(ctx context.Context, key string) (value string, ok bool, err error) {
	err = s.read.QueryRowContext(ctx, "SELECT value FROM settings WHERE owner_id = ? AND key = ?", ownerID, key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return value, err == nil, explain(err)
}

// Settings returns every key that has a value. Every call reads them, and waits for no writer.
func (s *Store) Settings(ctx context.Context) (map[string]string, error) {
	stmt, err := s.reading("SELECT key, value FROM settings WHERE owner_id = ?")
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(context.WithoutCancel(ctx), ownerID)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var key, value string
		if err := rows.Scan(&key, &value); err != nil {
			return nil, explain(err)
		}
		all[key] = value
	}
	return all, explain(rows.Err())
}

// SetSetting gives a key a value.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO settings (owner_id, key, value) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value`, ownerID, key, value)
	return explain(err)
}

// DeleteSetting takes the value of a key away. It is no error if it has none.
func (s *Store) DeleteSetting(ctx context.Context, key string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM settings WHERE owner_id = ? AND key = ?", ownerID, key)
	return explain(err)
}
