//! The archive's side of a log: what comes from there, and how far it was read.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::archive::{Archive, Archived, Feed, Mode, Position, Update};
use crate::site::ArchivePosition;
use crate::zoom::{self, Event};

/// The wait before a scan that failed is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// An archive that is being followed.
pub struct Shared {
    archive: Archive,
    mode: Mode,
    /// `None` before it was read for the first time.
    position: Option<Position>,
    /// What is on its way; started when first asked for.
    feed: Option<Feed>,
    /// How far everything was read, while that is being done.
    scanned: Option<Position>,
    is_scanning: bool,
    not_before: Instant,
    /// Why it can't be read, while it can't.
    failure: Option<String>,
}

/// What came from the archive.
pub enum News {
    /// Events, and how far it was read with them; `None` while everything is being read.
    Events(Vec<Event>, Option<Position>),
    /// Everything was read, up to here.
    Scanned(Position),
    /// The collection is another one than the one that was read before.
    OtherCollection,
}

impl Shared {
    /// Follows `archive` from `position`; connects when first asked for news.
    pub fn new(archive: Archive, mode: Mode, position: Option<Position>) -> Self {
        Self {
            archive,
            mode,
            position,
            feed: None,
            scanned: None,
            is_scanning: false,
            not_before: Instant::now(),
            failure: None,
        }
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

    /// What was taken in goes up to `position`.
    pub fn took_in(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// Goes on from `position`; with `None`, everything is read.
    pub fn restart(&mut self, position: Option<Position>) {
        self.position = position;
        self.stop();
    }

    /// Reads everything, and meanwhile goes on from what is known.
    pub fn rescan(&mut self) {
        self.stop();
        self.is_scanning = true;
    }

    fn stop(&mut self) {
        self.feed = None;
        self.scanned = None;
        self.is_scanning = false;
    }

    /// Why it can't be read; `None` while it can.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Notes that it can't be read.
    fn failed(&mut self, error: &anyhow::Error) {
        let failure = format!("{error:#}");
        if self.failure.replace(failure).is_none() {
            let shown = match &self.position {
                None => "only what this machine knows is shown",
                Some(_) => "only this machine's new events are shown",
            };
            tracing::warn!("the archive cannot be read, {shown}: {error:#}");
        }
    }

    /// Notes that it can be read.
    fn recovered(&mut self) {
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
        if Instant::now() < self.not_before {
            return Ok(None);
        }
        self.is_scanning |= self.position.is_none();
        loop {
            match self.update()? {
                Some(Update::Away(error)) => {
                    self.failed(&error);
                    if self.is_scanning {
                        self.put_off();
                    }
                    return Ok(None);
                }
                Some(Update::Current) => self.recovered(),
                Some(Update::Rescan) => self.rescan(),
                Some(Update::Page(documents, position)) => {
                    self.recovered();
                    return Ok(Some(self.page(&documents, position)));
                }
                None if self.is_scanning && self.has_ended() => {
                    let Some(position) = self.scanned.take() else {
                        self.put_off();
                        return Ok(None);
                    };
                    self.restart(Some(position.clone()));
                    return Ok(Some(News::Scanned(position)));
                }
                None => {
                    if !self.is_read_once() && self.has_ended() {
                        self.feed = None;
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// What was read next, if there is anything.
    fn update(&mut self) -> Result<Option<Update>> {
        let Self { archive, mode, position, is_scanning, .. } = self;
        let feed = self.feed.get_or_insert_with(|| match is_scanning {
            true => Feed::scan(archive),
            false => Feed::since(archive, position.clone(), *mode),
        });
        match mode {
            Mode::Once => feed.wait(),
            Mode::On => Ok(feed.ready()),
        }
    }

    fn page(&mut self, documents: &[Archived], position: Position) -> News {
        let events = documents.iter().filter_map(understood).collect();
        if !self.is_scanning {
            return News::Events(events, Some(position));
        }
        let known = self.position.as_ref();
        if known.is_some_and(|known| known.collection != position.collection) {
            self.restart(None);
            return News::OtherCollection;
        }
        self.scanned = Some(position);
        News::Events(events, None)
    }

    /// Whether nothing more comes: of a reading that goes on for ever, that its task has panicked.
    fn has_ended(&self) -> bool {
        self.is_read_once() || self.feed.as_ref().is_none_or(Feed::has_ended)
    }

    fn put_off(&mut self) {
        self.stop();
        self.not_before = Instant::now() + RETRY;
    }
}

/// The event of a document, if it is one.
fn understood(document: &Archived) -> Option<Event> {
    match document {
        Archived::Event(entry) => Some(zoom::understand(&entry.document, entry.received_ms)),
        Archived::Quarantined(_) => None,
    }
}
