//! Following the log: the roster, and how far journal and archive were read.
//!
//! The roster is a union of facts, so an event that is in both of them counts once, and
//! nobody has to know which of them has it. The journal shows this machine's events at
//! once, also while the archive can't be reached; the archive adds everybody else's.
//!
//! Old events are summed up. A late event about those, or other rules, make it necessary to read
//! everything again. Where that can't be done now, the log goes on from what it has: a
//! replay that needs the archive runs in the background, and is tried until it succeeds. Where
//! it can't be done at all, because old events were removed from the journal, the late
//! event is set aside.

mod replaying;

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::archive::{Archive, Mode};
use crate::config::Settings;
use crate::generator::background::PendingReplay;
use crate::generator::checkpoint::{self, Checkpoint};
use crate::generator::shared::{News, Shared};
use crate::journal::Reader;
use crate::moment::Moment;
use crate::roster::checkpoint::Header;
use crate::roster::{Presence, Roster, Rules};
use crate::site::Position;
use crate::zoom::{self, Key};

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
    /// The key of the event at `last_id`, once it was asked for there.
    last_key: (u64, Option<Key>),
    /// What the checkpoint on disk has taken in.
    saved_id: u64,
    /// Events from the archive that it has not.
    unsaved: u64,
    /// Everything has to be read again, and was not yet. Nothing is saved until it was.
    pending: Option<PendingReplay>,
    /// Whether to go on from what is left where old events are nowhere any more.
    may_lack_old_events: bool,
    /// Why old events are missing, where they are.
    lacking: Option<String>,
}

/// An archive to be read, and for how long.
pub type Source = (Archive, Mode);

impl Log {
    /// A log that begins with the checkpoint, if there is one that fits.
    pub fn from_checkpoint(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        let mut log = Self::from_start(settings, None);
        log.open()?;
        log.shared = archive.map(|(archive, mode)| Shared::new(archive, mode, None));
        log.begin_with_checkpoint()?;
        Ok(log)
    }

