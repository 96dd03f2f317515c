package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"postern/internal/approval"
)

// resultsKept is how long the result of a settled approval can be asked for.
const resultsKept = 24 * time.Hour

const approvalColumns = "request, state, client_key, numbers, frozen, answer, result, created_at, expires_at, settled_at"

// forgotten is a request without the contents that were shown: those are kept no longer than the question is open.
const forgotten = "json_remove(request, '$.preview.body', '$.preview.fields', '$.preview.warnings', '$.preview.edits', '$.preview.changes', '$.wanted', '$.problem')"

// AddApproval inserts a pending request.
func (s *Store) AddApproval(ctx context.Context, r approval.Request) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO approvals (id, owner_id, state, client_key, request, numbers, frozen, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, ownerID, r.State, r.ClientKey, string(body), r.Shown, []byte(r.Frozen), nanos(r.CreatedAt), nanos(r.ExpiresAt))
	return explain(err)
}

// Approval returns the request with that id, approval.ErrNotFound if there is none.
func (s *Store) Approval(ctx context.Context, id string) (approval.Request, error) {
	r, err := scanApproval(s.db.QueryRowContext(ctx, "SELECT "+approvalColumns+" FROM approvals WHERE owner_id = ? AND id = ?", ownerID, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return approval.Request{}, approval.ErrNotFound
	}
	return r, explain(err)
}

// Approvals returns the requests in the given states (all, if none is given), oldest first.
func (s *Store) Approvals(ctx context.Context, states ...approval.State) ([]approval.Request, error) {
	query, args := "SELECT "+approvalColumns+" FROM approvals WHERE owner_id = ?", []any{ownerID}
	if len(states) > 0 {
		query += " AND state IN (?" + strings.Repeat(", ?", len(states)-1) + ")"
		for _, state := range states {
			args = append(args, state)
		}
	}
	rows, err := s.db.QueryContext(ctx, query+" ORDER BY created_at, id", args...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	all := []approval.Request{}
	for rows.Next() {
		r, err := scanApproval(rows.Scan)
		if err != nil {
			return nil, explain(err)
		}
		all = append(all, r)
	}
	return all, explain(rows.Err())
}

func scanApproval(scan func(...any) error) (approval.Request, error) {
	var body, key, numbers, result string
	var state approval.State
	var frozen []byte
	var answer sql.NullString
	var created, expires, settled int64
	if err := scan(&body, &state, &key, &numbers, &frozen, &answer, &result, &created, &expires, &settled); err != nil {
		return approval.Request{}, err
	}
	var r approval.Request
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		return r, err
	}
	r.State, r.ClientKey, r.Shown, r.Frozen, r.Result = state, key, numbers, frozen, result
	r.CreatedAt, r.ExpiresAt, r.SettledAt = at(created), at(expires), at(settled)
	if answer.Valid {
		r.Answer = new(approval.Answer)
		return r, json.Unmarshal([]byte(answer.String), r.Answer)
	}
	return r, nil
}

// SettleApproval turns a pending request whose time is not over at now into to; into Approved only if its version is the
// answer's and no change is wanted. Frozen goes unless to is Approved.
func (s *Store) SettleApproval(ctx context.Context, id string, to approval.State, a *approval.Answer, now time.Time) error {
	var answer any
	version := 0
	if a != nil {
		b, err := json.Marshal(a)
		if err != nil {
			return err
		}
		answer, version = string(b), a.Version
	}
	return s.step(ctx, id, `UPDATE approvals SET state = ?, answer = ?, settled_at = ?, frozen = CASE WHEN ? THEN frozen END,
		request = CASE WHEN ? THEN request ELSE `+forgotten+` END WHERE id = ? AND owner_id = ? AND state = ? AND expires_at > ?
		AND (NOT ? OR coalesce(json_extract(request, '$.version'), 0) = ? AND json_extract(request, '$.wanted') IS NULL)`,
		to, answer, nanos(now), to == approval.Approved, to == approval.Approved, id, ownerID, approval.Pending, nanos(now), to == approval.Approved, version)
}

// WantRevision notes what the owner wants changed in a pending request.
func (s *Store) WantRevision(ctx context.Context, id string, changes map[string]string, now time.Time) error {
	b, err := json.Marshal(changes)
	if err != nil {
		return err
	}
	return s.step(ctx, id, "UPDATE approvals SET request = json_set(json_remove(request, '$.problem'), '$.wanted', json(?)) WHERE id = ? AND owner_id = ? AND state = ? AND expires_at > ?",
		string(b), id, ownerID, approval.Pending, nanos(now))
}

// ReviseApproval gives a pending request of that version another preview and Frozen and the next version, and takes the
// note of what is wanted away. With a problem, only the note goes and the problem stands.
func (s *Store) ReviseApproval(ctx context.Context, id string, version int, frozen json.RawMessage, p approval.Preview, problem string, now time.Time) error {
	const of = " WHERE id = ? AND owner_id = ? AND state = ? AND expires_at > ? AND coalesce(json_extract(request, '$.version'), 0) = ?"
	if problem != "" {
		return s.step(ctx, id, "UPDATE approvals SET request = json_set(json_remove(request, '$.wanted'), '$.problem', ?)"+of, problem, id, ownerID, approval.Pending, nanos(now), version)
	}
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.step(ctx, id, "UPDATE approvals SET frozen = ?, request = json_set(json_remove(request, '$.wanted', '$.problem'), '$.preview', json(?), '$.version', ?)"+of,
		[]byte(frozen), string(b), version+1, id, ownerID, approval.Pending, nanos(now), version)
}

// ShowApprovals takes the mark of a quiet one from the pending requests that came from outside of this computer.
func (s *Store) ShowApprovals(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, `UPDATE approvals SET request = json_remove(request, '$.offer.quiet')
		WHERE owner_id = ? AND state = ? AND json_extract(request, '$.offer.public')`, ownerID, approval.Pending)
	return explain(err)
}

