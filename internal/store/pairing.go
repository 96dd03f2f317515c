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

// maxWrongCodes is how many wrong codes end those that there are.
const maxWrongCodes = 5

// AddPairingCode keeps what a code gives, by its hash.
func (s *Store) AddPairingCode(ctx context.Context, hash []byte, terms approval.Terms, expires time.Time) error {
	b, err := json.Marshal(terms)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, "INSERT INTO pairing_codes (hash, owner_id, terms, expires_at) VALUES (?, ?, ?, ?)", hash, ownerID, string(b), nanos(expires))
	return explain(err)
}

// RedeemPairingCode takes a code by its hash and returns what it gives, once. For one that does not hold it returns
// oauth.ErrCode, and how many more wrong ones are borne: after those, no code holds any more. A code that fit, if it is not
// nil, returns an error for stays as it is, and the error is returned.
func (s *Store) RedeemPairingCode(ctx context.Context, hash []byte, now time.Time, fit func(approval.Terms) error) (terms approval.Terms, left int, err error) {
	wrong := false
	err = s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM pairing_codes WHERE expires_at <= ?", nanos(now)); err != nil {
			return err
		}
		var body string
		switch err := tx.QueryRowContext(ctx, "DELETE FROM pairing_codes WHERE owner_id = ? AND hash = ? RETURNING terms", ownerID, hash).Scan(&body); {
		case err == nil:
			if err := json.Unmarshal([]byte(body), &terms); err != nil || fit == nil {
				return err
			}
			return fit(terms) // an error undoes that it was taken
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		wrong = true // what was counted must be kept, so this is no error of the transaction
		if _, err := tx.ExecContext(ctx, "UPDATE pairing_codes SET wrong = wrong + 1 WHERE owner_id = ?", ownerID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM pairing_codes WHERE owner_id = ? AND wrong >= ?", ownerID, maxWrongCodes); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT coalesce(? - max(wrong), 0) FROM pairing_codes WHERE owner_id = ?", maxWrongCodes, ownerID).Scan(&left)
	})
	if err == nil && wrong {
		err = oauth.ErrCode
	}
	return terms, left, err
}

// DropPairingCodes ends all codes.
func (s *Store) DropPairingCodes(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM pairing_codes WHERE owner_id = ?", ownerID)
	return explain(err)
}
