//! The tables of the journal, and their version.

use std::path::Path;

use anyhow::{Result, bail};
use rusqlite::Connection;

/// The version that this program writes, stored in `user_version`.
const VERSION: i64 = 4;

/// The first version whose rows have checksums.
const WITH_CHECKSUMS: i64 = 3;

/// Version 1. `keys` remembers every delivery for ever; the rows of the other two may be pruned.
/// `events` is read in order of `id`, and pruned in order of `received_ms`.
const CREATE: &str = "
CREATE TABLE journal (id TEXT NOT NULL, pruned INTEGER NOT NULL);
INSERT INTO journal VALUES (lower(hex(randomblob(16))), 0);
CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    key         BLOB NOT NULL,
    request_id  TEXT,
    document    TEXT NOT NULL
);
CREATE INDEX events_at ON events (at, id);
CREATE INDEX events_received ON events (received_ms);
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    key         BLOB NOT NULL,
    request_id  TEXT,
    body        BLOB NOT NULL
);
";

/// Steps from one version to the next: `MIGRATIONS[0]` leads from 1 to 2, and so on.
const MIGRATIONS: [&str; (VERSION - 1) as usize] = [
    "
-- How far each archive has everything.
CREATE TABLE shipped (
    archive     TEXT PRIMARY KEY,
    event       INTEGER NOT NULL,
    quarantined INTEGER NOT NULL
) WITHOUT ROWID;
",
    "
-- A scrub fills in the checksums of existing rows: the migration touches no row.
ALTER TABLE events ADD COLUMN checksum INTEGER;
ALTER TABLE quarantine ADD COLUMN checksum INTEGER;
",
    "
-- No query reads events in order of `at` any more.
DROP INDEX IF EXISTS events_at;
",
];

/// Brings the tables of the journal at `path` to the current version, in the open transaction.
pub fn migrate(connection: &Connection, path: &Path) -> Result<()> {
    let from = version(connection)?;
    refuse_newer(from, path)?;
    if from == 0 {
        connection.execute_batch(CREATE)?;
    }
    for step in MIGRATIONS.iter().skip(from.max(1) as usize - 1) {
        connection.execute_batch(step)?;
    }
    if from != VERSION {
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    Ok(())
}

/// Whether the rows of this journal may have checksums.
pub fn has_checksums(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? >= WITH_CHECKSUMS)
}

/// A new random id for a journal.
pub fn new_id(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))
}

/// Gives the journal another id, which invalidates checkpoints of the old one.
pub fn set_id(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE journal SET id = ?1", [id]).map(drop)
}

/// The version of the tables; 0 for an empty database.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses a journal that a newer program wrote.
pub fn refuse_newer(version: i64, path: &Path) -> Result<()> {
    if version > VERSION {
        bail!(
            "the journal `{}` has version {version}, this program knows {VERSION}; run the newer Lookout that wrote it",
            path.display()
        );
    }
    Ok(())
}