    /// A log that is followed for long. It begins with the checkpoint, and where neither that nor
    /// the events can be had, goes on from what is left.
    pub fn to_follow(settings: &Settings, archive: Option<Archive>) -> Result<Self> {
        let archive = archive.map(|archive| (archive, Mode::On));
        Ok(Self { may_lack_old_events: true, ..Self::from_checkpoint(settings, archive)? })
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
            last_key: (0, None),
            saved_id: 0,
            unsaved: 0,
            pending: None,
            may_lack_old_events: false,
            lacking: None,
        }
    }

    /// A log of which only facts up to `moment` exist.
    pub fn as_of(settings: &Settings, archive: Option<Source>, moment: Moment) -> Self {
        Self { until: Some(moment), ..Self::from_start(settings, archive) }
    }

    /// Takes in what is new; returns whether there was anything.
    ///
    /// # Errors
    ///
    /// The journal can't be read; or, where the archive is read once, that.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        self.open()?;
        let unread = |shared: &Shared| shared.is_read_once() && shared.position().is_none();
        if self.shared.as_ref().is_some_and(unread) {
            self.replay(now)?;
            return Ok(true);
        }
        let replayed = self.go_on_replaying(now);
        let due = self.apply_due(now)?;
        let journal = self.catch_up_with_journal(now)?;
        self.note_last_key()?;
        let archive = self.catch_up_with_archive(now)?;
        Ok(replayed || due || journal || archive)
    }

    /// Remembers the last event that was read, by which another journal is recognised.
    fn note_last_key(&mut self) -> Result<()> {
        if self.last_key.0 != self.last_id
            && let Some(reader) = &self.reader
        {
            self.last_key = (self.last_id, reader.key_at(self.last_id)?);
        }
        Ok(())
    }

    /// Takes in the events whose time has come; returns whether there were any.
    fn apply_due(&mut self, now: Moment) -> Result<bool> {
        let (due, refused) = self.roster.apply_due(now);
        self.unsaved += due;
        if refused > 0 {
            self.make_up_for(refused, now)?;
        }
        Ok(due > 0)
    }

    /// Whether the archive is being read for the first time. Whatever is published before that
    /// would lack what other machines stored.
    pub fn is_first_reading(&self) -> bool {
        self.shared.as_ref().is_some_and(|shared| {
            !shared.is_read_once() && shared.position().is_none() && shared.failure().is_none()
        })
    }

    /// What is missing from the log now, and why; empty where nothing is.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if let Some(failure) = self.shared.as_ref().and_then(Shared::failure) {
            problems.push(format!(
                "the archive cannot be read, so events of other machines are missing: {failure}"
            ));
        }
        if let Some(failure) = self.pending.as_ref().and_then(PendingReplay::failure) {
            problems.push(format!(
                "all events have to be read again for what happened over 35 days ago: {failure}"
            ));
        }
        problems.extend(self.lacking.clone());
        problems
    }

    /// How many late events could not be taken in, because older ones were removed.
    pub fn events_set_aside(&self) -> u64 {
        self.roster.events_set_aside()
    }

    /// How many events count only once their time has come.
    pub fn events_to_come(&self) -> usize {
        self.roster.events_to_come()
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
        let is_empty = self.last_id == 0 && archive.is_none();
        if self.until.is_some() || self.pending.is_some() || is_empty {
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

    /// Follows the rules of `settings` from now on. What was summed up by others is read again,
    /// at once or as soon as that is possible.
    pub fn adopt(&mut self, settings: &Settings, now: Moment) {
        let rules = Rules::from(settings);
        if rules == self.rules {
            return;
        }
        self.rules = rules;
        self.follow_rules();
        self.go_on_replaying(now);
    }

    /// Makes the roster fit the rules, by what is there; the rest has to be read again.
    fn follow_rules(&mut self) {
        let fingerprint = self.rules.fingerprint();
        if self.roster.summed_under().is_none_or(|under| under == fingerprint) {
            return;
        }
        self.roster.keep_past_under(&self.rules);
        self.saved_id = 0;
        // A journal that can't be asked is reported by the attempt.
        if self.is_whole().unwrap_or(true) {
            self.pending = Some(PendingReplay::new());
        } else {
            tracing::warn!(
                "what happened over 35 days ago keeps the names and rooms of earlier settings, \
                 because those events were removed from the journal (`journal.keep`)"
            );
        }
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
        if matches!(self.path.try_exists(), Ok(false)) {
            return Ok(());
        }
        // SQLite does not let go of files that were changed under it while any of its connections
        // is open.
        self.reader = None;
        let Some(reader) = Reader::open(&self.path)? else { return Ok(()) };
        let is_backup = self.has_other_events(&reader)?;
        let before = std::mem::replace(&mut self.journal_id, reader.journal_id()?);
        self.reader = Some(reader);
        if is_backup || self.journal_id != before {
            self.forget();
            if !before.is_empty() && self.until.is_none() {
                self.begin_with_checkpoint()?;
            }
        }
        Ok(())
    }

    /// Whether another event than the one that was read last is at its place, as in a journal that
    /// was put back and has grown since.
    fn has_other_events(&self, reader: &Reader) -> Result<bool> {
        let (place, known) = self.last_key;
        let there = reader.key_at(place)?;
        let is_other = known.zip(there).is_some_and(|(known, there)| known != there);
        Ok(is_other && place == self.last_id)
    }

    /// Takes over the checkpoint, if there is one that fits.
    fn begin_with_checkpoint(&mut self) -> Result<()> {
        let found = checkpoint::read(&self.path, &self.journal_id, self.reader.as_ref());
        // Facts of an archive that is not ours any more must not stay.
        let found = found.filter(|found| self.shared.is_some() || found.archive.is_none());
        let Some(Checkpoint { roster, last_id, archive }) = found else { return Ok(()) };
        let under = roster.summed_under();
        let fits = under.is_none_or(|under| under == self.rules.fingerprint());
        if !fits && self.replays_at_once()? {
            tracing::info!("all events are read again, because rooms or people have changed");
            return Ok(());
        }
        self.roster = roster;
        self.last_id = last_id;
        self.saved_id = last_id;
        if let Some(shared) = &mut self.shared {
            shared.was_read(archive);
        }
        self.follow_rules();
        Ok(())
    }

    fn catch_up_with_journal(&mut self, now: Moment) -> Result<bool> {
        let Some(reader) = &self.reader else { return Ok(false) };
        let last_id = reader.last_id()?;
        if last_id < self.last_id || self.has_other_events(reader)? {
            // A backup of this journal was put in its place: other events have these places.
            self.forget();
        }
        if last_id == self.last_id {
            return Ok(false);
        }
        let is_empty =
            self.last_id == 0 && self.shared.as_ref().is_none_or(|s| s.position().is_none());
        if is_empty {
            self.replay_journal(last_id, now)?;
        } else {
            self.read_new(now)?;
        }
        Ok(true)
    }

    fn forget(&mut self) {
        self.roster = Roster::new();
        self.last_id = 0;
        self.saved_id = 0;
        self.pending = None;
        if let Some(shared) = &mut self.shared {
            shared.was_read(None);
        }
    }

    /// Reads new events in the order of arrival, and everything again where one asks for it.
    fn read_new(&mut self, now: Moment) -> Result<()> {
        let Some(reader) = &self.reader else { return Ok(()) };
        let (roster, last_id, until) = (&mut self.roster, &mut self.last_id, self.until);
        let mut refused = 0;
        reader.events_after(*last_id, |entry| {
            let event = zoom::understand(&entry.document, entry.received_ms);
            let is_taken =
                until.is_some_and(|until| event.at > until) || roster.take_in(&event, now).is_ok();
            refused += u64::from(!is_taken);
            *last_id = entry.id;
            Ok(())
        })?;
        if refused > 0 { self.make_up_for(refused, now) } else { Ok(()) }
    }

    fn catch_up_with_archive(&mut self, now: Moment) -> Result<bool> {
        let mut any = false;
        // After a rescan there is nothing to follow until everything was read again.
        if let (Some(shared), None) = (&mut self.shared, &self.pending) {
            shared.restart_if_ended();
        }
        while let Some(shared) = &mut self.shared
            && let Some(news) = shared.news()?
        {
            any = true;
            match news {
                News::Events(events, position) => {
                    let taken = events.iter().map(|event| self.roster.take_in(event, now));
                    let refused = taken.filter(Result::is_err).count() as u64;
                    shared.took_in(position);
                    self.unsaved += events.len() as u64;
                    if refused > 0 {
                        self.make_up_for(refused, now)?;
                    }
                }
                News::Rescan if shared.is_read_once() => self.replay(now)?,
                News::Rescan => {
                    self.pending.get_or_insert_with(PendingReplay::new);
                    self.go_on_replaying(now);
                    break;
                }
            }
        }
        Ok(any)
    }
}
