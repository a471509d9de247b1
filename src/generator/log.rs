//! Following the log: the roster, and how far journal and archive were read.
//!
//! The roster is a union of facts, so an event that is in both of them counts once, and
//! nobody has to know which of them has it. The journal shows this machine's events at
//! once, also while the archive can't be reached; the archive adds everybody else's.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::archive::{self, Archive, Mode};
use crate::config::Settings;
use crate::generator::checkpoint::{self, Checkpoint};
use crate::generator::replay::{self, JournalPart};
use crate::generator::shared::{News, Shared};
use crate::journal::Reader;
use crate::moment::Moment;
use crate::roster::checkpoint::Header;
use crate::roster::{NeedsReplay, Presence, Roster, Rules};
use crate::site::Position;
use crate::zoom;

/// The roster of one log, as far as it was read.
pub struct Log {
    path: PathBuf,
    rules: Rules,
    /// Only facts up to here exist; `None`: all.
    until: Option<Moment>,
    /// `None` while there is no journal yet.
    reader: Option<Reader>,
    journal_id: String,
    /// `None` where there is no archive.
    shared: Option<Shared>,
    roster: Roster,
    last_id: u64,
    /// What the checkpoint on disk has taken in.
    saved_id: u64,
    /// Events from the archive that it has not.
    unsaved: u64,
}

/// An archive to be read, and for how long.
pub type Source = (Archive, Mode);

impl Log {
    /// A log that begins with the checkpoint, if there is one that fits.
    pub fn from_checkpoint(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        let mut log = Self::from_start(settings, None);
        log.open()?;
        log.shared = archive.map(|(archive, mode)| Shared::new(archive, mode, None));
        log.begin_with_checkpoint();
        Ok(log)
    }

    /// A log that reads all events again.
    pub fn from_start(settings: &Settings, archive: Option<Source>) -> Self {
        Self {
            path: settings.journal.path.clone(),
            rules: Rules::from(settings),
            until: None,
            reader: None,
            journal_id: String::new(),
            shared: archive.map(|(archive, mode)| Shared::new(archive, mode, None)),
            roster: Roster::new(),
            last_id: 0,
            saved_id: 0,
            unsaved: 0,
        }
    }

    /// A log of which only facts up to `moment` exist.
    pub fn as_of(settings: &Settings, archive: Option<Source>, moment: Moment) -> Self {
        Self { until: Some(moment), ..Self::from_start(settings, archive) }
    }

