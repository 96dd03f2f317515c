package store

import (
	"context"
	"database/sql"
	"errors"

	"postern/internal/exchange"
)

// AddFile remembers a file of the exchange folder.
func (s *Store) AddFile(ctx context.Context, f exchange.File) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO files (handle, owner_id, name, path, mime, size, sha256, client, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.Handle, ownerID, f.Name, f.Path, f.MIME, f.Size, f.SHA256[:], f.Client, nanos(f.CreatedAt))
	return explain(err)
}

// File returns the file with that handle, exchange.ErrNotFound if there is none.
func (s *Store) File(ctx context.Context, handle string) (f exchange.File, err error) {
	var sum []byte
	var created int64
	err = s.db.QueryRowContext(ctx, "SELECT handle, name, path, mime, size, sha256, client, created_at FROM files WHERE owner_id = ? AND handle = ?", ownerID, handle).
		Scan(&f.Handle, &f.Name, &f.Path, &f.MIME, &f.Size, &sum, &f.Client, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return exchange.File{}, exchange.ErrNotFound
	}
	copy(f.SHA256[:], sum)
	f.CreatedAt = at(created)
	return f, explain(err)
}
