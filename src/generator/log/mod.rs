//! Following the log: what is new in journal and archive goes into the store.
//!
//! What the store holds is a union of facts, so an event that is in both of them counts once, and
//! nobody has to know which of them has it. The journal shows this machine's events at
//! once, also while the archive can't be reached; the archive adds everybody else's.
//!
//! Nothing has to be read twice, but where the journal is another one than the store is of, as
//! after a backup was put in its place: then the store is [filled anew](filling).

mod filling;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use crate::archive::{Archive, Mode};
use crate::config::Settings;
use crate::files::FileId;
use crate::generator::legacy;
use crate::generator::shared::{News, Shared};
use crate::generator::store_file::{self, Opened};
use crate::journal::Reader;
use crate::roster::{Presence, Rules};
use crate::site;
use crate::store::{self, CommitOutcome, LastVisitUpdate, Position, Store};
use crate::time::moment::Moment;

/// Events in one transaction.
const BATCH: usize = 10_000;

/// So often it is read on after another process has written, before that is taken for a failure.
const ATTEMPTS: usize = 100;

/// What one log says, as far as it was read.
pub struct Log {
    settings: Arc<Settings>,
    rules: Rules,
    /// Only facts up to here exist; `None`: all.
    until: Option<Moment>,
    /// `None` while there is no journal yet.
    reader: Option<Reader>,
    /// `None` where there is no archive.
    shared: Option<Shared>,
    store: Store,
    /// `None` where the store is in memory.
    file: Option<FileId>,
    /// The journal's events up to here are in the store, and outlast a power cut.
    synced_id: u64,
    /// Whether to go on from what is left where old events are nowhere any more.
    may_lack_old_events: bool,
    /// Why old events are missing, where they are.
    lacking: Option<String>,
    /// Nothing of earlier versions is left.
    is_tidy: bool,
}

/// An archive to be read, and for how long.
pub type Source = (Archive, Mode);

impl Log {
    /// A log that goes on from what the store beside the journal has.
    pub fn open(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        Self::with(store_file::open(settings)?, settings, archive)
    }

    /// A log that is followed for long. Where old events are nowhere any more, it goes on from
    /// what is left.
    pub fn to_follow(settings: &Settings, archive: Option<Archive>) -> Result<Self> {
        let archive = archive.map(|archive| (archive, Mode::On));
        Ok(Self { may_lack_old_events: true, ..Self::open(settings, archive)? })
    }

    /// A log of which nothing is kept.
    pub fn in_memory(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        let opened = Opened { store: Store::in_memory()?, file: None };
        Self::with(opened, settings, archive)
    }

    /// A log of which only facts up to `moment` exist.
    pub fn as_of(settings: &Settings, archive: Option<Source>, moment: Moment) -> Result<Self> {
        Ok(Self { until: Some(moment), ..Self::open(settings, archive)? })
    }

    fn with(opened: Opened, settings: &Settings, archive: Option<Source>) -> Result<Self> {
        let Opened { store, file } = opened;
        let mut log = Self {
            settings: Arc::new(settings.clone()),
            rules: Rules::from(settings),
            until: None,
            reader: None,
            shared: archive.map(|(archive, mode)| Shared::new(archive, mode, None)),
            store,
            file,
            synced_id: 0,
            may_lack_old_events: false,
            lacking: None,
            is_tidy: false,
        };
        log.follow_store()?;
        Ok(log)
    }

    /// Reads the archive from where the store is.
    fn follow_store(&mut self) -> Result<()> {
        let Some(shared) = &mut self.shared else { return Ok(()) };
        let position = self.store.position();
        shared.restart(archive_position(position)?);
        if position.reread.is_some() {
            shared.rescan();
        }
        Ok(())
    }

    /// Opens the store again where its file is another one by now, or `why` it is of no use.
    fn reopen_store(&mut self, why: Option<&anyhow::Error>) -> Result<bool> {
        let is_there = FileId::of(&store_file::place(&self.settings.journal.path));
        if self.file.is_none() || (self.file == is_there && why.is_none()) {
            return Ok(false);
        }
        if let Some(why) = why.filter(|_| self.file == is_there) {
            store_file::put_aside(&self.settings, self.file, why)?;
        }
        let Opened { store, file } = store_file::open(&self.settings)?;
        (self.store, self.file, self.synced_id) = (store, file, 0);
        self.follow_store()?;
        Ok(true)
    }

    /// Takes in what is new; returns whether there was anything.
    ///
    /// # Errors
    ///
    /// The journal or the store can't be read; or, where the archive is read once, that.
    pub fn catch_up(&mut self, now: Moment) -> Result<bool> {
        let is_another = self.reopen_store(None)?;
        match self.catch_up_with(now) {
            Err(error) if store::is_unusable(&error) && self.reopen_store(Some(&error))? => {
                self.catch_up_with(now)?;
                Ok(true)
            }
            news => {
                let news = news?;
                self.tidy_up()?;
                Ok(is_another | news)
            }
        }
    }

