package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/internal/activity"
)

// row is an entry on its way to the file.
type row = activity.Entry

// batchEvery is how long entries wait for others to be written with them, if some have just been written. Each time costs
// a sync of the disk.
const batchEvery = 200 * time.Millisecond

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
			s.lost = err
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
		stmt, err := tx.PrepareContext(ctx, `INSERT INTO activity (owner_id, at, client, origin, profile, tool, outcome, code, approval, duration_ns, bytes_in, bytes_out)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		defer stmt.Close()
		for _, e := range batch {
			if _, err := stmt.ExecContext(ctx, ownerID, nanos(e.At), e.Client, e.Origin, e.Profile, e.Tool, e.Outcome, e.Code, e.Approval,
				int64(e.Duration), e.BytesIn, e.BytesOut); err != nil {
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
	for column, value := range map[string]string{"client": f.Client, "profile": f.Profile, "tool": f.Tool, "outcome": string(f.Outcome)} {
		if value != "" {
			add(column+" = ?", value)
		}
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	rows, err := s.db.QueryContext(ctx, `SELECT seq, at, client, origin, profile, tool, outcome, code, approval, duration_ns, bytes_in, bytes_out
		FROM activity WHERE `+strings.Join(where, " AND ")+" ORDER BY seq DESC LIMIT ?", append(args, limit)...)
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	entries := []activity.Entry{}
	for rows.Next() {
		var e activity.Entry
		var when, took int64
		if err := rows.Scan(&e.Seq, &when, &e.Client, &e.Origin, &e.Profile, &e.Tool, &e.Outcome, &e.Code, &e.Approval, &took, &e.BytesIn, &e.BytesOut); err != nil {
			return nil, explain(err)
		}
		e.At, e.Duration = at(when), time.Duration(took)
		entries = append(entries, e)
	}
	slices.Reverse(entries)
	return entries, explain(rows.Err())
}

// PruneActivity forgets the entries of calls that began before t.
func (s *Store) PruneActivity(ctx context.Context, t time.Time) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM activity WHERE owner_id = ? AND at < ?", ownerID, nanos(t))
	return explain(err)
}
