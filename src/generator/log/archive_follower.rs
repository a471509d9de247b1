//! Follows the archive: what is new there, and how far it was read.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::archive::{self, Archive, Archived, Feed, Mode, Position};
use crate::site::ArchivePosition;
use crate::zoom::{self, Event};

/// The wait after a failed scan.
const SCAN_RETRY: Duration = Duration::from_secs(2);

/// Reads an archive, once or for ever.
pub(super) struct ArchiveFollower {
    archive: Archive,
    mode: Mode,
    /// `None` until everything was read once.
    position: Option<Position>,
    /// Started by the first [`next_update`](Self::next_update).
    feed: Option<Feed>,
    /// How far the running scan has read.
    scanned: Option<Position>,
    is_scanning: bool,
    not_before: Instant,
    /// Why the archive can't be read; `None` while it can.
    failure: Option<String>,
}

/// What came from the archive.
pub(super) enum Update {
    /// Events, and the position after them; `None` during a scan.
    Events(Vec<Event>, Option<Position>),
    /// A scan has read everything, up to this position.
    Scanned(Position),
    /// The collection is not the one that was read before.
    OtherCollection,
}

impl ArchiveFollower {
    /// Follows `archive` from its start. Connects with the first [`next_update`](Self::next_update).
    pub(super) fn new(archive: Archive, mode: Mode) -> Self {
        Self {
            archive,
            mode,
            position: None,
            feed: None,
            scanned: None,
            is_scanning: false,
            not_before: Instant::now(),
            failure: None,
        }
    }

    fn is_read_once(&self) -> bool {
        self.mode == Mode::Once
    }

    /// Whether it is read for ever, and not yet to its end, although it can be read.
    pub(super) fn is_first_reading(&self) -> bool {
        !self.is_read_once() && self.position.is_none() && self.failure.is_none()
    }

    /// How far it was read, for an edition of the site.
    pub(super) fn edition_position(&self) -> ArchivePosition {
        self.position.as_ref().map_or_else(ArchivePosition::default, |position| ArchivePosition {
            collection: position.collection.clone(),
            newest: hex::encode(position.newest),
        })
    }

    /// Notes that the events up to `position` are in the store.
    pub(super) fn set_position(&mut self, position: Position) {
        self.position = Some(position);
    }

    /// Continues from `position`; scans everything if it is `None`.
    pub(super) fn restart(&mut self, position: Option<Position>) {
        self.position = position;
        self.stop();
    }

    /// Scans everything, and keeps the position meanwhile.
    pub(super) fn rescan(&mut self) {
        self.stop();
        self.is_scanning = true;
    }

    fn stop(&mut self) {
        self.feed = None;
        self.scanned = None;
        self.is_scanning = false;
    }

    /// Why it can't be read; `None` while it can.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    fn fail(&mut self, error: &anyhow::Error) {
        let failure = format!("{error:#}");
        if self.failure.replace(failure).is_none() {
            let shown = match &self.position {
                None => "only events of this machine are shown",
                Some(_) => "of new events, only those of this machine are shown",
            };
            tracing::warn!("the archive cannot be read, {shown}: {error:#}");
        }
    }

    fn recover(&mut self) {
        if self.failure.take().is_some() {
            tracing::info!("the archive can be read again");
        }
    }

    /// The next update. [`Mode::Once`] waits for it; otherwise it has to be there already.
    ///
    /// # Errors
    ///
    /// In [`Mode::Once`], the archive can't be read. Otherwise a failure is logged once and
    /// retried.
    pub(super) fn next_update(&mut self) -> Result<Option<Update>> {
        if Instant::now() < self.not_before {
            return Ok(None);
        }
        self.is_scanning |= self.position.is_none();
        loop {
            match self.receive()? {
                Some(archive::Update::Away(error)) => {
                    self.fail(&error);
                    if self.is_scanning {
                        self.retry_later();
                    }
                    return Ok(None);
                }
                Some(archive::Update::Current) => self.recover(),
                Some(archive::Update::Rescan) => self.rescan(),
                Some(archive::Update::Page(documents, position)) => {
                    self.recover();
                    return Ok(Some(self.page(&documents, position)));
                }
                None if self.is_scanning && self.has_ended() => {
                    let Some(position) = self.scanned.take() else {
                        self.retry_later();
                        return Ok(None);
                    };
                    self.restart(Some(position.clone()));
                    return Ok(Some(Update::Scanned(position)));
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

    fn receive(&mut self) -> Result<Option<archive::Update>> {
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

    fn page(&mut self, documents: &[Archived], position: Position) -> Update {
        let events = documents.iter().filter_map(parse).collect();
        if !self.is_scanning {
            return Update::Events(events, Some(position));
        }
        let known = self.position.as_ref();
        if known.is_some_and(|known| known.collection != position.collection) {
            self.restart(None);
            return Update::OtherCollection;
        }
        self.scanned = Some(position);
        Update::Events(events, None)
    }

    /// Whether nothing more comes. A feed that runs for ever ends only by a panic.
    fn has_ended(&self) -> bool {
        self.is_read_once() || self.feed.as_ref().is_none_or(Feed::has_ended)
    }

    fn retry_later(&mut self) {
        self.stop();
        self.not_before = Instant::now() + SCAN_RETRY;
    }
}

/// The event of a document, if it is one.
fn parse(document: &Archived) -> Option<Event> {
    match document {
        Archived::Event(entry) => Some(zoom::understand(&entry.document, entry.received_ms)),
        Archived::Quarantined(_) => None,
    }
}
