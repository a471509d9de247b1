//! Reads the journal, with or without a running writer.

use std::io;
use std::path::Path;

use anyhow::{Result, ensure};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::journal::damage::{self, Table};
use crate::journal::open_files::{self, OpenFiles};
use crate::journal::rows::{self, Checked};
use crate::journal::{Entry, Quarantined, connection, schema};
use crate::zoom::Key;

/// The most rows in memory at once; a row is usually at most 1 MiB.
const PAGE_ROWS: usize = 64;

/// A read-only view of the journal.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    /// False for a journal of an older version.
    has_checksums: bool,
    /// Dropped after the connection.
    files: OpenFiles,
}

impl Reader {
    /// Opens the journal at `path`; `None` if there is none yet.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        ensure!(
            !open_files::has_outdated_connections(path)?,
            "the files of the journal `{}` were changed by another program; it is being opened again",
            path.display()
        );
        let connection = connection::open_reader(path)?;
        let Some(connection) = connection else { return Ok(None) };
        let has_checksums = schema::has_checksums(&connection)?;
        Ok(Some(Self { connection, has_checksums, files: OpenFiles::of(path)? }))
    }

    /// Whether its files were removed or replaced, so that it sees nothing new. It has to close
    /// before another one opens.
    ///
    /// # Errors
    ///
    /// They can't be examined.
    pub fn is_outdated(&self) -> io::Result<bool> {
        self.files.are_outdated()
    }

    fn ensure_current(&self) -> Result<()> {
        ensure!(!self.is_outdated()?, "the journal was removed or replaced while it was read");
        Ok(())
    }

    /// The id of this journal.
    pub fn journal_id(&self) -> Result<String> {
        Ok(self.connection.query_row("SELECT id FROM journal", [], |row| row.get(0))?)
    }

    /// The key of the event at `place`; `None` if there is none, or no longer.
    pub fn key_at(&self, place: u64) -> Result<Option<Key>> {
        let mut query = self.connection.prepare_cached("SELECT key FROM events WHERE id = ?1")?;
        let key = query.query_row([place], |row| row.get(0)).optional()?;
        Ok(key.map(Key::from_bytes))
    }

    /// The sound event at `place`; `None` if there is none.
    pub fn event_at(&self, place: u64) -> Result<Option<Entry>> {
        let row = self.row_query(Table::Events)?.query_row([place], rows::event).optional()?;
        Ok(row.and_then(Checked::sound))
    }

    /// The sound quarantined delivery at `place`; `None` if there is none.
    pub fn quarantined_at(&self, place: u64) -> Result<Option<Quarantined>> {
        let row = self.row_query(Table::Quarantine)?.query_row([place], rows::quarantined);
        Ok(row.optional()?.and_then(Checked::sound).map(|(_, delivery)| delivery))
    }

    /// The place of the newest event; 0 in an empty journal.
    pub fn last_id(&self) -> Result<u64> {
        let query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";
        Ok(self.connection.prepare_cached(query)?.query_row([], |row| row.get(0))?)
    }

    /// The place of the oldest event; one past the newest if there is no event.
    pub fn first_id(&self) -> Result<u64> {
        let query = "SELECT min(id) FROM events";
        let first: Option<u64> = self.connection.query_row(query, [], |row| row.get(0))?;
        Ok(first.unwrap_or(self.last_id()? + 1))
    }

    /// Whether events were pruned, so that the journal can't be replayed.
    pub fn pruned(&self) -> Result<bool> {
        Ok(self.connection.query_row("SELECT pruned FROM journal", [], |row| row.get(0))?)
    }

    /// Calls `each` for every event after `position`, in order of arrival, until it returns an
    /// error. Damaged events are skipped and reported.
    pub fn events_after(&self, position: u64, each: impl FnMut(Entry) -> Result<()>) -> Result<()> {
        let read = Rows { table: Table::Events, read: rows::event, id: |entry| entry.id };
        self.pages(&read, position, each)
    }

    /// How many deliveries are in quarantine.
    pub fn quarantined_count(&self) -> Result<u64> {
        Ok(self.connection.query_row("SELECT count(*) FROM quarantine", [], |row| row.get(0))?)
    }

    /// Calls `each` for every quarantined delivery and its place, in order of arrival. Damaged ones
    /// are skipped and reported.
    pub fn quarantined(&self, mut each: impl FnMut(u64, Quarantined) -> Result<()>) -> Result<()> {
        let read = Rows { table: Table::Quarantine, read: rows::quarantined, id: |(id, _)| *id };
        self.pages(&read, 0, |(id, delivery)| each(id, delivery))
    }

    /// Calls `each` for all rows after `position`, page by page: a query that stays open, such as
    /// an export into a pager, would prevent checkpoints, and the log would grow.
    fn pages<T>(
        &self,
        rows: &Rows<T>,
        mut position: u64,
        mut each: impl FnMut(T) -> Result<()>,
    ) -> Result<()> {
        loop {
            let page = match self.page(rows, position, PAGE_ROWS)? {
                Page::End => return Ok(()),
                Page::Sound(page) => page,
                Page::Damaged => match self.next_intact(rows, position)? {
                    Some(row) => vec![row],
                    None => return Ok(()),
                },
            };
            position = page.last().map_or(position, rows.id);
            page.into_iter().try_for_each(&mut each)?;
            self.ensure_current()?;
        }
    }

    /// At most `most` rows after `position`; damaged rows are reported.
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
                    self.report_damage(rows.table, id);
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

    /// The next intact row after `position`, read one by one. Damaged rows are reported.
    fn next_intact<T>(&self, rows: &Rows<T>, position: u64) -> Result<Option<T>> {
        let mut query = self.row_query(rows.table)?;
        for id in position + 1..=self.last_place(rows.table)? {
            match query.query_row([id], rows.read).optional() {
                Ok(None) => {}
                Ok(Some(Checked::Sound(row, _))) => return Ok(Some(row)),
                Ok(Some(Checked::Damaged(_))) => self.report_damage(rows.table, id),
                Err(error) if damage::is_damage(&error) => self.report_damage(rows.table, id),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    fn row_query(&self, table: Table) -> Result<CachedStatement<'_>> {
        let query = format!("SELECT {} FROM {} WHERE id = ?1", self.columns(table), table.name());
        Ok(self.connection.prepare_cached(&query)?)
    }

    /// A query for the rows of `table` after one place up to another.
    pub(super) fn range_query(&self, table: Table) -> Result<CachedStatement<'_>> {
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

    /// The place of the last row that was ever stored.
    pub(super) fn last_place(&self, table: Table) -> Result<u64> {
        let query = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?1), 0)";
        Ok(self.connection.prepare_cached(query)?.query_row([table.name()], |row| row.get(0))?)
    }

    /// Whether rows may have checksums.
    pub(super) fn has_checksums(&self) -> bool {
        self.has_checksums
    }

    pub(super) fn report_damage(&self, table: Table, id: u64) {
        damage::report(self.files.database(), (table, id));
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// How to read the rows of a table.
pub(super) struct Rows<T> {
    pub table: Table,
    pub read: fn(&Row<'_>) -> rusqlite::Result<Checked<T>>,
    pub id: fn(&T) -> u64,
}

/// Consecutive rows.
pub(super) enum Page<T> {
    /// There are no more.
    End,
    /// The intact rows, at least one.
    Sound(Vec<T>),
    /// All of them are damaged.
    Damaged,
}
