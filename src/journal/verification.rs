//! Verifies a journal: SQLite's structures, and the checksums of all rows.

use std::collections::BTreeSet;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use rusqlite::{Connection, ErrorCode, Row, params};

use crate::journal::damage::{self, RowId, Table};
use crate::journal::rows::{self, Checked, Checksums};
use crate::journal::{Entry, Quarantined, Reader};

/// How many places are examined together.
const STEP: u64 = 500;

/// How thoroughly SQLite examines the structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Pages and rows.
    Quick,
    /// Indexes against their tables as well.
    Full,
}

/// What is wrong with a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What SQLite finds wrong with the database.
    pub structure: Option<String>,
    /// How many events are damaged.
    pub events: usize,
    /// How many quarantined deliveries are damaged.
    pub quarantined: usize,
    /// Whether there was only time for a part.
    pub is_partial: bool,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.structure.is_none() && self.events + self.quarantined == 0
    }
}

/// Examines the structure of the whole database.
///
/// # Errors
///
/// What is wrong with it.
pub fn ensure_sound(connection: &Connection, depth: Depth) -> Result<()> {
    let query = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Full => "PRAGMA integrity_check(1)",
    };
    let found: String = connection.query_row(query, [], |row| row.get(0)).map_err(|error| {
        if damage::is_damage(&error) { anyhow!("it is damaged: {error}") } else { error.into() }
    })?;
    let found = found.lines().next_back().unwrap_or_default();
    ensure!(found == "ok", "it is damaged: {found}");
    Ok(())
}

/// Verifies the whole journal.
///
/// # Errors
///
/// It can't be read for another reason than damage.
pub fn verify(reader: &Reader) -> Result<Verdict> {
    let structure = ensure_sound(reader.connection(), Depth::Full).err();
    verify_rows(reader, structure, || true)
}

/// Verifies the journal, the newest events first, for `limit` at most; half of that time is for
/// SQLite's structures.
///
/// # Errors
///
/// It can't be read for another reason than damage.
pub fn verify_for(reader: &Reader, limit: Duration) -> Result<Verdict> {
    let begun = Instant::now();
    let examined = interrupted_after(reader.connection(), limit / 2, || {
        ensure_sound(reader.connection(), Depth::Quick)
    });
    let is_partial = examined.as_ref().is_err_and(is_interrupted);
    let structure = examined.err().filter(|_| !is_partial);
    let mut was_cut = false;
    let verdict = verify_rows(reader, structure, || {
        was_cut = begun.elapsed() >= limit;
        !was_cut
    })?;
    Ok(Verdict { is_partial: is_partial || was_cut, ..verdict })
}

fn verify_rows(
    reader: &Reader,
    structure: Option<anyhow::Error>,
    goes_on: impl FnMut() -> bool,
) -> Result<Verdict> {
    let damaged = damaged_rows(reader, goes_on);
    let structure = structure.map(|error| format!("{error:#}"));
    // With a damaged structure, not even the first page may be readable.
    let damaged = match damaged {
        Err(error) if structure.is_none() => return Err(error),
        damaged => damaged.unwrap_or_default(),
    };
    let of = |table| damaged.iter().filter(|(of, _)| *of == table).count();
    let (events, quarantined) = (of(Table::Events), of(Table::Quarantine));
    Ok(Verdict { structure, events, quarantined, is_partial: false })
}

/// The damaged rows, the newest events first, while `goes_on` is true.
fn damaged_rows(reader: &Reader, mut goes_on: impl FnMut() -> bool) -> Result<BTreeSet<RowId>> {
    let mut found = BTreeSet::new();
    let mut end = reader.last_place(Table::Events)?;
    while end > 0 && goes_on() {
        let begin = end.saturating_sub(STEP);
        found.extend(examine_rows(reader, Table::Events, begin, (end - begin) as usize)?.damaged);
        end = begin;
    }
    let (mut position, last) = (0, reader.last_place(Table::Quarantine)?);
    while position < last && goes_on() {
        let examined = examine_rows(reader, Table::Quarantine, position, STEP as usize)?;
        found.extend(examined.damaged);
        position = examined.end;
    }
    Ok(found)
}

/// What an examination of some rows found.
#[derive(Default)]
pub struct Examined {
    /// The checksums of intact rows that have none.
    pub missing_checksums: Checksums,
    /// The damaged rows.
    pub damaged: Vec<RowId>,
    /// The last place that was examined.
    pub end: u64,
}

/// Examines the rows of `table` in the next `most` places after `position`.
pub fn examine_rows(reader: &Reader, table: Table, position: u64, most: usize) -> Result<Examined> {
    let event_id = |entry: &Entry| entry.id;
    let quarantined_id = |row: &(u64, Quarantined)| row.0;
    match table {
        Table::Events => examine(reader, table, rows::event, event_id, position, most),
        Table::Quarantine => {
            examine(reader, table, rows::quarantined, quarantined_id, position, most)
        }
    }
}

fn examine<T>(
    reader: &Reader,
    table: Table,
    read: fn(&Row<'_>) -> rusqlite::Result<Checked<T>>,
    id: fn(&T) -> u64,
    position: u64,
    most: usize,
) -> Result<Examined> {
    let end = position.saturating_add(most as u64);
    let mut found = Examined { end, ..Examined::default() };
    let mut add = |row: Checked<T>| match row {
        Checked::Sound(row, Some(checksum)) if reader.has_checksums() => {
            found.missing_checksums.push(((table, id(&row)), checksum));
        }
        Checked::Sound(..) => {}
        Checked::Damaged(id) => found.damaged.push((table, id)),
    };
    let mut query = reader.range_query(table)?;
    let rows = query.query_map(params![position, end], read)?;
    let is_readable = rows.into_iter().all(|row| row.map(&mut add).is_ok());
    if is_readable {
        return Ok(found);
    }
    // Some page can't be read: reads the rows one by one.
    let mut found = Examined { end, ..Examined::default() };
    for place in position + 1..=end.min(reader.last_place(table)?) {
        match query.query_map(params![place - 1, place], read)?.next() {
            None => {}
            Some(Ok(Checked::Damaged(_)) | Err(_)) => found.damaged.push((table, place)),
            Some(Ok(_)) => {}
        }
    }
    Ok(found)
}

fn interrupted_after<T>(connection: &Connection, limit: Duration, work: impl FnOnce() -> T) -> T {
    let handle = connection.get_interrupt_handle();
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let outcome = work();
        drop(done);
        outcome
    })
}

fn is_interrupted(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<rusqlite::Error>();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::OperationInterrupted)
}
