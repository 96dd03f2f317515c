package store

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// explain says in words what the owner can do about the errors of SQLite that they can do something about.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s in the state directory is damaged; move it away to start afresh (the profiles must then be added again): %w", FileName, err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("the disk that %s is on is full: %w", FileName, err)
	case sqlite3.SQLITE_IOERR:
		return fmt.Errorf("the disk that %s is on has failed, or is full: %w", FileName, err)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%s or its folder cannot be written: %w", FileName, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("another process has kept %s locked for too long: %w", FileName, err)
	}
	return err
}

// busy reports whether another process holds the file at the moment.
func busy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED)
}
