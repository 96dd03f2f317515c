package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/internal/activity"
	"postern/server/oauth"
)

// row is an entry on its way to the file.
type row = activity.Entry

// batchEvery is how long entries wait for others to be written with them, if some have just been written. Each time costs
// a sync of the disk.
const batchEvery = 200 * time.Millisecond

// maxWaiting is how many entries wait while another process holds the file.
const maxWaiting = 10_000

// Record takes an entry and returns at once; a goroutine writes it. It implements activity.Recorder.
func (s *Store) Record(_ context.Context, e activity.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.queue = append(s.queue, e)
	if s.writing == nil {
		s.writing = make(chan struct{})
		go s.write(s.writing)
	}
}

// write writes what is queued until nothing is, then closes done.
func (s *Store) write(done chan struct{}) {
	defer close(done)
	for {
		s.mu.Lock()
		batch := s.queue
		s.queue = nil
		if len(batch) == 0 {
			s.writing = nil
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		if err := s.insert(batch); err != nil {
			s.mu.Lock()
			if (busy(err) || errors.Is(err, context.DeadlineExceeded)) && !s.closed && len(batch) < maxWaiting { // another process holds the file; it is tried again
				s.queue = append(batch, s.queue...)
			} else {
				s.lost = err
			}
			s.mu.Unlock()
		}
		select {
		case <-time.After(batchEvery):
		case <-s.closing:
		}
	}
}

func (s *Store) insert(batch []activity.Entry) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return s.tx(ctx, func(tx *sql.Tx) error {
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO activity (owner_id, at, event, client_id, grant_id, address, client, origin, profile, tool, outcome, code, approval,
			duration_ns, bytes_in, bytes_out) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, e := range batch {
			if _, err := stmt.ExecContext(ctx, ownerID, nanos(e.At), cmp.Or(e.Event, activity.Call), e.ClientID, e.GrantID, e.Address, e.Client, e.Origin,
				e.Profile, e.Tool, e.Outcome, e.Code, e.Approval, int64(e.Duration), e.BytesIn, e.BytesOut); err != nil {
				return err
			}
		}
		return nil
	})
}

// flush waits until every entry is written, and takes no more. It returns why entries were lost, if they were.
func (s *Store) flush() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	writing := s.writing
	s.mu.Unlock()
	if writing != nil {
		<-writing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost != nil {
		return fmt.Errorf("writing the activity: %w", s.lost)
	}
	return nil
}

// Entries returns the entries that f selects, oldest first. It implements activity.Log.
func (s *Store) Entries(ctx context.Context, f activity.Filter) ([]activity.Entry, error) {
	where := []string{"owner_id = ?", "seq > ?"}
	args := []any{ownerID, f.After}
	add := func(condition string, value any) {
		where, args = append(where, condition), append(args, value)
	}
	if !f.Since.IsZero() {
		add("at >= ?", nanos(f.Since))
	}
	for column, value := range map[string]string{"profile": f.Profile, "tool": f.Tool, "outcome": string(f.Outcome)} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	if f.Client != "" {
		where = append(where, "(client = ? OR substr(client_id, 1, length(?)) = ? OR substr(client_id, 1, length(?)) = ? OR substr(client_id, 1, length(?)) = ?)")
		args = append(args, f.Client)
		for _, begin := range []string{f.Client, oauth.IDPrefix + f.Client, "https://" + f.Client} {
			args = append(args, begin, begin)
		}
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.QueryContext(ctx, `SELECT seq, at, event, client_id, grant_id, address, client, origin, profile, tool, outcome, code, approval, duration_ns, bytes_in, bytes_out
		FROM activity WHERE `+strings.Join(where, " AND ")+" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	entries := []activity.Entry{}
	for rows.Next() {
		var e activity.Entry
		var when, took int64
		if err := rows.Scan(&e.Seq, &when, &e.Event, &e.ClientID, &e.GrantID, &e.Address, &e.Client, &e.Origin, &e.Profile, &e.Tool, &e.Outcome, &e.Code, &e.Approval,
			&took, &e.BytesIn, &e.BytesOut); err != nil {
			return nil, explain(err)
		}
		e.At, e.Duration = at(when), time.Duration(took)
		entries = append(entries, e)
	}
	slices.Reverse(entries)
	return entries, explain(rows.Err())
}

// ToolsUsed returns what each grant used, by its id, the tools by name: as far as activity is kept.
func (s *Store) ToolsUsed(ctx context.Context) (map[string][]activity.Use, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT grant_id, tool, count(*), max(at) FROM activity
		WHERE owner_id = ? AND grant_id <> '' AND event = ? AND outcome IN (?, ?) AND code <> ? GROUP BY grant_id, tool ORDER BY grant_id, tool`,
		ownerID, activity.Call, activity.OK, activity.Failed, activity.UnknownTool)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	used := map[string][]activity.Use{}
	for rows.Next() {
		var grant string
		var u activity.Use
		var last int64
		if err := rows.Scan(&grant, &u.Tool, &u.Calls, &last); err != nil {
			return nil, explain(err)
		}
		u.LastAt = at(last)
		used[grant] = append(used[grant], u)
	}
	return used, explain(rows.Err())
}

// PruneActivity forgets the entries of calls that began before t.
func (s *Store) PruneActivity(ctx context.Context, t time.Time) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM activity WHERE owner_id = ? AND at < ?", ownerID, nanos(t))
	return explain(err)
}
