//! Removes events from the journal for good, while a writer may be running.
//!
//! Keys stay, so that a repeated delivery is not stored again. SQLite overwrites removed rows
//! (`secure_delete`). [`Eraser::finish`] overwrites copies that SQLite left elsewhere in the file,
//! and empties the log. SQLite's temporary files have no names, and end with the process.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::files::lock::Lock;
use crate::journal::open_files::OpenFiles;
use crate::journal::{Envelope, checksum, connection, overwrite_unallocated, schema, writer_lock};
use crate::zoom::Key;

/// A change to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Removes the event at this place.
    RemoveEvent(u64),
    /// Gives the event at this place another document.
    ReplaceEvent(u64, String),
    /// Removes the quarantined delivery at this place.
    RemoveQuarantined(u64),
}

/// A journal that is open for such changes.
#[derive(Debug)]
pub struct Eraser {
    path: PathBuf,
    connection: Connection,
    /// Dropped after the connection.
    files: OpenFiles,
    /// Keeps other processes from replacing the journal.
    lock: Lock,
}

impl Eraser {
    /// Opens the journal at `path`, which has to exist.
    pub fn open(path: &Path) -> Result<Self> {
        let lock = writer_lock::share(path)?;
        let connection = connection::open_writer(path)?;
        Ok(Self { path: path.to_owned(), connection, files: OpenFiles::of(path)?, lock })
    }

    /// Makes all `changes` in one transaction. Pass only a few at a time: a running writer waits.
    pub fn apply(&mut self, changes: &[Change]) -> Result<()> {
        let transaction = self.begin()?;
        for change in changes {
            match change {
                Change::RemoveEvent(id) => {
                    transaction.prepare_cached("DELETE FROM events WHERE id = ?1")?.execute([id])?
                }
                Change::ReplaceEvent(id, document) => replace(&transaction, *id, document)?,
                Change::RemoveQuarantined(id) => transaction
                    .prepare_cached("DELETE FROM quarantine WHERE id = ?1")?
                    .execute([id])?,
            };
        }
        Ok(transaction.commit()?)
    }

    /// A new random id for the journal.
    pub fn new_id(&self) -> Result<String> {
        Ok(schema::new_id(&self.connection)?)
    }

    /// Gives the journal another id: everyone who keeps something of the old journal reads this one
    /// from the start.
    pub fn set_id(&mut self, id: &str) -> Result<()> {
        let transaction = self.begin()?;
        schema::set_id(&transaction, id)?;
        Ok(transaction.commit()?)
    }

    /// Overwrites what is left of removed rows in the file, and empties its log. No other connection
    /// of this process may be open.
    ///
    /// # Errors
    ///
    /// Something is left; `finish` has to be repeated.
    pub fn finish(self) -> Result<()> {
        let Self { path, connection, files, lock } = self;
        let done = overwrite_unallocated(&path, connection).map_err(connection::explained);
        drop((files, lock));
        done.with_context(|| {
            format!(
                "traces may be left in the journal `{}`; correct this, and run the same command again",
                path.display()
            )
        })
    }

    fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Gives the event at `id` another document; returns how many rows changed.
fn replace(transaction: &Transaction<'_>, id: u64, document: &str) -> Result<usize> {
    let row = "SELECT at, received_ms, key, request_id FROM events WHERE id = ?1";
    let mut row = transaction.prepare_cached(row)?;
    let mut rows = row.query([id])?;
    let Some(row) = rows.next()? else { return Ok(0) };
    let envelope = Envelope {
        received_ms: row.get(1)?,
        key: Key::from_bytes(row.get(2)?),
        request_id: row.get_ref(3)?.as_str_or_null()?,
    };
    let checksum = checksum::of_event(envelope, row.get(0)?, document);
    let mut update = transaction
        .prepare_cached("UPDATE events SET document = ?2, checksum = ?3 WHERE id = ?1")?;
    Ok(update.execute(params![id, document, checksum])?)
}
