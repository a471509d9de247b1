//! Taking events out of the journal for good, beside a running writer.
//!
//! Keys stay, so that a delivery that comes again is not stored again. SQLite overwrites
//! what is removed (`secure_delete`). What it had copied elsewhere in the file before is
//! overwritten afterwards ([`Eraser::finish`]), and the log beside the file is emptied.
//! Its temporary files have no names, and end with the process.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::files::lock::Lock;
use crate::journal::checksum::{self, Envelope};
use crate::journal::files::OpenFiles;
use crate::journal::{overwrite_unallocated, schema, writers};

/// The log beside the file can be emptied once nobody reads from it; readers are quick.
const EMPTYING: Duration = Duration::from_secs(30);

/// What happens to one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The event at this place goes.
    RemoveEvent(u64),
    /// The event at this place gets another document.
    ReplaceEvent(u64, String),
    /// The quarantined delivery at this place goes.
    RemoveQuarantined(u64),
}

/// A journal that is open for erasing.
#[derive(Debug)]
pub struct Eraser {
    path: PathBuf,
    connection: Connection,
    /// Closed last.
    files: OpenFiles,
    /// Nobody replaces the journal meanwhile.
    lock: Lock,
}

impl Eraser {
    /// Opens the journal at `path`, which is there.
    pub fn open(path: &Path) -> Result<Self> {
        let lock = writers::join(path)?;
        let connection = schema::open_writer(path)?;
        Ok(Self { path: path.to_owned(), connection, files: OpenFiles::of(path), lock })
    }

    /// Makes all of `changes` in one transaction: few, as a running writer waits for it.
    pub fn make(&mut self, changes: &[Change]) -> Result<()> {
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

    /// An id for it that no journal has.
    pub fn new_id(&self) -> Result<String> {
        Ok(schema::new_id(&self.connection)?)
    }

    /// Makes it another journal than it was, `id`: whoever keeps something of the old one reads
    /// this one anew.
    pub fn set_id(&mut self, id: &str) -> Result<()> {
        let transaction = self.begin()?;
        schema::set_id(&transaction, id)?;
        Ok(transaction.commit()?)
    }

    /// Overwrites what is left of removed rows in the file, and empties the log beside it. This process
    /// may not have the journal open elsewhere.
    ///
    /// # Errors
    ///
    /// Something is left; to be done once more.
    pub fn finish(self) -> Result<()> {
        let Self { path, connection, files, lock } = self;
        let done = overwrite_unallocated(&path, connection).map_err(schema::explained);
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

/// Gives the event at `id` another document; how many there were.
fn replace(transaction: &Transaction<'_>, id: u64, document: &str) -> Result<usize> {
    let row = "SELECT at, received_ms, key, request_id FROM events WHERE id = ?1";
    let mut row = transaction.prepare_cached(row)?;
    let mut rows = row.query([id])?;
    let Some(row) = rows.next()? else { return Ok(0) };
    let envelope = Envelope {
        received_ms: row.get(1)?,
        key: row.get_ref(2)?.as_blob()?,
        request_id: row.get_ref(3)?.as_str_or_null()?,
    };
    let checksum = checksum::of_event(envelope, row.get(0)?, document.as_bytes());
    let mut update = transaction
        .prepare_cached("UPDATE events SET document = ?2, checksum = ?3 WHERE id = ?1")?;
    Ok(update.execute(params![id, document, checksum])?)
}

/// Empties the log beside a file of SQLite's; whether that could be done in time.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    let begun = Instant::now();
    loop {
        let query = "PRAGMA wal_checkpoint(TRUNCATE)";
        let is_busy: bool = connection.query_row(query, [], |row| row.get(0))?;
        if !is_busy || begun.elapsed() >= EMPTYING {
            return Ok(!is_busy);
        }
        thread::sleep(Duration::from_millis(100));
    }
}
