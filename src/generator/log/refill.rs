//! Refills the store from all events.

use anyhow::{Result, ensure};

use super::Log;
use super::catch_up::{Read, StoreMismatch};
use super::ingest;
use crate::generator::store_file;
use crate::store::{CommitOutcome, Store};
use crate::time::moment::Moment;

impl Log {
    /// Refills the store, because it does not fit journal and archive.
    pub(super) fn replace_store(&mut self, mismatch: StoreMismatch, now: Moment) -> Result<Read> {
        let path = self.settings.journal.path.clone();
        // `forget` and `restore` change journal and store one after the other.
        let lock = if self.may_lack_events {
            store_file::try_lock(&path)?
        } else {
            Some(store_file::lock(&path)?)
        };
        // Meanwhile the site shows what is there.
        let Some(_lock) = lock else { return Ok(Read::All(false)) };
        self.reader = None;
        self.open_journal()?;
        self.store.refresh()?;
        // The process that had the lock before may have refilled it.
        if self.mismatch()?.is_none() && mismatch != StoreMismatch::OtherCollection {
            return Ok(Read::Moved);
        }
        if let Some(reader) = &self.reader {
            self.lacking = self.lacking_events(reader)?;
        }
        self.refill(now)?;
        Ok(Read::Moved)
    }

    /// Reads all events again, into a new store.
    ///
    /// # Errors
    ///
    /// Something can't be read or written; the store is then as it was.
    pub fn replay(&mut self, now: Moment) -> Result<()> {
        let _lock = store_file::lock(&self.settings.journal.path)?;
        self.open_journal()?;
        self.refill(now)
    }

    /// Reads all events again. Events that were pruned from the journal stay in the store.
    fn refill(&mut self, now: Moment) -> Result<()> {
        let path = self.settings.journal.path.clone();
        let scratch = self.file.map(|_| store_file::scratch(&path)).transpose()?;
        let mut new = match &scratch {
            Some(scratch) => Store::create_temporary(&scratch.path())?,
            None => Store::in_memory()?,
        };
        if let Some(reader) = &self.reader {
            let (journal_id, first_id) = (reader.journal_id()?, reader.first_id()?);
            if self.archive.is_none() && store_file::adopt(&path, &journal_id, &mut self.store)? {
                return Ok(());
            }
            let is_pruned = first_id > 1;
            if is_pruned && self.store.position().journal == journal_id {
                new.copy_events(&self.store, now, |source, _| source > 0 && source < first_id)?;
            }
            let committed = ingest::read_many(&mut new, &path, &journal_id, now)?;
            ensure!(
                committed == CommitOutcome::Done,
                "another process writes a store that is being filled"
            );
        }
        match scratch {
            Some(scratch) => self.store.replace_with(new, &scratch.path())?,
            None => self.store = new,
        }
        self.synced_id = 0;
        self.follow_archive()
    }
}
