package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"postern/server/oauth"
)

// ChangeGrant gives a live grant other profiles, scopes and another end (the zero time for none), and returns it as it
// was. Its refresh tokens that would have ended with it live on as others do: refresh after they were issued. It returns
// oauth.ErrNotFound if there is no such grant, or it has ended.
func (s *Store) ChangeGrant(ctx context.Context, id string, profiles, scopes []string, end time.Time, refresh time.Duration, now time.Time) (before oauth.Grant, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		var r grantRow
		err := tx.QueryRowContext(ctx, "SELECT "+grantColumns+" FROM grants g WHERE g.owner_id = ? AND g.id = ?", ownerID, id).Scan(r.dest()...)
		if errors.Is(err, sql.ErrNoRows) {
			return oauth.ErrNotFound
		}
		if err != nil {
			return err
		}
		if before, err = r.grant(); err != nil {
			return err
		}
		if !before.Live(now) {
			return oauth.ErrNotFound
		}
		if _, err := tx.ExecContext(ctx, "UPDATE grants SET profiles = ?, scopes = ?, expires_at = ? WHERE id = ?", list(profiles), list(slices.Sorted(slices.Values(scopes))), nanos(end), id); err != nil {
			return err
		}
		if before.ExpiresAt.IsZero() || refresh <= 0 || !end.IsZero() && !end.After(before.ExpiresAt) {
			return nil
		}
		longest := nanos(end)
		if longest == 0 {
			longest = 1<<63 - 1
		}
		_, err = tx.ExecContext(ctx, "UPDATE tokens SET expires_at = max(expires_at, min(issued_at + ?, ?)) WHERE grant_id = ? AND use = ? AND expires_at = ?",
			int64(refresh), longest, id, oauth.ForRefresh, nanos(before.ExpiresAt))
		return err
	})
	return before, err
}

// ClearActivity forgets every entry, also those that wait to be written.
func (s *Store) ClearActivity(ctx context.Context) error {
	s.mu.Lock()
	s.queue = nil
	s.mu.Unlock()
	_, err := s.db.ExecContext(ctx, "DELETE FROM activity WHERE owner_id = ?", ownerID)
	return explain(err)
}
