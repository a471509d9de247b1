//! Reads what is new: from the journal, from the archive, and again after an upgrade.

use anyhow::{Context, Result, anyhow, ensure};

use super::Log;
use super::archive_follower::Update;
use super::ingest::{self, BATCH_EVENTS, Parsed};
use crate::files::FileId;
use crate::generator::old_checkpoint;
use crate::generator::store_file::{self, Opened};
use crate::journal::Reader;
use crate::store::{self, CommitOutcome, LastVisitUpdate, Position};
use crate::time::moment::Moment;

/// How many times to start again after another process wrote the store, before that is an error.
const MAX_ATTEMPTS: usize = 100;

/// How many events to read again at once, so that new ones do not wait.
const REREAD_EVENTS: usize = 2_000;

/// The outcome of an attempt to read new events.
pub(super) enum Read {
    /// Everything was read; whether there was anything.
    All(bool),
    /// Another process wrote the store meanwhile.
    Moved,
}

/// Why the store does not fit journal and archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreMismatch {
    /// It was filled from another journal, or from an archive that is no longer used.
    OtherJournal,
    /// It was filled from another collection. Only the archive can tell.
    OtherCollection,
    /// The journal was replaced by an older backup of itself.
    Backup,
}

impl Log {
    /// Reads what is new; returns whether there was anything.
    ///
    /// # Errors
    ///
    /// The journal or the store can't be read; or the archive, where it is read once.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        let is_other_store = self.reopen_store(None)?;
        match self.read_to_end(now) {
            Err(error) if store::is_unusable(&error) && self.reopen_store(Some(&error))? => {
                self.read_to_end(now)?;
                Ok(true)
            }
            has_news => {
                let has_news = has_news?;
                self.remove_old_checkpoints()?;
                Ok(is_other_store | has_news)
            }
        }
    }

    /// Opens the store again if its file was replaced, or replaces it if it can't be used because
    /// of `error`. Returns whether it did.
    fn reopen_store(&mut self, error: Option<&anyhow::Error>) -> Result<bool> {
        if self.file.is_none() {
            return Ok(false);
        }
        let is_same = self.file == FileId::of(&store_file::path_of(&self.settings.journal.path))?;
        match error {
            None if is_same => return Ok(false),
            Some(error) if is_same => store_file::discard(&self.settings, self.file, error)?,
            _ => {}
        }
        let Opened { store, file } = store_file::open(&self.settings)?;
        (self.store, self.file, self.synced_id) = (store, file, 0);
        self.follow_archive()?;
        Ok(true)
    }

    /// Removes the checkpoints of earlier versions, once the store is complete.
    fn remove_old_checkpoints(&mut self) -> Result<()> {
        if !self.is_checkpoint_removed && self.file.is_some() && self.lacking.is_none() {
            let journal = &self.store.position().journal;
            old_checkpoint::remove(&self.settings.journal.path, journal)?;
            self.is_checkpoint_removed = true;
        }
        Ok(())
    }

    fn read_to_end(&mut self, now: Moment) -> Result<bool> {
        let mut has_news = self.store.refresh()?;
        if has_news {
            self.follow_archive()?;
        }
        for _ in 0..MAX_ATTEMPTS {
            match self.try_read(now)? {
                Read::All(any) => return Ok(has_news | any),
                Read::Moved => {
                    // The other process may have moved back in the archive, such as by a refill.
                    self.follow_archive()?;
                    has_news = true;
                }
            }
        }
        Err(anyhow!("other processes write the store all the time"))
    }

    fn try_read(&mut self, now: Moment) -> Result<Read> {
        self.open_journal()?;
        if let Some(mismatch) = self.mismatch()? {
            return self.replace_store(mismatch, now);
        }
        let due = self.store.apply_due(now)?;
        if due > 0 {
            let position = self.store.position().clone();
            if self.store.commit(&position, LastVisitUpdate::Now)? == CommitOutcome::Conflict {
                return Ok(Read::Moved);
            }
        }
        let mut has_news = due > 0;
        for read in [Self::read_journal, Self::read_archive, Self::reread_journal] {
            match read(self, now)? {
                Read::All(any) => has_news |= any,
                Read::Moved => return Ok(Read::Moved),
            }
        }
        Ok(Read::All(has_news))
    }

    /// Opens the journal, again if it was replaced. A removed journal stays open until there is
    /// another.
    pub(super) fn open_journal(&mut self) -> Result<()> {
        if let Some(reader) = &self.reader
            && !reader.is_outdated()?
        {
            return Ok(());
        }
        if matches!(self.settings.journal.path.try_exists(), Ok(false)) {
            return Ok(());
        }
        // SQLite keeps replaced files open as long as any of its connections is open.
        self.reader = None;
        self.reader = Reader::open(&self.settings.journal.path)?;
        Ok(())
    }

    /// Why the store does not fit this journal and archive, if it does not.
    pub(super) fn mismatch(&self) -> Result<Option<StoreMismatch>> {
        let position = self.store.position();
        if !position.archive.is_empty() && self.archive.is_none() {
            // Facts from an archive that is no longer used must not stay.
            return Ok(Some(StoreMismatch::OtherJournal));
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        let id = reader.journal_id()?;
        if !position.journal.is_empty() && position.journal != id && position.former != id {
            return Ok(Some(StoreMismatch::OtherJournal));
        }
        let key = reader.key_at(position.last_id)?;
        let is_other = position.last_key.zip(key).is_some_and(|(known, key)| known != key);
        let is_behind = reader.last_id()? < position.last_id;
        Ok((is_other || is_behind).then_some(StoreMismatch::Backup))
    }

    /// Reads the journal's new events.
    fn read_journal(&mut self, now: Moment) -> Result<Read> {
        let Some(reader) = &self.reader else { return Ok(Read::All(false)) };
        let (last_id, known) = (reader.last_id()?, self.store.position().clone());
        if last_id == known.last_id && !known.journal.is_empty() {
            return Ok(Read::All(false));
        }
        let (id, path) = (reader.journal_id()?, &self.settings.journal.path);
        if known.last_id == 0 {
            let is_only_copy = self.archive.is_none() && reader.pruned()?;
            if is_only_copy
                && (store_file::adopt(path, &id, &mut self.store)?
                    || old_checkpoint::import(path, &id, &mut self.store, now)?)
            {
                return Ok(Read::Moved);
            }
            self.lacking = self.lacking_events(reader)?;
        }
        let committed = if last_id - known.last_id > BATCH_EVENTS as u64 {
            ingest::read_many(&mut self.store, path, &id, now)?
        } else {
            ingest::read_new(&mut self.store, reader, &id, now)?
        };
        Ok(match committed {
            CommitOutcome::Done => Read::All(last_id > known.last_id),
            CommitOutcome::Conflict => Read::Moved,
        })
    }

    /// Reads what has come from the archive.
    fn read_archive(&mut self, now: Moment) -> Result<Read> {
        let mut has_news = false;
        while let Some(archive) = &mut self.archive
            && let Some(update) = archive.next_update()?
        {
            has_news = true;
            let (events, read_to) = match update {
                Update::Events(events, read_to) => (events, read_to),
                Update::Scanned(read_to) => (Vec::new(), Some(read_to)),
                Update::OtherCollection => {
                    return self.replace_store(StoreMismatch::OtherCollection, now);
                }
            };
            let mut position = self.store.position().clone();
            for event in events {
                self.store.take_in(0, &event.into(), now)?;
            }
            let settle =
                if read_to.is_some() { LastVisitUpdate::Now } else { LastVisitUpdate::Deferred };
            if let Some(read_to) = read_to {
                position.archive =
                    postcard::to_stdvec(&read_to).context("a position always encodes")?;
                archive.set_position(read_to);
            }
            if self.store.commit(&position, settle)? == CommitOutcome::Conflict {
                return Ok(Read::Moved);
            }
        }
        Ok(Read::All(has_news))
    }

    /// Reads some of the journal's events again, after an upgrade that understands more of them.
    fn reread_journal(&mut self, now: Moment) -> Result<Read> {
        let (Some(reader), Some(from)) = (&self.reader, self.store.position().reread) else {
            return Ok(Read::All(false));
        };
        let (mut to, mut count) = (None, 0);
        let (store, mut is_full) = (&mut self.store, false);
        let outcome = reader.events_after(from, |entry| {
            is_full = count == REREAD_EVENTS;
            ensure!(!is_full, "that is enough for now");
            let Parsed { id, event, .. } = Parsed::from(&entry);
            (to, count) = (Some(id), count + 1);
            store.take_in(id, &event, now)
        });
        if !is_full {
            outcome?;
            to = None;
        }
        let position = Position { reread: to, ..self.store.position().clone() };
        Ok(match self.store.commit(&position, LastVisitUpdate::Now)? {
            CommitOutcome::Done => Read::All(true),
            CommitOutcome::Conflict => Read::Moved,
        })
    }

    /// Which events are missing from the journal, if that is allowed.
    ///
    /// # Errors
    ///
    /// Events are missing, and that is not allowed.
    pub(super) fn lacking_events(&self, reader: &Reader) -> Result<Option<String>> {
        let Err(error) = self.ensure_complete(reader) else { return Ok(None) };
        if !self.may_lack_events {
            return Err(error);
        }
        let lacking = Some(format!("old events are missing: {error:#}"));
        if let Some(lacking) = lacking.as_ref().filter(|_| lacking != self.lacking) {
            tracing::error!("{lacking}");
        }
        Ok(lacking)
    }

    /// Ensures that pruned events are in the archive.
    fn ensure_complete(&self, reader: &Reader) -> Result<()> {
        ensure!(
            self.archive.is_some() || !reader.pruned()?,
            "old events were removed from the journal `{}` (`journal.keep`), and the store beside it does \
             not have them; put back its `.presence` file from a backup with `lookout restore`, or name a new file in \
             `journal.path` and import all events into it from a backup",
            self.settings.journal.path.display()
        );
        Ok(())
    }
}
