//! Copies a store: to rebuild it, to forget a person, or to back it up.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Transaction, TransactionBehavior};

use super::{CommitOutcome, LastVisitUpdate, Position, Store, commit, read, schema};
use crate::time::moment::Moment;
use crate::zoom::{Event, Name};

/// The number of events in one transaction.
const EVENTS_PER_COMMIT: usize = 10_000;

/// All tables that [`Store::replace_with`] copies.
const TABLES: [&str; 12] = [
    "store",
    "name",
    "account",
    "meeting",
    "facts",
    "sessions",
    "attended",
    "account_of",
    "last_visit",
    "outdated",
    "future",
    "waiting",
];

impl Store {
    /// All names, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.memory.symbols.names.values().flatten()
    }

    /// Calls `each` for all events, with the id of each in the journal, or 0.
    ///
    /// # Errors
    ///
    /// The store can't be read, or `each` fails.
    pub fn events(&self, each: impl FnMut(u64, Event) -> Result<()>) -> Result<()> {
        self.events_up_to(None, each)
    }

    /// The same, without meetings that began after `moment`, if one is given.
    pub(super) fn events_up_to(
        &self,
        moment: Option<Moment>,
        mut each: impl FnMut(u64, Event) -> Result<()>,
    ) -> Result<()> {
        let mut meetings = self.db.prepare(
            "SELECT id, uuid FROM meeting WHERE ?1 IS NULL OR first_fact <= ?1 ORDER BY id",
        )?;
        let mut meetings = meetings.query([moment.map(Moment::seconds)])?;
        while let Some(row) = meetings.next()? {
            let (id, uuid): (i64, String) = (row.get(0)?, row.get(1)?);
            read::for_each_event(&self.db, id, &uuid, &mut each)?;
        }
        self.memory.future.iter().try_for_each(|(source, event)| each(*source, event.clone()))
    }

    /// Applies the events of `other` for which `keeps` is true, and commits them.
    ///
    /// # Errors
    ///
    /// One of the stores can't be read or written.
    pub fn copy_events(
        &mut self,
        other: &Self,
        now: Moment,
        mut keeps: impl FnMut(u64, &Event) -> bool,
    ) -> Result<()> {
        let mut uncommitted = 0;
        other.events(|source, event| {
            if !keeps(source, &event) {
                return Ok(());
            }
            self.take_in(source, &event.into(), now)?;
            uncommitted += 1;
            if uncommitted % EVENTS_PER_COMMIT == 0 {
                self.commit_exclusively(LastVisitUpdate::Deferred)?;
            }
            Ok(())
        })?;
        self.commit_exclusively(LastVisitUpdate::Now)
    }

    /// Commits to a store that no other process has open.
    fn commit_exclusively(&mut self, last_visits: LastVisitUpdate) -> Result<()> {
        let position = self.position().clone();
        match self.commit(&position, last_visits)? {
            CommitOutcome::Done => Ok(()),
            CommitOutcome::Conflict => {
                Err(anyhow::anyhow!("another process writes to a store that is being built"))
            }
        }
    }

    /// Replaces the content with that of `other`, the store at `path`, in one transaction. Other
    /// processes see either the old content or the new.
    ///
    /// # Errors
    ///
    /// One of the stores can't be read or written. This store is then unchanged.
    pub fn replace_with(&mut self, other: Self, path: &Path) -> Result<()> {
        let closed = other.db.close().map_err(|(_, error)| error);
        closed.context("cannot close the store that was built")?;
        let path = path.to_str().context("the path of the journal has to be UTF-8")?;
        self.db.execute("ATTACH ?1 AS other", [path])?;
        let copied = self.copy_attached();
        self.db.execute_batch("DETACH other")?;
        copied?;
        self.reload()
    }

    fn copy_attached(&self) -> Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let edition = read::read_edition(&db)?;
        for table in TABLES {
            db.execute_batch(&format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM other.{table};"
            ))?;
        }
        db.execute("UPDATE store SET edition = ?1", [edition + 1])?;
        db.commit()?;
        Ok(())
    }

    /// Sets the id of the journal that this store belongs to.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn set_journal_id(&mut self, id: &str) -> Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut header = self.memory.header.clone();
        header.position.journal = id.to_owned();
        header.edition += 1;
        commit::write_header(&db, &header)?;
        db.commit()?;
        self.memory.header = header;
        Ok(())
    }

    /// Writes a copy to the new file `path`, as the store of the journal `id`.
    ///
    /// # Errors
    ///
    /// The copy can't be written.
    pub fn back_up_to(&self, path: &Path, id: &str) -> Result<()> {
        let text = path.to_str().context("the path of a backup has to be UTF-8")?;
        schema::make_private(path)?;
        self.db.execute("VACUUM INTO ?1", [text])?;
        let mut copy = Self::open(path)?;
        copy.set_journal_id(id)?;
        copy.close_as_single_file()
    }

    /// Closes the store and removes its write-ahead log, so that it is one file.
    ///
    /// # Errors
    ///
    /// The store can't be written, or another process has it open.
    pub fn close_as_single_file(self) -> Result<()> {
        self.db.pragma_update(None, "journal_mode", "delete")?;
        self.db.close().map_err(|(_, error)| error.into())
    }

    /// Rewrites the file, so that it keeps nothing of removed data.
    ///
    /// # Errors
    ///
    /// The store can't be written.
    pub fn vacuum(&self) -> Result<()> {
        self.db.execute_batch("VACUUM")?;
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Commits a position without any event.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn set_position(&mut self, position: &Position) -> Result<()> {
        match self.commit(position, LastVisitUpdate::Now)? {
            CommitOutcome::Done => Ok(()),
            CommitOutcome::Conflict => {
                Err(anyhow::anyhow!("another process has written to the store"))
            }
        }
    }
}
