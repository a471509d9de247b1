//! Stores made from others: filled anew, without somebody, or as a copy.

use std::path::Path;

use anyhow::{Context, Result};
use rusqlite::{Transaction, TransactionBehavior};

use super::{Committed, Position, Settle, Store, chunks, schema, writing};
use crate::time::moment::Moment;
use crate::zoom::{Event, Name};

/// Facts in one transaction.
const BATCH: usize = 10_000;

/// All tables, each of which is as that of another store once one becomes like it.
const TABLES: [&str; 11] = [
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
];

impl Store {
    /// All names that are known, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.memory.words.names.texts().flatten()
    }

    /// Calls `each` for all events, with the place of each in the journal (0: from elsewhere).
    ///
    /// # Errors
    ///
    /// What can't be read, and those of `each`.
    pub fn events(&self, each: impl FnMut(u64, Event) -> Result<()>) -> Result<()> {
        self.events_up_to(None, each)
    }

    /// The same without meetings of which nothing is known before `moment`, where there is one.
    pub(super) fn events_up_to(
        &self,
        moment: Option<Moment>,
        mut each: impl FnMut(u64, Event) -> Result<()>,
    ) -> Result<()> {
        let mut meetings = self.db.prepare(
            "SELECT id, uuid FROM meeting WHERE ?1 IS NULL OR first_fact <= ?1 ORDER BY id",
        )?;
        let mut query =
            self.db.prepare("SELECT events FROM facts WHERE id >= ?1 AND id < ?2 ORDER BY id")?;
        let mut meetings = meetings.query([moment.map(Moment::seconds)])?;
        while let Some(row) = meetings.next()? {
            let (id, uuid): (i64, String) = (row.get(0)?, row.get(1)?);
            let (from, to) = chunks::chunk_ids(id);
            let mut rows = query.query([from, to])?;
            while let Some(row) = rows.next()? {
                let bytes = chunks::unseal(row.get_ref(0)?.as_blob()?)?;
                for fact in chunks::read_facts(bytes, &uuid) {
                    let (source, _, event) = fact?;
                    each(source, event)?;
                }
            }
        }
        self.memory.future.iter().try_for_each(|(source, event)| each(*source, event.clone()))
    }

    /// Takes in the events of `other` that `keeps` lets pass.
    ///
    /// # Errors
    ///
    /// Either can't be read or written.
    pub fn take_over(
        &mut self,
        other: &Self,
        now: Moment,
        mut keeps: impl FnMut(u64, &Event) -> bool,
    ) -> Result<()> {
        let mut waiting = 0;
        other.events(|source, event| {
            if !keeps(source, &event) {
                return Ok(());
            }
            self.take_in(source, &event, now)?;
            waiting += 1;
            if waiting % BATCH == 0 {
                self.commit_alone(Settle::Later)?;
            }
            Ok(())
        })?;
        self.commit_alone(Settle::Now)
    }

    /// Commits to a store that nobody else has.
    fn commit_alone(&mut self, settle: Settle) -> Result<()> {
        let position = self.position().clone();
        match self.commit(&position, settle)? {
            Committed::Done => Ok(()),
            Committed::Moved => {
                Err(anyhow::anyhow!("another process writes a store in the making"))
            }
        }
    }

    /// Becomes like `other`, the store at `place`, in one transaction: whoever uses this one sees it as it was
    /// or as it is then.
    ///
    /// # Errors
    ///
    /// Either can't be read or written; this one is then as it was.
    pub fn become_like(&mut self, other: Self, place: &Path) -> Result<()> {
        let closed = other.db.close().map_err(|(_, error)| error);
        closed.context("a store in the making can't be closed")?;
        let place = place.to_str().context("the path of the journal has to be UTF-8")?;
        self.db.execute("ATTACH ?1 AS other", [place])?;
        let copied = self.copy_attached();
        self.db.execute_batch("DETACH other")?;
        copied?;
        self.reload()
    }

    fn copy_attached(&self) -> Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let edition = super::read_edition(&db)?;
        for table in TABLES {
            db.execute_batch(&format!(
                "DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM other.{table};"
            ))?;
        }
        db.execute("UPDATE store SET edition = ?1", [edition + 1])?;
        db.commit()?;
        Ok(())
    }

    /// Becomes the store of the journal `id`, which is a copy of its own.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn relabel(&mut self, id: &str) -> Result<()> {
        let db = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut state = self.memory.state.clone();
        state.position.journal = id.to_owned();
        state.edition += 1;
        writing::write_state(&db, &state)?;
        db.commit()?;
        self.memory.state = state;
        Ok(())
    }

    /// Writes a copy to the new file `place`, as the store of the journal `id`.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn copy_to(&self, place: &Path, id: &str) -> Result<()> {
        let text = place.to_str().context("the path of a backup has to be UTF-8")?;
        schema::make_private(place)?;
        self.db.execute("VACUUM INTO ?1", [text])?;
        let mut copy = Self::open(place)?;
        copy.relabel(id)?;
        copy.into_one_file()
    }

    /// Closes it, which leaves no file beside its own.
    ///
    /// # Errors
    ///
    /// It can't be written, or somebody else has it open.
    pub fn into_one_file(self) -> Result<()> {
        self.db.pragma_update(None, "journal_mode", "delete")?;
        self.db.close().map_err(|(_, error)| error.into())
    }

    /// Writes everything anew, so that nothing is left of what was removed.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn vacuum(&self) -> Result<()> {
        self.db.execute_batch("VACUUM")?;
        self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Sets how far the logs were read, without any event.
    ///
    /// # Errors
    ///
    /// It can't be written.
    pub fn set_position(&mut self, position: &Position) -> Result<()> {
        match self.commit(position, Settle::Now)? {
            Committed::Done => Ok(()),
            Committed::Moved => Err(anyhow::anyhow!("another process writes the store")),
        }
    }
}
