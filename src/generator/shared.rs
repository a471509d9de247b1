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
    is_away: bool,
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
        Self { archive, mode, position, feed: None, is_away: false }
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

    /// Everything was read, up to `position`; or that failed, and has to be tried again.
    pub fn was_read(&mut self, position: Option<Position>) {
        self.position = position;
        self.feed = None;
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
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(
                        "the archive cannot be read, only this machine's events are shown at once: {error:#}"
                    );
                }
                None
            }
            Some(Update::Rescan) => Some(News::Rescan),
            Some(Update::Page(documents, position)) => {
                if std::mem::take(&mut self.is_away) {
                    tracing::info!("the archive can be read again");
                }
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
