//! Following the journal: the roster, and how far it has read.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::config::Settings;
use crate::generator::{checkpoint, replay};
use crate::journal::Reader;
use crate::moment::Moment;
use crate::roster::{NeedsReplay, Presence, Roster, Rules};
use crate::site::Position;
use crate::zoom;

/// The roster of one journal, as far as it was read.
pub struct Log {
    path: PathBuf,
    rules: Rules,
    /// Only facts up to here exist; `None`: all.
    until: Option<Moment>,
    /// `None` while there is no journal yet.
    reader: Option<Reader>,
    journal_id: String,
    roster: Roster,
    last_id: u64,
    /// What the checkpoint on disk has taken in.
    saved_id: u64,
}

impl Log {
    /// A log that begins with the checkpoint, if there is one that fits.
    pub fn from_checkpoint(settings: &Settings) -> Result<Self> {
        let mut log = Self::from_start(settings);
        log.open()?;
        if let Some((roster, last_id)) = checkpoint::read(&log.path, &log.journal_id, &log.rules) {
            log.roster = roster;
            log.last_id = last_id;
            log.saved_id = last_id;
        }
        Ok(log)
    }

    /// A log that reads all events again.
    pub fn from_start(settings: &Settings) -> Self {
        Self {
            path: settings.journal.path.clone(),
            rules: Rules::from(settings),
            until: None,
            reader: None,
            journal_id: String::new(),
            roster: Roster::new(),
            last_id: 0,
            saved_id: 0,
        }
    }

    /// A log of which only facts up to `moment` exist.
    pub fn as_of(settings: &Settings, moment: Moment) -> Self {
        Self { until: Some(moment), ..Self::from_start(settings) }
    }

    /// Takes in what is new; returns whether there was anything.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        self.open()?;
        let Some(reader) = &self.reader else { return Ok(false) };
        let last_id = reader.last_id()?;
        if last_id == self.last_id {
            return Ok(false);
        }
        if last_id < self.last_id {
            // A backup of this journal was put in its place: other events will have these places.
            self.forget();
        }
        if self.last_id == 0 || self.read_new()? == Err(NeedsReplay) {
            self.replay(last_id, now)?;
        }
        Ok(true)
    }

    /// Who is and was where, as of `now`.
    pub fn presence(&self, now: Moment) -> Presence {
        self.roster.presence(&self.rules, now)
    }

    /// How far the journal was read.
    pub fn position(&self) -> Position {
        Position { journal: self.journal_id.clone(), last_event: self.last_id }
    }

    /// Whether the journal ends before `there`, as it does where a backup was put in its place.
    pub fn ends_before(&self, there: &Position) -> Result<bool> {
        let end = self.reader.as_ref().map_or(Ok(0), Reader::last_id)?;
        Ok(end < there.last_event)
    }

    /// Events taken in since the checkpoint on disk.
    pub fn unsaved(&self) -> u64 {
        self.last_id.saturating_sub(self.saved_id)
    }

    /// The last event that the checkpoint on disk has taken in.
    pub fn saved_id(&self) -> u64 {
        self.saved_id
    }

    /// Sums up what is old, and writes the checkpoint.
    pub fn save(&mut self, now: Moment) -> Result<()> {
        if self.until.is_some() || self.last_id == 0 {
            return Ok(());
        }
        self.roster.sum_up(&self.rules, now);
        checkpoint::write(&self.path, &self.position(), &self.roster)?;
        self.saved_id = self.last_id;
        Ok(())
    }

    /// Opens the journal, again where it was replaced. One that was removed is what it was
    /// until there is another.
    fn open(&mut self) -> Result<()> {
        if self.reader.as_ref().is_some_and(|reader| !reader.is_outdated()) {
            return Ok(());
        }
        let Some(reader) = Reader::open(&self.path)? else { return Ok(()) };
        let journal_id = reader.journal_id()?;
        if self.journal_id != journal_id {
            self.journal_id = journal_id;
            self.forget();
        }
        self.reader = Some(reader);
        Ok(())
    }

    fn forget(&mut self) {
        self.roster = Roster::new();
        self.last_id = 0;
        self.saved_id = 0;
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

    fn replay(&mut self, last_id: u64, now: Moment) -> Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        self.ensure_whole(reader)?;
        let roster = replay::replay(reader, &self.path, &self.rules, last_id, self.until, now)?;
        // Events may have been removed while others were read.
        self.ensure_whole(reader)?;
        self.roster = roster;
        self.last_id = last_id;
        Ok(())
    }

    fn ensure_whole(&self, reader: &Reader) -> Result<()> {
        ensure!(
            !reader.pruned()?,
            "the journal `{}` has to be replayed, but old events were removed from it (`journal.keep`); \
             take back what changed in `[[rooms]]`, `[[people]]`, `presence.stale_after` or the version of \
             Lookout, or name a new file in `journal.path` and import all events into it from a backup",
            self.path.display()
        );
        Ok(())
    }
}
