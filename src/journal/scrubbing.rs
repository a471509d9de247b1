//! Looking through a whole journal for damage, a few rows at a time.
//!
//! A row that is never read rots unseen until it is needed. Rows from before there were checksums
//! get theirs on the way.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, Row, params};

use crate::journal::damage::{self, Place, Table};
use crate::journal::rows::{self, Checked};
use crate::journal::{Entry, Quarantined, Reader, verifying};

/// Places looked at together.
const STEP: u64 = 500;

/// Checksums for rows that have none.
pub type Seals = Vec<(Table, u64, u32)>;

/// How far a journal was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    #[default]
    Events,
    Quarantine,
    Structure,
}

/// A look through a journal that is under way.
#[derive(Debug, Default)]
pub struct Scrub {
    stage: Stage,
    position: u64,
    damaged: BTreeSet<Place>,
    structure: Option<String>,
}

/// What a whole look through a journal found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// How many rows are damaged.
    pub rows: usize,
    /// What is wrong with the database, if anything is.
    pub structure: Option<String>,
}

impl Scrub {
    /// Looks at up to `most` more rows of the journal at `path`. Returns checksums for those that
    /// have none, and at the end what was found.
    ///
    /// # Errors
    ///
    /// A journal that can't be opened.
    pub fn step(&mut self, path: &Path, most: usize) -> Result<(Seals, Option<Scrubbed>)> {
        let Some(reader) = Reader::open(path)? else {
            return Ok((Vec::new(), Some(self.end(path))));
        };
        match self.stage {
            Stage::Events => {
                let seals = self.rows(&reader, Table::Events, rows::event, event_id, most)?;
                Ok((seals, None))
            }
            Stage::Quarantine => {
                let seals =
                    self.rows(&reader, Table::Quarantine, rows::quarantined, odd_id, most)?;
                Ok((seals, None))
            }
            Stage::Structure => {
                let found = verifying::ensure_sound(reader.connection(), verifying::Depth::Quick);
                self.structure = found.err().map(|error| format!("{error:#}"));
                Ok((Vec::new(), Some(self.end(path))))
            }
        }
    }

    fn rows<T>(
        &mut self,
        reader: &Reader,
        table: Table,
        read: fn(&Row<'_>) -> rusqlite::Result<Checked<T>>,
        id: fn(&T) -> u64,
        most: usize,
    ) -> Result<Seals> {
        let last = reader.last_place(table)?;
        let (seals, damaged, position) = look(reader, table, read, id, self.position, most)?;
        self.damaged.extend(damaged.into_iter().map(|id| (table, id)));
        self.position = position;
        if position >= last {
            self.position = 0;
            self.stage = match self.stage {
                Stage::Events => Stage::Quarantine,
                _ => Stage::Structure,
            };
        }
        Ok(seals)
    }

    fn end(&mut self, path: &Path) -> Scrubbed {
        let Self { damaged, structure, .. } = std::mem::take(self);
        damaged.iter().for_each(|place| damage::report(path, *place));
        let rows = damaged.len();
        damage::replace(path, damaged);
        Scrubbed { rows, structure }
    }
}

fn event_id(entry: &Entry) -> u64 {
    entry.id
}

fn odd_id(odd: &(u64, Quarantined)) -> u64 {
    odd.0
}

/// Looks at the rows of `most` places behind `position`: those without checksum, those that are
/// damaged, and the last place that was looked at.
fn look<T>(
    reader: &Reader,
    table: Table,
    read: fn(&Row<'_>) -> rusqlite::Result<Checked<T>>,
    id: fn(&T) -> u64,
    position: u64,
    most: usize,
) -> Result<(Seals, Vec<u64>, u64)> {
    let end = position.saturating_add(most as u64);
    let (mut seals, mut damaged) = (Vec::new(), Vec::new());
    let mut note = |row: Checked<T>| match row {
        Checked::Sound(row, Some(checksum)) if reader.has_checksums() => {
            seals.push((table, id(&row), checksum));
        }
        Checked::Sound(..) => {}
        Checked::Damaged(id) => damaged.push(id),
    };
    let mut query = reader.range_of(table)?;
    let found = query.query_map(params![position, end], read)?;
    let is_readable = found.into_iter().all(|row| row.map(&mut note).is_ok());
    if is_readable {
        return Ok((seals, damaged, end));
    }
    // One by one, past pages that can't be read.
    seals.clear();
    damaged.clear();
    for place in position + 1..=end.min(reader.last_place(table)?) {
        match query.query_map(params![place - 1, place], read)?.next() {
            None => {}
            Some(Ok(Checked::Damaged(_)) | Err(_)) => damaged.push(place),
            Some(Ok(_)) => {}
        }
    }
    Ok((seals, damaged, end))
}

/// Gives rows that have none the checksums `seals`.
pub fn seal(connection: &mut Connection, seals: &Seals) -> Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for (table, id, checksum) in seals {
        let table = table.name();
        // Somebody may have written the row meanwhile.
        let update = format!("UPDATE {table} SET checksum = ?2 WHERE id = ?1 AND checksum IS NULL");
        transaction.prepare_cached(&update)?.execute(params![id, checksum])?;
    }
    Ok(transaction.commit()?)
}

/// The damaged rows of the journal that `reader` reads, the newest events first, for as long as
/// `goes_on` says so.
pub fn damaged_until(
    reader: &Reader,
    mut goes_on: impl FnMut() -> bool,
) -> Result<BTreeSet<Place>> {
    let mut found = BTreeSet::new();
    let mut end = reader.last_place(Table::Events)?;
    while end > 0 && goes_on() {
        let begin = end.saturating_sub(STEP);
        let most = (end - begin) as usize;
        let (_, damaged, _) = look(reader, Table::Events, rows::event, event_id, begin, most)?;
        found.extend(damaged.into_iter().map(|id| (Table::Events, id)));
        end = begin;
    }
    let (mut position, last) = (0, reader.last_place(Table::Quarantine)?);
    while position < last && goes_on() {
        let (_, damaged, end) =
            look(reader, Table::Quarantine, rows::quarantined, odd_id, position, STEP as usize)?;
        found.extend(damaged.into_iter().map(|id| (Table::Quarantine, id)));
        position = end;
    }
    Ok(found)
}
