package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// migrations lead from an empty file to the present schema. A step that has shipped is never changed: a new one is
// added. The number of steps taken stands in the file's user_version.
var migrations = []string{
	`
CREATE TABLE profiles (
	id            TEXT PRIMARY KEY,
	owner_id      TEXT NOT NULL,
	name          TEXT NOT NULL,
	folded        TEXT NOT NULL, -- the name as it is compared
	email         TEXT NOT NULL,
	subject       TEXT NOT NULL,
	kind          TEXT NOT NULL,
	scopes        TEXT NOT NULL, -- JSON array
	toolsets      TEXT NOT NULL, -- JSON array
	read_only     INTEGER NOT NULL,
	client_id     TEXT NOT NULL,
	quota_project TEXT NOT NULL,
	state         TEXT NOT NULL,
	reason        TEXT NOT NULL,
	added_at      INTEGER NOT NULL,
	signed_in_at  INTEGER NOT NULL,
	refresh_until INTEGER NOT NULL,
	checked_at    INTEGER NOT NULL,
	UNIQUE (owner_id, folded)
);
CREATE TABLE settings (
	owner_id TEXT NOT NULL,
	key      TEXT NOT NULL,
	value    TEXT NOT NULL,
	PRIMARY KEY (owner_id, key)
);
CREATE TABLE client_defaults (
	owner_id   TEXT NOT NULL,
	client_key TEXT NOT NULL,
	profile_id TEXT NOT NULL,
	PRIMARY KEY (owner_id, client_key)
);
CREATE TABLE approvals (
	id         TEXT PRIMARY KEY,
	owner_id   TEXT NOT NULL,
	state      TEXT NOT NULL,
	client_key TEXT NOT NULL,
	request    TEXT NOT NULL, -- JSON, without what has its own column
	frozen     BLOB,
	answer     TEXT,          -- JSON
	result     TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	settled_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX approvals_by_state ON approvals (owner_id, state, created_at);
CREATE TABLE activity (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	owner_id    TEXT NOT NULL,
	at          INTEGER NOT NULL,
	client      TEXT NOT NULL,
	origin      TEXT NOT NULL,
	profile     TEXT NOT NULL,
	tool        TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	code        TEXT NOT NULL,
	approval    TEXT NOT NULL,
	duration_ns INTEGER NOT NULL,
	bytes_in    INTEGER NOT NULL,
	bytes_out   INTEGER NOT NULL
);
CREATE INDEX activity_by_time ON activity (owner_id, at);
CREATE TABLE files (
	handle     TEXT PRIMARY KEY,
	owner_id   TEXT NOT NULL,
	name       TEXT NOT NULL,
	path       TEXT NOT NULL,
	mime       TEXT NOT NULL,
	size       INTEGER NOT NULL,
	sha256     BLOB NOT NULL,
	client     TEXT NOT NULL,
	created_at INTEGER NOT NULL
);
`,
	`
CREATE TABLE clients (
	id            TEXT PRIMARY KEY,
	owner_id      TEXT NOT NULL,
	kind          TEXT NOT NULL,
	name          TEXT NOT NULL,
	redirect_uris TEXT NOT NULL, -- JSON array
	secret_hash   BLOB,
	status        TEXT NOT NULL,
	etag          TEXT NOT NULL,
	fetched_at    INTEGER NOT NULL,
	fetch_again   INTEGER NOT NULL,
	created_at    INTEGER NOT NULL,
	last_used_at  INTEGER NOT NULL
);
CREATE INDEX clients_by_status ON clients (owner_id, status, kind, created_at);
CREATE TABLE grants (
	id            TEXT PRIMARY KEY,
	owner_id      TEXT NOT NULL,
	client_id     TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
	resource      TEXT NOT NULL,
	redirect_uri  TEXT NOT NULL,
	profiles      TEXT NOT NULL, -- JSON array
	scopes        TEXT NOT NULL, -- JSON array
	approved_via  TEXT NOT NULL,
	created_at    INTEGER NOT NULL,
	last_used_at  INTEGER NOT NULL DEFAULT 0,
	last_address  TEXT NOT NULL DEFAULT '',
	expires_at    INTEGER NOT NULL,
	revoked_at    INTEGER NOT NULL DEFAULT 0,
	revoke_reason TEXT NOT NULL DEFAULT '',
	writes_until  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX grants_by_client ON grants (client_id, revoked_at);
CREATE INDEX grants_by_end ON grants (owner_id, revoked_at);
CREATE TABLE tokens (
	hash         BLOB PRIMARY KEY, -- HMAC-SHA-256 under the pepper in the vault
	owner_id     TEXT NOT NULL,
	grant_id     TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
	use          TEXT NOT NULL,
	scopes       TEXT,             -- JSON array; NULL: those of the grant
	issued_at    INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL,
	used_at      INTEGER NOT NULL DEFAULT 0,
	redirect_uri TEXT NOT NULL DEFAULT '',
	challenge    TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX tokens_by_grant ON tokens (grant_id, expires_at);
CREATE INDEX tokens_by_end ON tokens (expires_at);
CREATE TABLE pairing_codes (
	hash       BLOB PRIMARY KEY, -- HMAC-SHA-256 under the pepper in the vault
	owner_id   TEXT NOT NULL,
	terms      TEXT NOT NULL,    -- JSON
	expires_at INTEGER NOT NULL,
	wrong      INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
ALTER TABLE approvals ADD COLUMN numbers TEXT NOT NULL DEFAULT ''; -- that a browser shows, and two others
`,
	`
ALTER TABLE clients ADD COLUMN outside INTEGER NOT NULL DEFAULT 0; -- it was first heard of from outside of this computer
DROP INDEX clients_by_status;
CREATE INDEX clients_by_status ON clients (owner_id, status, kind, outside, created_at);
`,
	`
ALTER TABLE activity ADD COLUMN event     TEXT NOT NULL DEFAULT 'call';
ALTER TABLE activity ADD COLUMN client_id TEXT NOT NULL DEFAULT ''; -- of a client over HTTP
ALTER TABLE activity ADD COLUMN grant_id  TEXT NOT NULL DEFAULT '';
ALTER TABLE activity ADD COLUMN address   TEXT NOT NULL DEFAULT ''; -- class of the address
CREATE INDEX activity_by_grant ON activity (grant_id, tool) WHERE grant_id <> '';
`,
	// A secret was kept under the pepper, and its client cut off for good when that was changed. Now SHA-256 alone is kept.
	// The one cannot be made from the other: what is no hash says that the client needs a new secret.
	`
UPDATE clients SET secret_hash = x'00' WHERE secret_hash IS NOT NULL;
`,
}

// ErrNewer is returned by Open for a file that a newer Postern has changed.
var ErrNewer = errors.New("it was written by a newer version of Postern: update this one")

// migrate takes the steps that the file has not taken. Two processes may try at the same time.
func (s *Store) migrate(ctx context.Context) error {
	version, err := s.version(ctx)
	if err != nil || version == len(migrations) {
		return explain(err)
	}
	if version > len(migrations) {
		return ErrNewer
	}
	return s.tx(ctx, func(tx *sql.Tx) error {
		// Read again: another process may have been faster before the transaction began.
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return fmt.Errorf("step %d of the schema: %w", version+1, err)
			}
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
}

func (s *Store) version(ctx context.Context) (version int, err error) {
	err = s.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}
