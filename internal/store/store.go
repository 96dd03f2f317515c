// Package store keeps what Postern has to remember between processes, in one SQLite file: the profiles' index, the
// settings, approvals, activity, files and the clients' defaults. It holds no secret of Google's and no content of
// calls beyond the approvals that are open.
//
// Several processes use one file at the same time. Every row carries the id of its owner.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// FileName is the name of the database in the state directory.
const FileName = "postern.db"

// readers is how many connections read at a time.
const readers = 4

// How long a file is tried that others hold at the moment.
const (
	busyWait  = 5 * time.Second
	busyPause = 20 * time.Millisecond
)

// ownerID is the one owner of a desktop.
const ownerID = "owner"

// Store is an open database. Its methods may be called from several goroutines.
type Store struct {
	db   *sql.DB // one connection, which writes
	read *sql.DB // connections that only read, and wait for no writer

	path string

	closing chan struct{} // closed by Close

	mu       sync.Mutex           // guards the fields below
	prepared map[string]*sql.Stmt // of the connections that read, by query; made when they are first wanted
	queue    []row                // activity that is not written yet
	writing  chan struct{}
	closed   bool
	lost     error // the last reason why activity could not be written
}

// Open opens the database in dir, making both if they are missing: the directory for the user alone (0700), the file
// 0600. A file of a newer Postern is refused and left as it is.
func Open(ctx context.Context, dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the state directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the state directory: %w; choose another with POSTERN_HOME", err)
	}
	if err := private(dir); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w; its folder must be writable, or another chosen with POSTERN_HOME", err)
	}
	err = errors.Join(f.Chmod(0o600), f.Close())
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	s := &Store{path: path, closing: make(chan struct{}), prepared: map[string]*sql.Stmt{}}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the store %s: %w", path, err), s.disconnect())
	}
	return s, nil
}

// connect opens the connections and brings the file to the present schema.
func (s *Store) connect(ctx context.Context) (err error) {
	if s.db, err = sql.Open("sqlite", dsn(s.path)); err != nil {
		return err
	}
	// One connection: SQLite has one writer, and a second one in the same process would only wait for the first.
	s.db.SetMaxOpenConns(1)
	// Who makes the file, and who turns it to its log, holds it for a moment in which SQLite does not wait.
	for began := time.Now(); ; time.Sleep(busyPause) {
		err := s.migrate(ctx)
		if err == nil {
			break
		}
		if !busy(err) || time.Since(began) > busyWait || ctx.Err() != nil {
			return err
		}
	}
	if s.read, err = sql.Open("sqlite", dsn(s.path, "query_only(ON)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return nil
}

// disconnect closes the connections.
func (s *Store) disconnect() (err error) {
	for _, db := range []*sql.DB{s.read, s.db} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// Path returns the absolute path of the database.
func (s *Store) Path() string { return s.path }

// Close writes what waits to be written and closes the database.
func (s *Store) Close() error {
	err := s.flush()
	return errors.Join(err, s.disconnect())
}

// dsn says how the file is opened. synchronous=FULL because a yes must not be forgotten, secure_delete because frozen
// arguments hold mail.
func dsn(path string, more ...string) string {
	pragmas := append([]string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)"}, more...)
	q := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // C:/…, which SQLite would take for a host
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}).String()
}

// private takes the rights of others away from a directory that Postern may have found.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("looking at the state directory: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("the state directory %s is open to others and cannot be closed: %w", dir, err)
	}
	return nil
}

// reading returns a query of the connections that read, prepared once: what every call needs is not parsed each time. It
// is over at once, so it is run with context.WithoutCancel: to watch for a cancel takes two goroutines, and longer than
// the query.
func (s *Store) reading(query string) (stmt *sql.Stmt, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt = s.prepared[query]; stmt == nil {
		if stmt, err = s.read.Prepare(query); err == nil {
			s.prepared[query] = stmt
		}
	}
	return stmt, explain(err)
}

// tx runs f in a transaction.
func (s *Store) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer tx.Rollback() // of no effect after the commit
	if err := f(tx); err != nil {
		return explain(err)
	}
	return explain(tx.Commit())
}

// nanos is how times are stored: nanoseconds since 1970, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func at(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
