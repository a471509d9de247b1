//! The archive's side of a log: what comes from there, and how far it was read.

use anyhow::Result;

use crate::archive::{Archive, Archived, Feed, Mode, Position, Update};
use crate::site::ArchivePosition;
use crate::zoom::{self, Event};

/// An archive that is being followed.
pub struct Shared {
    archive: Archive,
    mode: Mode,
    /// `None` before it was read for the first time.
    position: Option<Position>,
    /// What is on its way; started when first asked for.
    feed: Option<Feed>,
    /// Why it can't be read, while it can't.
    failure: Option<String>,
}

/// What came from the archive.
pub enum News {
    /// Events, and how far it was read with them.
    Events(Vec<Event>, Position),
    /// All has to be read again.
    Rescan,
}

impl Shared {
    /// Follows `archive` from `position`; connects when first asked for news.
    pub fn new(archive: Archive, mode: Mode, position: Option<Position>) -> Self {
        Self { archive, mode, position, feed: None, failure: None }
    }

    /// The archive itself.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Whether one reading is all there will be.
    pub fn is_read_once(&self) -> bool {
        self.mode == Mode::Once
    }

    /// How far it was read.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// The same, for an edition of the site.
    pub fn edition_position(&self) -> ArchivePosition {
        self.position.as_ref().map_or_else(ArchivePosition::default, |position| ArchivePosition {
            collection: position.collection.clone(),
            newest: hex::encode(position.newest),
        })
    }

    /// What was folded in goes up to `position`.
    pub fn took_in(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// Everything was read, up to `position`; with `None`, it has to be read from the start.
    pub fn was_read(&mut self, position: Option<Position>) {
        self.position = position;
        self.restart();
    }

    /// Asks anew for what comes after the position.
    pub fn restart(&mut self) {
        self.feed = None;
    }

    /// The same, where what is being read has ended by itself, as it does when its task panics.
    pub fn restart_if_ended(&mut self) {
        self.feed.take_if(|feed| self.mode == Mode::On && feed.has_ended());
    }

    /// Why it can't be read; `None` while it can.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Notes that it can't be read.
    pub fn failed(&mut self, error: &anyhow::Error) {
        let failure = format!("{error:#}");
        if self.failure.replace(failure).is_none() {
            let shown = match &self.position {
                None => "only this machine's events are shown",
                Some(_) => "only this machine's new events are shown",
            };
            tracing::warn!("the archive cannot be read, {shown}: {error:#}");
        }
    }

    /// Notes that it can be read.
    pub fn recovered(&mut self) {
        if self.failure.take().is_some() {
            tracing::info!("the archive can be read again");
        }
    }

    /// The next that is new: in [`Mode::Once`] waits for it, else it has to be there.
    ///
    /// # Errors
    ///
    /// In [`Mode::Once`], an archive that can't be read. Else that is told, once, and waited for.
    pub fn news(&mut self) -> Result<Option<News>> {
        let Self { archive, mode, position, .. } = self;
        let feed = self.feed.get_or_insert_with(|| Feed::since(archive, position.clone(), *mode));
        let update = match mode {
            Mode::Once => feed.wait()?,
            Mode::On => feed.ready(),
        };
        Ok(match update {
            None => None,
            Some(Update::Away(error)) => {
                self.failed(&error);
                None
            }
            Some(Update::Current) => {
                self.recovered();
                None
            }
            Some(Update::Rescan) => Some(News::Rescan),
            Some(Update::Page(documents, position)) => {
                self.recovered();
                Some(News::Events(documents.iter().filter_map(understood).collect(), position))
            }
        })
    }
}

/// The event of a document, if it is one.
fn understood(document: &Archived) -> Option<Event> {
    match document {
        Archived::Event(entry) => Some(zoom::understand(&entry.document, entry.received_ms)),
        Archived::Quarantined(_) => None,
    }
}
