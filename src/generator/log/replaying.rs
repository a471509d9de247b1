//! Reading everything again: what asks for it, when it can be done, and what if it can't.

use std::path::Path;

use anyhow::{Result, ensure};

use super::Log;
use crate::archive;
use crate::generator::background::{PendingReplay, Replayed};
use crate::generator::checkpoint;
use crate::generator::replay::{self, JournalPart};
use crate::journal::Reader;
use crate::moment::Moment;

impl Log {
    /// Whether all events can be read, now or later.
    pub(super) fn is_whole(&self) -> Result<bool> {
        let pruned = self.reader.as_ref().map_or(Ok(false), Reader::pruned)?;
        Ok(self.shared.is_some() || !pruned)
    }

    /// Whether reading all events again needs no archive that may not answer.
    pub(super) fn replays_at_once(&self) -> Result<bool> {
        match &self.shared {
            Some(shared) => Ok(shared.is_read_once()),
            None => self.is_whole(),
        }
    }

    /// Sees to it that `refused` events, which concern what was summed up, are taken in: at once,
    /// later, or not at all.
    pub(super) fn make_up_for(&mut self, refused: u64, now: Moment) -> Result<()> {
        if self.replays_at_once()? {
            return self.replay(now);
        }
        if self.is_whole()? {
            self.pending.get_or_insert_with(PendingReplay::new);
            self.go_on_replaying(now);
            return Ok(());
        }
        if self.events_set_aside() == 0 {
            tracing::warn!(
                "an event about a meeting of over 35 days ago is set aside, because the events it belongs to \
                 were removed from the journal (`journal.keep`); `lookout check` counts such events"
            );
        }
        (0..refused).for_each(|_| self.roster.set_aside());
        Ok(())
    }

    /// Takes over a replay that has ended, and starts one that is due; whether the roster is
    /// another one now.
    pub(super) fn go_on_replaying(&mut self, now: Moment) -> bool {
        let Some(pending) = &mut self.pending else { return false };
        match pending.ended() {
            Some(Ok(replayed)) => return self.take_over(replayed),
            Some(Err(error)) => self.replay_failed(&error),
            None => {}
        }
        if !self.pending.as_ref().is_some_and(PendingReplay::is_due) {
            return false;
        }
        match self.start_replay(now) {
            Ok(is_done) => {
                if is_done {
                    self.pending = None;
                }
                is_done
            }
            Err(error) => {
                self.replay_failed(&error);
                false
            }
        }
    }

    /// Reads everything again: here, or in the background where it takes an archive. Whether it
    /// is done.
    fn start_replay(&mut self, now: Moment) -> Result<bool> {
        self.open()?;
        let Some(shared) = &self.shared else {
            self.replay(now)?;
            return Ok(true);
        };
        let journal = journal_part(&self.path, self.reader.as_ref())?;
        if let Some(pending) = &mut self.pending {
            pending.start(journal, shared.archive(), &self.rules, now)?;
        }
        Ok(false)
    }

    /// Goes on from what a replay has read, unless rules or journal have changed meanwhile.
    fn take_over(&mut self, replayed: Replayed) -> bool {
        let Replayed { roster, position, journal, rules } = replayed;
        let is_of_this = |part: &JournalPart| part.journal_id == self.journal_id;
        if rules != self.rules || !journal.as_ref().is_none_or(is_of_this) {
            self.pending = Some(PendingReplay::new());
            return false;
        }
        self.pending = None;
        self.unsaved += position.as_ref().map_or(0, |position| position.expected);
        if let Some(shared) = &mut self.shared {
            shared.was_read(position);
            shared.recovered();
        }
        self.roster = roster;
        self.last_id = journal.map_or(0, |journal| journal.last_id);
        true
    }

    fn replay_failed(&mut self, error: &anyhow::Error) {
        let is_new = self.pending.as_mut().is_some_and(|pending| pending.failed(error));
        match &mut self.shared {
            Some(shared) => {
                shared.failed(error);
                shared.restart();
            }
            None if is_new => tracing::error!("the events cannot be read again: {error:#}"),
            None => {}
        }
    }

    /// Reads everything again.
    pub(super) fn replay(&mut self, now: Moment) -> Result<()> {
        let Some(shared) = &mut self.shared else {
            let last_id = self.reader.as_ref().map_or(Ok(0), Reader::last_id)?;
            return self.replay_journal(last_id, now);
        };
        let journal = journal_part(&self.path, self.reader.as_ref())?;
        let last_id = journal.as_ref().map_or(0, |journal| journal.last_id);
        let archive = shared.archive().clone();
        shared.was_read(None);
        let (roster, position) =
            replay::replay(journal.as_ref(), Some(&archive), &self.rules, self.until, now)?;
        self.unsaved +=
            position.as_ref().map_or(0, |position: &archive::Position| position.expected);
        shared.was_read(position);
        self.roster = roster;
        self.last_id = last_id;
        Ok(())
    }

    /// Reads the journal again, where there is nothing else or it is all that can be read.
    pub(super) fn replay_journal(&mut self, last_id: u64, now: Moment) -> Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        let lacking = self.lacking_events(reader)?;
        let journal =
            JournalPart { path: self.path.clone(), journal_id: self.journal_id.clone(), last_id };
        let (roster, _) = replay::replay(Some(&journal), None, &self.rules, self.until, now)?;
        // Events may have been removed while others were read.
        self.lacking = lacking.or(self.lacking_events(reader)?);
        self.roster = roster;
        self.last_id = last_id;
        Ok(())
    }

    /// What is missing of the journal, where that is allowed.
    fn lacking_events(&self, reader: &Reader) -> Result<Option<String>> {
        let outcome = self.ensure_whole(reader);
        if !self.may_lack_old_events {
            return outcome.map(|()| None);
        }
        let lacking = outcome.err().map(|error| format!("old events are missing: {error:#}"));
        if let Some(lacking) =
            lacking.as_ref().filter(|lacking| self.lacking.as_ref() != Some(lacking))
        {
            checkpoint::keep_unusable(&self.path)?;
            tracing::error!("{lacking}");
        }
        Ok(lacking)
    }

    /// An archive has what was removed from the journal.
    fn ensure_whole(&self, reader: &Reader) -> Result<()> {
        ensure!(
            self.shared.is_some() || !reader.pruned()?,
            "the journal `{}` has to be replayed, but old events were removed from it (`journal.keep`); \
             put back its checkpoint from a backup, or name a new file in `journal.path` and import all \
             events into it from a backup",
            self.path.display()
        );
        Ok(())
    }
}

/// What of the journal is to be replayed; `None` where there is none.
fn journal_part(path: &Path, reader: Option<&Reader>) -> Result<Option<JournalPart>> {
    let part = |reader: &Reader| {
        // A reader may have been opened before the journal was replaced.
        let (journal_id, last_id) = (reader.journal_id()?, reader.last_id()?);
        Ok(JournalPart { path: path.to_owned(), journal_id, last_id })
    };
    reader.map(part).transpose()
}
