//! A scrub: reads the whole journal in small steps and looks for damage.
//!
//! Damage in a row that is never read would stay unnoticed until the row is needed. Rows of older
//! versions get their checksums on the way.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::journal::damage::{self, RowId, Table};
use crate::journal::verification::{self, Depth, Examined};
use crate::journal::{Checksums, Reader};

/// What a scrub examines next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rows(Table),
    Structure,
}

/// A scrub in progress.
#[derive(Debug)]
pub struct Scrub {
    stage: Stage,
    position: u64,
    damaged: BTreeSet<RowId>,
}

impl Default for Scrub {
    fn default() -> Self {
        Self { stage: Stage::Rows(Table::Events), position: 0, damaged: BTreeSet::new() }
    }
}

/// The result of a whole scrub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scrubbed {
    /// How many rows are damaged.
    pub rows: usize,
    /// What is wrong with the structure of the database, if anything.
    pub structure: Option<String>,
}

impl Scrub {
    /// Examines up to `most` more rows of the journal at `path`. Returns the checksums of rows that
    /// have none, and at the end the result; then the next scrub begins.
    ///
    /// # Errors
    ///
    /// The journal can't be opened.
    pub fn step(&mut self, path: &Path, most: usize) -> Result<(Checksums, Option<Scrubbed>)> {
        let Some(reader) = Reader::open(path)? else {
            return Ok((Vec::new(), Some(self.finish(path, None))));
        };
        let Stage::Rows(table) = self.stage else {
            let found = verification::ensure_sound(reader.connection(), Depth::Quick);
            let structure = found.err().map(|error| format!("{error:#}"));
            return Ok((Vec::new(), Some(self.finish(path, structure))));
        };
        let last = reader.last_place(table)?;
        let Examined { missing_checksums, damaged, end } =
            verification::examine_rows(&reader, table, self.position, most)?;
        self.damaged.extend(damaged);
        self.position = end;
        if end >= last {
            self.position = 0;
            self.stage = match table {
                Table::Events => Stage::Rows(Table::Quarantine),
                Table::Quarantine => Stage::Structure,
            };
        }
        Ok((missing_checksums, None))
    }

    fn finish(&mut self, path: &Path, structure: Option<String>) -> Scrubbed {
        let Self { damaged, .. } = std::mem::take(self);
        damaged.iter().for_each(|row| damage::report(path, *row));
        let rows = damaged.len();
        damage::replace(path, damaged);
        Scrubbed { rows, structure }
    }
}

/// Adds `checksums` to rows that have none.
pub fn add_checksums(connection: &mut Connection, checksums: &Checksums) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for ((table, id), checksum) in checksums {
        let table = table.name();
        // Another process may have written the row in the meantime.
        let update = format!("UPDATE {table} SET checksum = ?2 WHERE id = ?1 AND checksum IS NULL");
        transaction.prepare_cached(&update)?.execute(params![id, checksum])?;
    }
    Ok(transaction.commit()?)
}
