//! Reading the journal, beside the writer or without one.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::journal::file::FoundFile;
use crate::journal::schema;
use crate::moment::Moment;
use crate::zoom::Key;

/// Rows in memory at once, of at most 1 MiB as a rule.
const PAGE: usize = 64;

/// A read-only view of the journal.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    file: FoundFile,
}

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log, from 1, never used twice.
    pub id: u64,
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, where there was one.
    pub request_id: Option<String>,
    /// The document, as JSON.
    pub document: String,
}

/// One quarantined delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, where there was one.
    pub request_id: Option<String>,
    /// The raw body, without the values of dropped fields.
    pub body: Vec<u8>,
}

impl Reader {
    /// Opens the journal at `path`; `None` where there is none yet.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let file = FoundFile::at(path);
        let connection = schema::open_reader(path)?;
        Ok(connection.map(|connection| Self { connection, file }))
    }

    /// Whether the file it reads was removed or replaced, so that nothing new comes there.
    pub fn is_outdated(&self) -> bool {
        self.file.is_replaced()
    }

    /// What tells this journal from any other.
    pub fn journal_id(&self) -> Result<String> {
        Ok(self.connection.query_row("SELECT id FROM journal", [], |row| row.get(0))?)
    }

    /// The key of the event at `place`; `None` where there is none, or no longer.
    pub fn key_at(&self, place: u64) -> Result<Option<Key>> {
        let mut query = self.connection.prepare_cached("SELECT key FROM events WHERE id = ?1")?;
        let key = query.query_row([place], |row| row.get(0)).optional()?;
        Ok(key.map(Key::from_bytes))
    }

    /// The place of the newest event; 0 in an empty journal.
    pub fn last_id(&self) -> Result<u64> {
        let query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";
        Ok(self.connection.prepare_cached(query)?.query_row([], |row| row.get(0))?)
    }

    /// Whether events were removed from this journal, so that it can't be replayed.
    pub fn pruned(&self) -> Result<bool> {
        Ok(self.connection.query_row("SELECT pruned FROM journal", [], |row| row.get(0))?)
    }

    /// Calls `each` for every event behind `position`, in the order of arrival, until it
    /// returns an error.
    pub fn events_after(
        &self,
        position: u64,
        mut each: impl FnMut(Entry) -> Result<()>,
    ) -> Result<()> {
        let query = "SELECT id, key, received_ms, request_id, document
             FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.pages(query, position, entry, |entry| entry.id, &mut each)
    }

    /// Calls `each` with the document and time of receipt (in milliseconds) of every
    /// event up to place `last_id` whose fact lies in `from..=to`, in the order of the facts.
    pub fn facts(
        &self,
        last_id: u64,
        (from, to): (Moment, Moment),
        mut each: impl FnMut(&str, i64) -> Result<()>,
    ) -> Result<()> {
        let mut query = self.connection.prepare_cached(
            "SELECT document, received_ms FROM events
             WHERE at BETWEEN ?1 AND ?2 AND id <= ?3 ORDER BY at, id",
        )?;
        let mut rows = query.query(params![from.seconds(), to.seconds(), last_id])?;
        while let Some(row) = rows.next()? {
            each(row.get_ref(0)?.as_str()?, row.get(1)?)?;
        }
        Ok(())
    }

    /// How many deliveries are in quarantine.
    pub fn quarantined_count(&self) -> Result<u64> {
        Ok(self.connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?)
    }

    /// Calls `each` for every quarantined delivery and its place, in the order of arrival.
    pub fn quarantined(&self, mut each: impl FnMut(u64, Quarantined) -> Result<()>) -> Result<()> {
        let query = "SELECT id, key, received_ms, request_id, body
             FROM quarantine WHERE id > ?1 ORDER BY id LIMIT ?2";
        self.pages(query, 0, quarantined, |(id, _)| *id, |(id, odd)| each(id, odd))
    }

    /// Calls `each` for all rows of `query`, page by page: whoever takes long over one, as
    /// an export into a pager does, would else hold up checkpoints, and the WAL would grow.
    fn pages<T>(
        &self,
        query: &str,
        mut position: u64,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
        id: fn(&T) -> u64,
        mut each: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        let mut query = self.connection.prepare_cached(query)?;
        loop {
            let rows = query.query_map(params![position, PAGE], read)?;
            let page = rows.collect::<rusqlite::Result<Vec<T>>>()?;
            let Some(last) = page.last() else { return Ok(()) };
            position = id(last);
            page.into_iter().try_for_each(&mut each)?;
        }
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

pub(super) fn quarantined(row: &Row<'_>) -> rusqlite::Result<(u64, Quarantined)> {
    let quarantined = Quarantined {
        key: Key::from_bytes(row.get(1)?),
        received_ms: row.get(2)?,
        request_id: row.get(3)?,
        body: row.get(4)?,
    };
    Ok((row.get(0)?, quarantined))
}

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: row.get(0)?,
        key: Key::from_bytes(row.get(1)?),
        received_ms: row.get(2)?,
        request_id: row.get(3)?,
        document: row.get(4)?,
    })
}