// WithdrawApproval turns a request that is pending, or approved and not claimed, into a withdrawn one and deletes Frozen.
func (s *Store) WithdrawApproval(ctx context.Context, id string, now time.Time) error {
	return s.step(ctx, id, "UPDATE approvals SET state = ?, settled_at = ?, frozen = NULL, request = "+forgotten+" WHERE id = ? AND owner_id = ? AND state IN (?, ?)",
		approval.Withdrawn, nanos(now), id, ownerID, approval.Pending, approval.Approved)
}

// ClaimApproval turns an approved request into a running one and returns it with Frozen.
func (s *Store) ClaimApproval(ctx context.Context, id string, _ time.Time) (approval.Request, error) {
	if err := s.step(ctx, id, "UPDATE approvals SET state = ? WHERE id = ? AND owner_id = ? AND state = ?", approval.Running, id, ownerID, approval.Approved); err != nil {
		return approval.Request{}, err
	}
	return s.Approval(ctx, id)
}

// FinishApproval turns a running request into Done or Failed, keeps result and deletes Frozen.
func (s *Store) FinishApproval(ctx context.Context, id string, to approval.State, result string, _ time.Time) error {
	return s.step(ctx, id, "UPDATE approvals SET state = ?, result = ?, frozen = NULL, request = "+forgotten+" WHERE id = ? AND owner_id = ? AND state = ?",
		to, result, id, ownerID, approval.Running)
}

// step runs a conditional update of one request: approval.ErrSettled if it did not apply, approval.ErrNotFound if there
// is no such request.
func (s *Store) step(ctx context.Context, id, update string, args ...any) error {
	res, err := s.db.ExecContext(ctx, update, args...)
	if err != nil {
		return explain(err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 1 {
		return explain(err)
	}
	if _, err := s.Approval(ctx, id); err != nil {
		return err
	}
	return approval.ErrSettled
}

// ExpireApprovals settles what is pending past its time, and forgets the results and previews of what was settled long
// ago.
func (s *Store) ExpireApprovals(ctx context.Context, now time.Time) error {
	return s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE approvals SET state = ?, settled_at = ?, frozen = NULL, request = "+forgotten+" WHERE owner_id = ? AND state = ? AND expires_at <= ?",
			approval.Expired, nanos(now), ownerID, approval.Pending, nanos(now)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM approvals WHERE owner_id = ? AND state <> ? AND created_at < ?",
			ownerID, approval.Pending, nanos(now.Add(-resultsKept)))
		return err
	})
}
