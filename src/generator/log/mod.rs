//! The log: the events of journal and archive, read into the store.
//!
//! The store is a union of facts. So an event that is both in the journal and in the archive counts
//! once, and it does not matter which of them has it. The journal has this machine's events at once,
//! even while the archive can't be reached; the archive adds those of other machines.
//!
//! No event is read twice, except where the journal is not the one that the store was filled from,
//! such as after a restore. The store is then [refilled](refill).

mod archive_follower;
mod catch_up;
mod ingest;
mod refill;
mod seen;

use std::sync::Arc;

use anyhow::{Context, Result};

use crate::archive::{Archive, Mode};
use crate::config::Settings;
use crate::files::FileId;
use crate::generator::store_file::{self, Opened};
use crate::journal::Reader;
use crate::roster::{PersonVisit, Presence, Rules};
use crate::site;
use crate::store::{Damaged, Position, Store, UnsettledMeeting};
use crate::time::moment::Moment;
use crate::zoom::Name;
use archive_follower::ArchiveFollower;

pub use seen::{MeetingSeen, NameSeen, Seen};

/// The events of a journal and an archive, as far as they were read.
pub struct Log {
    settings: Arc<Settings>,
    rules: Rules,
    /// Only facts up to here count; `None`: all.
    until: Option<Moment>,
    /// `None` while there is no journal.
    reader: Option<Reader>,
    /// `None` without an archive.
    archive: Option<ArchiveFollower>,
    store: Store,
    /// `None` where the store is in memory.
    file: Option<FileId>,
    /// The journal's events up to here are in the store, and survive a power cut.
    synced_id: u64,
    /// Whether to continue with what is left if old events are gone.
    may_lack_events: bool,
    /// Why old events are missing, if they are.
    lacking: Option<String>,
    /// Whether the checkpoints of earlier versions are removed.
    is_checkpoint_removed: bool,
}

/// An archive, and whether to read it once or for ever.
pub type Source = (Archive, Mode);

impl Log {
    /// Continues from the store beside the journal.
    ///
    /// # Errors
    ///
    /// The store can't be opened.
    pub fn open(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        Self::with(store_file::open(settings)?, settings, archive)
    }

    /// The same, for a process that runs for long: it continues with what is left if old events
    /// are gone.
    ///
    /// # Errors
    ///
    /// The store can't be opened.
    pub fn open_to_follow(settings: &Settings, archive: Option<Archive>) -> Result<Self> {
        let archive = archive.map(|archive| (archive, Mode::On));
        Ok(Self { may_lack_events: true, ..Self::open(settings, archive)? })
    }

    /// Starts with an empty store in memory.
    ///
    /// # Errors
    ///
    /// SQLite fails.
    pub fn in_memory(settings: &Settings, archive: Option<Source>) -> Result<Self> {
        Self::with(Opened::in_memory()?, settings, archive)
    }

    /// The same as [`open`](Self::open), but only facts up to `moment` count.
    ///
    /// # Errors
    ///
    /// The store can't be opened.
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
            archive: archive.map(|(archive, mode)| ArchiveFollower::new(archive, mode)),
            store,
            file,
            synced_id: 0,
            may_lack_events: false,
            lacking: None,
            is_checkpoint_removed: false,
        };
        log.follow_archive()?;
        Ok(log)
    }

    /// Reads the archive from the store's position in it.
    fn follow_archive(&mut self) -> Result<()> {
        let Some(archive) = &mut self.archive else { return Ok(()) };
        let position = self.store.position();
        archive.restart(if position.archive.is_empty() {
            None
        } else {
            Some(postcard::from_bytes(&position.archive).map_err(|_| Damaged)?)
        });
        if position.reread.is_some() {
            archive.rescan();
        }
        Ok(())
    }

    /// Whether the archive is being read for the first time. A site published before the end of
    /// that would lack the events of other machines.
    pub fn is_first_reading(&self) -> bool {
        self.archive.as_ref().is_some_and(ArchiveFollower::is_first_reading)
    }

    /// Which events are missing now, and why; empty where none are.
    pub fn problems(&self) -> Vec<String> {
        let failure = self.archive.as_ref().and_then(ArchiveFollower::failure);
        let failure = failure.map(|failure| {
            format!(
                "the archive cannot be read, so events of other machines are missing: {failure}"
            )
        });
        failure.into_iter().chain(self.lacking.clone()).collect()
    }

    /// Whether no event was read that names anybody.
    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    /// The names of all people, in no particular order.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.store.names()
    }

    /// The number of events whose time has not come yet.
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

    /// The meetings in which somebody is at `now`, or of which something is not known.
    ///
    /// # Errors
    ///
    /// The store can't be read.
    pub fn unsettled(&mut self, now: Moment) -> Result<Vec<UnsettledMeeting>> {
        self.store.unsettled(&self.rules, now)
    }

    /// Calls `each` for every visit of all times, in the order in which they began. `each` must
    /// not wait for anybody: the store can't be synced meanwhile.
    ///
    /// # Errors
    ///
    /// The store can't be read, or `each` fails.
    pub fn for_each_visit(
        &mut self,
        now: Moment,
        each: impl FnMut(PersonVisit<'_>) -> Result<()>,
    ) -> Result<()> {
        self.store.for_each_visit(&self.rules, now, each)
    }

    /// The last events that were read.
    pub fn position(&self) -> site::Position {
        let Position { journal, last_id, .. } = self.store.position();
        site::Position {
            journal: journal.clone(),
            last_event: *last_id,
            archive: self.archive.as_ref().map(ArchiveFollower::edition_position),
        }
    }

    /// Whether the journal ends before `position`, such as after a restore.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn ends_before(&self, position: &site::Position) -> Result<bool> {
        let end = self.reader.as_ref().map_or(Ok(0), Reader::last_id)?;
        Ok(end < position.last_event)
    }

    /// The number of events in the store that a power cut may remove from it.
    pub fn unsynced(&self) -> u64 {
        self.store.position().last_id.saturating_sub(self.synced_id)
    }

    /// The last of the journal's events in the store that survives a power cut.
    pub fn synced_id(&self) -> u64 {
        self.synced_id
    }

    /// Syncs the store, so that it survives a power cut.
    ///
    /// # Errors
    ///
    /// It can't be synced.
    pub fn sync(&mut self) -> Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        let id = self.store.position().last_id;
        let path = store_file::path_of(&self.settings.journal.path);
        self.store.sync().with_context(|| format!("cannot sync the store `{}`", path.display()))?;
        self.synced_id = id;
        Ok(())
    }

    /// Applies the rules of `settings`.
    pub fn adopt(&mut self, settings: &Settings) {
        self.rules = Rules::from(settings);
        self.settings = Arc::new(settings.clone());
    }
}