    /// Removes what earlier versions kept in the place of the store, once it is there.
    fn tidy_up(&mut self) -> Result<()> {
        if !self.is_tidy && self.file.is_some() && self.lacking.is_none() {
            legacy::remove(&self.settings.journal.path, &self.store.position().journal)?;
            self.is_tidy = true;
        }
        Ok(())
    }

    fn catch_up_with(&mut self, now: Moment) -> Result<bool> {
        let mut any = self.store.refresh()?;
        if any {
            self.follow_store()?;
        }
        for _ in 0..ATTEMPTS {
            match self.try_catch_up(now)? {
                Read::All(news) => {
                    any |= news;
                    return Ok(any);
                }
                Read::Moved => {
                    // Its position in the archive may be before ours now, as where it was filled anew.
                    self.follow_store()?;
                    any = true;
                }
            }
        }
        Err(anyhow::anyhow!("other processes write the store all the time"))
    }

    fn try_catch_up(&mut self, now: Moment) -> Result<Read> {
        self.open_journal()?;
        if let Some(why) = self.misfit()? {
            return self.begin_anew(why, now);
        }
        let due = self.store.apply_due(now)?;
        if due > 0 {
            let position = self.store.position().clone();
            if self.store.commit(&position, LastVisitUpdate::Now)? == CommitOutcome::Conflict {
                return Ok(Read::Moved);
            }
        }
        let mut any = due > 0;
        for read in [Self::read_journal, Self::read_archive, Self::read_again] {
            match read(self, now)? {
                Read::All(news) => any |= news,
                Read::Moved => return Ok(Read::Moved),
            }
        }
        Ok(Read::All(any))
    }

    /// Opens the journal, again where it was replaced. One that was removed is what it was until
    /// there is another.
    fn open_journal(&mut self) -> Result<()> {
        if let Some(reader) = &self.reader
            && !reader.is_outdated()
        {
            return Ok(());
        }
        if matches!(self.settings.journal.path.try_exists(), Ok(false)) {
            return Ok(());
        }
        // SQLite does not let go of files that were changed under it while any of its connections
        // is open.
        self.reader = None;
        self.reader = Reader::open(&self.settings.journal.path)?;
        Ok(())
    }

    /// Why the store is of no use for this journal and archive, if it is not.
    fn misfit(&self) -> Result<Option<Misfit>> {
        let position = self.store.position();
        if !position.archive.is_empty() && self.shared.is_none() {
            // Facts of an archive that is not ours any more must not stay.
            return Ok(Some(Misfit::OtherJournal));
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        let id = reader.journal_id()?;
        if !position.journal.is_empty() && position.journal != id && position.former != id {
            return Ok(Some(Misfit::OtherJournal));
        }
        let there = reader.key_at(position.last_id)?;
        let is_other = position.last_key.zip(there).is_some_and(|(known, there)| known != there);
        let is_behind = reader.last_id()? < position.last_id;
        Ok((is_other || is_behind).then_some(Misfit::Backup))
    }

    /// Reads the journal's new events.
    fn read_journal(&mut self, now: Moment) -> Result<Read> {
        let Some(reader) = &self.reader else { return Ok(Read::All(false)) };
        let (last_id, known) = (reader.last_id()?, self.store.position().clone());
        if last_id == known.last_id && !known.journal.is_empty() {
            return Ok(Read::All(false));
        }
        if known.last_id == 0 {
            let (id, path) = (reader.journal_id()?, &self.settings.journal.path);
            let is_alone = self.shared.is_none() && reader.pruned()?;
            if is_alone
                && (store_file::adopt(path, &id, &mut self.store)?
                    || legacy::take_over(path, &id, &mut self.store, now)?)
            {
                return Ok(Read::Moved);
            }
            self.lacking = self.lacking_events(reader)?;
        }
        let (journal_id, is_news) = (reader.journal_id()?, last_id > known.last_id);
        let many = last_id - known.last_id > BATCH as u64;
        let read = match many {
            true => filling::fill(&mut self.store, &self.settings.journal.path, &journal_id, now)?,
            false => filling::read_new(&mut self.store, reader, &journal_id, now)?,
        };
        Ok(match read {
            CommitOutcome::Done => Read::All(is_news),
            CommitOutcome::Conflict => Read::Moved,
        })
    }

    /// Takes in what comes from the archive.
    fn read_archive(&mut self, now: Moment) -> Result<Read> {
        let mut any = false;
        while let Some(shared) = &mut self.shared
            && let Some(news) = shared.news()?
        {
            any = true;
            let mut position = self.store.position().clone();
            let last_visits = match news {
                News::Events(events, at) => {
                    for event in &events {
                        self.store.take_in(0, event, now)?;
                    }
                    let last_visits =
                        if at.is_some() { LastVisitUpdate::Now } else { LastVisitUpdate::Deferred };
                    if let Some(at) = at {
                        position.archive = encoded(&at)?;
                        shared.took_in(at);
                    }
                    last_visits
                }
                News::Scanned(at) => {
                    position.archive = encoded(&at)?;
                    LastVisitUpdate::Now
                }
                News::OtherCollection => return self.begin_anew(Misfit::OtherCollection, now),
            };
            if self.store.commit(&position, last_visits)? == CommitOutcome::Conflict {
                return Ok(Read::Moved);
            }
        }
        Ok(Read::All(any))
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
            tracing::error!("{lacking}");
        }
        Ok(lacking)
    }

