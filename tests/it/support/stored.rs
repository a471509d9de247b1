//! What a journal's file holds, as SQLite alone sees it.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, Result};

/// A journal that is only looked at: looking puts nothing in order.
pub struct Stored(Connection);

impl Stored {
    /// Opens the journal at `path`, which may be anything.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self(Connection::open_with_flags(path, flags)?))
    }

    /// The keys of the events behind `place`, in hexadecimal, and the place of the last one.
    /// One that is there twice is an error.
    pub fn keys_behind(&self, place: u64) -> Result<(BTreeSet<String>, u64)> {
        let (mut keys, mut last) = (BTreeSet::new(), place);
        // Both tables have to have it: one knows it for ever, the other holds it.
        let query = "SELECT id, lower(hex(key)) FROM events JOIN keys USING (key)
                     WHERE id > ?1 ORDER BY id";
        let mut query = self.0.prepare(query)?;
        let mut rows = query.query([place])?;
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            if !keys.insert(row.get(1)?) {
                return Err(rusqlite::Error::InvalidQuery);
            }
        }
        Ok((keys, last))
    }

    /// What SQLite finds wrong with the file; empty where it is sound.
    pub fn damage(&self) -> String {
        let found = self.0.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        let found: String = found.unwrap_or_else(|error| error.to_string());
        if found == "ok" { String::new() } else { found }
    }
}
