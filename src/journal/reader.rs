//! Reading the journal, beside the writer or without one.

use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::journal::damage::{self, Table};
use crate::journal::files::{self, OpenFiles};
use crate::journal::rows::{self, Checked};
use crate::journal::schema;
use crate::zoom::Key;

/// Rows in memory at once, of at most 1 MiB as a rule.
const PAGE: usize = 64;

/// A read-only view of the journal.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    /// A journal of an earlier version has none.
    has_checksums: bool,
    /// Closed last.
    files: OpenFiles,
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
        ensure!(
            !files::is_being_abandoned(path),
            "the files of the journal `{}` were changed by another program; it is being opened again",
            path.display()
        );
        let connection = schema::open_reader(path)?;
        let Some(connection) = connection else { return Ok(None) };
        let has_checksums = schema::has_checksums(&connection)?;
        Ok(Some(Self { connection, has_checksums, files: OpenFiles::of(path) }))
    }

    /// Whether the files it reads were removed or replaced, so that nothing new comes there. It
    /// has to be closed before another one is opened.
    pub fn is_outdated(&self) -> bool {
        self.files.are_outdated()
    }

    fn ensure_current(&self) -> Result<()> {
        ensure!(!self.is_outdated(), "the journal was removed or replaced while it was read");
        Ok(())
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

    /// The sound event at `place`; `None` where there is none.
    pub fn event_at(&self, place: u64) -> Result<Option<Entry>> {
        let row = self.one_of(Table::Events)?.query_row([place], rows::event).optional()?;
        Ok(row.and_then(Checked::sound))
    }

    /// The sound quarantined delivery at `place`; `None` where there is none.
    pub fn quarantined_at(&self, place: u64) -> Result<Option<Quarantined>> {
        let row = self.one_of(Table::Quarantine)?.query_row([place], rows::quarantined);
        Ok(row.optional()?.and_then(Checked::sound).map(|(_, odd)| odd))
    }

    /// The place of the newest event; 0 in an empty journal.
    pub fn last_id(&self) -> Result<u64> {
        let query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";
        Ok(self.connection.prepare_cached(query)?.query_row([], |row| row.get(0))?)
    }

    /// The place of the oldest event that is there; behind the newest one where there is none.
    pub fn first_id(&self) -> Result<u64> {
        let query = "SELECT min(id) FROM events";
        let first: Option<u64> = self.connection.query_row(query, [], |row| row.get(0))?;
        Ok(first.unwrap_or(self.last_id()? + 1))
    }

    /// Whether events were removed from this journal, so that it can't be replayed.
    pub fn pruned(&self) -> Result<bool> {
        Ok(self.connection.query_row("SELECT pruned FROM journal", [], |row| row.get(0))?)
    }

    /// Calls `each` for every event behind `position`, in the order of arrival, until it
    /// returns an error. Those that are damaged are left out and reported.
    pub fn events_after(&self, position: u64, each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        let read = Rows { table: Table::Events, read: rows::event, id: |entry| entry.id };
        self.pages(&read, position, each)
    }

    /// How many deliveries are in quarantine.
    pub fn quarantined_count(&self) -> Result<u64> {
        Ok(self.connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?)
    }

    /// Calls `each` for every quarantined delivery and its place, in the order of arrival. Those
    /// that are damaged are left out and reported.
    pub fn quarantined(&self, mut each: impl FnMut(u64, Quarantined) -> Result<()>) -> Result<()> {
        let read = Rows { table: Table::Quarantine, read: rows::quarantined, id: |(id, _)| *id };
        self.pages(&read, 0, |(id, odd)| each(id, odd))
    }

    /// Calls `each` for all `rows` behind `position`, page by page: whoever takes long over one,
    /// as an export into a pager does, would else hold up checkpoints, and the WAL would grow.
    fn pages<T>(
        &self,
        rows: &Rows<T>,
        mut position: u64,
        mut each: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        loop {
            let page = match self.page(rows, position, PAGE)? {
                Page::End => return Ok(()),
                Page::Sound(page) => page,
                Page::Damaged => match self.behind_damage(rows, position)? {
                    Some(row) => vec![row],
                    None => return Ok(()),
                },
            };
            position = page.last().map_or(position, rows.id);
            page.into_iter().try_for_each(&mut each)?;
            self.ensure_current()?;
        }
    }

    /// At most `most` rows behind `position`; those that are damaged are reported.
    pub(super) fn page<T>(&self, rows: &Rows<T>, position: u64, most: usize) -> Result<Page<T>> {
        let (columns, table) = (self.columns(rows.table), rows.table.name());
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT {columns} FROM {table} WHERE id > ?1 ORDER BY id LIMIT ?2"
        ))?;
        let mut found = query.query_map(params![position, most], rows.read)?;
        let (mut sound, mut is_damaged) = (Vec::new(), false);
        loop {
            match found.next() {
                None => break,
                Some(Ok(Checked::Sound(row, _))) => sound.push(row),
                Some(Ok(Checked::Damaged(id))) => {
                    is_damaged = true;
                    self.is_damaged(rows.table, id);
                }
                Some(Err(error)) if damage::is_damage(&error) => {
                    is_damaged = true;
                    break;
                }
                Some(Err(error)) => return Err(error.into()),
            }
        }
        Ok(match (sound.is_empty(), is_damaged) {
            (false, _) => Page::Sound(sound),
            (true, true) => Page::Damaged,
            (true, false) => Page::End,
        })
    }

    /// The next row behind `position` that can be read, where none of a page can. Places whose
    /// pages can't be read are reported.
    fn behind_damage<T>(&self, rows: &Rows<T>, position: u64) -> Result<Option<T>> {
        let mut query = self.one_of(rows.table)?;
        for id in position + 1..=self.last_place(rows.table)? {
            match query.query_row([id], rows.read).optional() {
                Ok(None) => {}
                Ok(Some(Checked::Sound(row, _))) => return Ok(Some(row)),
                Ok(Some(Checked::Damaged(_))) => self.is_damaged(rows.table, id),
                Err(error) if damage::is_damage(&error) => self.is_damaged(rows.table, id),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn one_of(&self, table: Table) -> Result<CachedStatement<'_>> {
        let query = format!("SELECT {} FROM {} WHERE id = ?1", self.columns(table), table.name());
        Ok(self.connection.prepare_cached(&query)?)
    }

    /// The rows of `table` behind one place up to another.
    pub(super) fn range_of(&self, table: Table) -> Result<CachedStatement<'_>> {
        let (columns, table) = (self.columns(table), table.name());
        let query = format!("SELECT {columns} FROM {table} WHERE id > ?1 AND id <= ?2 ORDER BY id");
        Ok(self.connection.prepare_cached(&query)?)
    }

    fn columns(&self, table: Table) -> &'static str {
        match table {
            Table::Events => rows::event_columns(self.has_checksums),
            Table::Quarantine => rows::quarantined_columns(self.has_checksums),
        }
    }

    /// The place of the last row that there was.
    pub(super) fn last_place(&self, table: Table) -> Result<u64> {
        let query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0)";
        Ok(self.connection.prepare_cached(query)?.query_row([table.name()], |row| row.get(0))?)
    }

    /// Whether rows have checksums.
    pub(super) fn has_checksums(&self) -> bool {
        self.has_checksums
    }

    pub(super) fn is_damaged(&self, table: Table, id: u64) {
        damage::report(self.files.database(), (table, id));
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// How rows of a table are read.
pub(super) struct Rows<T> {
    pub table: Table,
    pub read: fn(&Row<'_>) -> rusqlite::Result<Checked<T>>,
    pub id: fn(&T) -> u64,
}

/// Some rows in a row.
pub(super) enum Page<T> {
    /// There are no more.
    End,
    /// Those that are sound.
    Sound(Vec<T>),
    /// None of them is.
    Damaged,
}