    /// An archive has what was removed from the journal.
    fn ensure_whole(&self, reader: &Reader) -> Result<()> {
        ensure!(
            self.shared.is_some() || !reader.pruned()?,
            "old events were removed from the journal `{}` (`journal.keep`), and the store beside it does \
             not have them; put back its `.presence` file from a backup with `lookout restore`, or name a new file in \
             `journal.path` and import all events into it from a backup",
            self.settings.journal.path.display()
        );
        Ok(())
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
        let failure = self.shared.as_ref().and_then(Shared::failure);
        let archive = failure.map(|failure| {
            format!(
                "the archive cannot be read, so events of other machines are missing: {failure}"
            )
        });
        archive.into_iter().chain(self.lacking.clone()).collect()
    }

    /// How many events count only once their time has come.
    pub fn future_event_count(&self) -> usize {
        self.store.future_event_count()
    }

    /// Who is and was where, as of `now`.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn presence(&mut self, now: Moment) -> Result<Presence> {
        match self.until {
            Some(moment) => self.store.presence_as_of(&self.rules, moment),
            None => self.store.presence(&self.rules, now),
        }
    }

    /// How far the log was read.
    pub fn position(&self) -> site::Position {
        let Position { journal, last_id, .. } = self.store.position();
        site::Position {
            journal: journal.clone(),
            last_event: *last_id,
            archive: self.shared.as_ref().map(Shared::edition_position),
        }
    }

    /// Whether the journal ends before `there`, as it does where a backup was put in its place.
    pub fn ends_before(&self, there: &site::Position) -> Result<bool> {
        let end = self.reader.as_ref().map_or(Ok(0), Reader::last_id)?;
        Ok(end < there.last_event)
    }

    /// Events that are in the store, and may be missing there after a power cut.
    pub fn unsynced(&self) -> u64 {
        self.store.position().last_id.saturating_sub(self.synced_id)
    }

    /// The last of the journal's events that is in the store whatever happens.
    pub fn synced_id(&self) -> u64 {
        self.synced_id
    }

    /// Sees to it that what the store has outlasts a power cut.
    ///
    /// # Errors
    ///
    /// It can't be synced.
    pub fn sync(&mut self) -> Result<()> {
        if self.file.is_none() {
            // What is in memory is nothing to rely on.
            return Ok(());
        }
        let id = self.store.position().last_id;
        self.store.sync().with_context(|| {
            format!(
                "cannot sync the store `{}`",
                store_file::place(&self.settings.journal.path).display()
            )
        })?;
        self.synced_id = id;
        Ok(())
    }

    /// Follows the rules of `settings` from now on.
    pub fn adopt(&mut self, settings: &Settings) {
        self.rules = Rules::from(settings);
        self.settings = Arc::new(settings.clone());
    }
}

/// What became of an attempt to read what is new.
enum Read {
    /// All of it was read; whether there was anything.
    All(bool),
    /// Another process went on with the store.
    Moved,
}

/// Why a store is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Misfit {
    /// It is of another journal, or of an archive that is not read any more.
    OtherJournal,
    /// Another collection has the archive's place, which only the archive can tell.
    OtherCollection,
    /// A backup of the journal was put in its place.
    Backup,
}

fn archive_position(position: &Position) -> Result<Option<crate::archive::Position>> {
    if position.archive.is_empty() {
        return Ok(None);
    }
    let read = postcard::from_bytes::<crate::archive::Position>(&position.archive);
    Ok(Some(read.map_err(|_| store::Damaged)?))
}

fn encoded(position: &crate::archive::Position) -> Result<Vec<u8>> {
    postcard::to_stdvec(position).context("a position always encodes")
}