    /// Takes in what is new; returns whether there was anything.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        self.open()?;
        let unread = |shared: &Shared| shared.is_read_once() && shared.position().is_none();
        if self.shared.as_ref().is_some_and(unread) {
            self.replay(now)?;
            return Ok(true);
        }
        let journal = self.catch_up_with_journal(now)?;
        let archive = self.catch_up_with_archive(now)?;
        Ok(journal || archive)
    }

    /// Who is and was where, as of `now`.
    pub fn presence(&self, now: Moment) -> Presence {
        self.roster.presence(&self.rules, now)
    }

    /// How far the log was read.
    pub fn position(&self) -> Position {
        Position {
            journal: self.journal_id.clone(),
            last_event: self.last_id,
            archive: self.shared.as_ref().map(Shared::edition_position),
        }
    }

    /// Whether the journal ends before `there`, as it does where a backup was put in its place.
    pub fn ends_before(&self, there: &Position) -> Result<bool> {
        let end = self.reader.as_ref().map_or(Ok(0), Reader::last_id)?;
        Ok(end < there.last_event)
    }

    /// Events taken in since the checkpoint on disk.
    pub fn unsaved(&self) -> u64 {
        self.last_id.saturating_sub(self.saved_id) + self.unsaved
    }

    /// The last event that the checkpoint on disk has taken in.
    pub fn saved_id(&self) -> u64 {
        self.saved_id
    }

    /// Sums up what is old, and writes the checkpoint; later, where that can't be done now.
    pub fn save(&mut self, now: Moment) -> Result<()> {
        let archive = self.shared.as_ref().and_then(Shared::position);
        if self.until.is_some() || (self.last_id == 0 && archive.is_none()) {
            return Ok(());
        }
        self.roster.sum_up(&self.rules, now);
        let last_key = match &self.reader {
            Some(reader) => reader.key_at(self.last_id)?,
            None => None,
        };
        let header = Header {
            journal: self.journal_id.clone(),
            position: self.last_id,
            last_key: last_key.map(|key| *key.as_bytes()),
            archive: postcard::to_stdvec(&archive).context("a position always encodes")?,
        };
        if checkpoint::write(&self.path, &header, &self.roster)? {
            self.saved_id = self.last_id;
            self.unsaved = 0;
        }
        Ok(())
    }

    /// Follows the rules of `settings` from now on; where they are others, reads all again.
    ///
    /// # Errors
    ///
    /// Not everything can be read; it then goes on by the rules it had.
    pub fn adopt(&mut self, settings: &Settings, now: Moment) -> Result<()> {
        let rules = Rules::from(settings);
        if rules == self.rules {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.rules, rules);
        let replayed = self.open().and_then(|()| self.replay(now));
        match &replayed {
            Ok(()) => self.saved_id = 0,
            Err(_) => self.rules = before,
        }
        replayed
    }

    /// Opens the journal, again where it was replaced, and begins anew where it is another one
    /// now, as it is after somebody was forgotten. One that was removed is what it was until
    /// there is another.
    fn open(&mut self) -> Result<()> {
        if let Some(reader) = &self.reader
            && !reader.is_outdated()
            && reader.journal_id()? == self.journal_id
        {
            return Ok(());
        }
        let Some(reader) = Reader::open(&self.path)? else { return Ok(()) };
        let known = self.reader.as_ref().map(|known| known.key_at(self.last_id)).transpose()?;
        let there = reader.key_at(self.last_id)?;
        // A backup with other events at the same places may have been put in place.
        let is_backup = known.flatten().zip(there).is_some_and(|(known, there)| known != there);
        let before = std::mem::replace(&mut self.journal_id, reader.journal_id()?);
        self.reader = Some(reader);
        if is_backup || self.journal_id != before {
            self.forget();
            if !before.is_empty() && self.until.is_none() {
                self.begin_with_checkpoint();
            }
        }
        Ok(())
    }

    /// Takes over the checkpoint, if there is one that fits.
    fn begin_with_checkpoint(&mut self) {
        let reader = self.reader.as_ref();
        let found = checkpoint::read(&self.path, &self.journal_id, reader, &self.rules);
        // Facts of an archive that is not ours any more must not stay.
        let found = found.filter(|found| self.shared.is_some() || found.archive.is_none());
        let Some(Checkpoint { roster, last_id, archive }) = found else { return };
        self.roster = roster;
        self.last_id = last_id;
        self.saved_id = last_id;
        if let Some(shared) = &mut self.shared {
            shared.was_read(archive);
        }
    }

    fn catch_up_with_journal(&mut self, now: Moment) -> Result<bool> {
        let Some(reader) = &self.reader else { return Ok(false) };
        let last_id = reader.last_id()?;
        if last_id == self.last_id {
            return Ok(false);
        }
        if last_id < self.last_id {
            // A backup of this journal was put in its place: other events will have these places.
            self.forget();
        }
        let is_empty =
            self.last_id == 0 && self.shared.as_ref().is_none_or(|s| s.position().is_none());
        if is_empty {
            self.replay_journal(last_id, now)?;
        } else if self.read_new()? == Err(NeedsReplay) {
            self.replay(now)?;
        }
        Ok(true)
    }

    fn forget(&mut self) {
        self.roster = Roster::new();
        self.last_id = 0;
        self.saved_id = 0;
        if let Some(shared) = &mut self.shared {
            shared.was_read(None);
        }
    }

    /// Reads events in the order of arrival until one asks for a replay.
    fn read_new(&mut self) -> Result<Result<(), NeedsReplay>> {
        let Some(reader) = &self.reader else { return Ok(Ok(())) };
        let (roster, last_id, until) = (&mut self.roster, &mut self.last_id, self.until);
        let mut verdict = Ok(());
        reader.events_after(*last_id, |entry| {
            let event = zoom::understand(&entry.document, entry.received_ms);
            if verdict.is_ok() && until.is_none_or(|until| event.at <= until) {
                verdict = roster.apply(&event);
            }
            if verdict.is_ok() {
                *last_id = entry.id;
            }
            Ok(())
        })?;
        Ok(verdict)
    }

    fn catch_up_with_archive(&mut self, now: Moment) -> Result<bool> {
        let mut any = false;
        while let Some(shared) = &mut self.shared
            && let Some(news) = shared.news()?
        {
            any = true;
            if let News::Events(events, position) = news
                && events.iter().try_for_each(|event| self.roster.apply(event)).is_ok()
            {
                shared.took_in(position);
                self.unsaved += events.len() as u64;
            } else {
                self.replay(now)?;
                break;
            }
        }
        Ok(any)
    }

    /// Reads everything again.
    fn replay(&mut self, now: Moment) -> Result<()> {
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
    fn replay_journal(&mut self, last_id: u64, now: Moment) -> Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        self.ensure_whole(reader)?;
        let journal =
            JournalPart { path: &self.path, journal_id: self.journal_id.clone(), last_id };
        let (roster, _) = replay::replay(Some(&journal), None, &self.rules, self.until, now)?;
        // Events may have been removed while others were read.
        self.ensure_whole(reader)?;
        self.roster = roster;
        self.last_id = last_id;
        Ok(())
    }

    /// An archive has what was removed from the journal.
    fn ensure_whole(&self, reader: &Reader) -> Result<()> {
        ensure!(
            self.shared.is_some() || !reader.pruned()?,
            "the journal `{}` has to be replayed, but old events were removed from it (`journal.keep`); \
             take back what changed in `[[rooms]]`, `[[people]]`, `presence.stale_after` or the version of \
             Lookout, or name a new file in `journal.path` and import all events into it from a backup",
            self.path.display()
        );
        Ok(())
    }
}

/// What of the journal is to be replayed; `None` where there is none.
fn journal_part<'a>(
    path: &'a std::path::Path,
    reader: Option<&Reader>,
) -> Result<Option<JournalPart<'a>>> {
    let part = |reader: &Reader| {
        // A reader may have been opened before the journal was replaced.
        Ok(JournalPart { path, journal_id: reader.journal_id()?, last_id: reader.last_id()? })
    };
    reader.map(part).transpose()
}
