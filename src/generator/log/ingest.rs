//! Reads the journal's new events into the store.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::journal::{Entry, Reader};
use crate::store::{CommitOutcome, EncodedEvent, LastVisitUpdate, Position, Store};
use crate::time::moment::Moment;
use crate::zoom::{self, Key};

/// How many events one transaction holds.
pub(super) const BATCH_EVENTS: usize = 10_000;

/// How many events the reading thread sends at once.
const PAGE_EVENTS: usize = 1_000;

/// How many pages may wait for the store.
const MAX_QUEUED_PAGES: usize = 4;

/// An event of the journal, parsed and encoded.
pub(super) struct Parsed {
    pub(super) id: u64,
    key: Key,
    pub(super) event: EncodedEvent,
}

impl From<&Entry> for Parsed {
    fn from(entry: &Entry) -> Self {
        let event = zoom::understand(&entry.document, entry.received_ms).into();
        Self { id: entry.id, key: entry.key, event }
    }
}

/// Reads the events after the position of `store`.
///
/// # Errors
///
/// The journal can't be read, or the store can't be written.
pub(super) fn read_new(
    store: &mut Store,
    reader: &Reader,
    journal_id: &str,
    now: Moment,
) -> Result<CommitOutcome> {
    let end = reader.last_id()?;
    let mut ingest = Ingest::new(store, journal_id, now);
    reader.events_after(ingest.position.last_id, |entry| ingest.add(&Parsed::from(&entry)))?;
    ingest.finish(end)
}

/// The same for many events: one thread reads and parses, and this one stores.
///
/// # Errors
///
/// The journal at `path` can't be read or was replaced, or the store can't be written.
pub(super) fn read_many(
    store: &mut Store,
    path: &Path,
    journal_id: &str,
    now: Moment,
) -> Result<CommitOutcome> {
    let mut ingest = Ingest::new(store, journal_id, now);
    let position = ingest.position.last_id;
    let reader = Reader::open(path)?.context("the journal's file is missing")?;
    if reader.journal_id()? != journal_id {
        return Err(anyhow!("the journal was replaced while it was read; it is tried again"));
    }
    let end = reader.last_id()?;
    let (sender, pages) = sync_channel(MAX_QUEUED_PAGES);
    thread::scope(|scope| {
        let reading = scope.spawn(move || send_pages(&reader, position, &sender));
        let stored =
            pages.iter().try_for_each(|page| page.iter().try_for_each(|event| ingest.add(event)));
        // The reading thread ends when nobody receives its pages.
        drop(pages);
        let read =
            reading.join().map_err(|_| anyhow!("the thread that reads the journal panicked"));
        stored.and(read?)
    })?;
    ingest.finish(end)
}

fn send_pages(reader: &Reader, position: u64, sender: &SyncSender<Vec<Parsed>>) -> Result<()> {
    let mut page = Vec::with_capacity(PAGE_EVENTS);
    let mut is_closed = false;
    let outcome = reader.events_after(position, |entry| {
        page.push(Parsed::from(&entry));
        if page.len() == PAGE_EVENTS {
            let full = std::mem::replace(&mut page, Vec::with_capacity(PAGE_EVENTS));
            is_closed = sender.send(full).is_err();
        }
        if is_closed { Err(anyhow!("the receiver is gone")) } else { Ok(()) }
    });
    if is_closed {
        // The receiver reports why it is gone.
        return Ok(());
    }
    let _ = sender.send(page);
    outcome
}

/// Adds events to a store, and commits them in batches.
struct Ingest<'a> {
    store: &'a mut Store,
    now: Moment,
    position: Position,
    /// The number of events since the last commit.
    uncommitted: usize,
    has_moved: bool,
}

impl<'a> Ingest<'a> {
    fn new(store: &'a mut Store, journal_id: &str, now: Moment) -> Self {
        let mut position = store.position().clone();
        // While the journal's id is being reset, the store belongs to both ids.
        if position.journal != journal_id && position.former != journal_id {
            position.journal = journal_id.to_owned();
            position.former = String::new();
        }
        Self { store, now, position, uncommitted: 0, has_moved: false }
    }

    fn add(&mut self, Parsed { id, key, event }: &Parsed) -> Result<()> {
        if self.has_moved {
            return Ok(());
        }
        self.store.take_in(*id, event, self.now)?;
        self.position.last_id = *id;
        self.position.last_key = Some(*key);
        self.uncommitted += 1;
        if self.uncommitted >= BATCH_EVENTS {
            self.commit(LastVisitUpdate::Deferred)?;
        }
        Ok(())
    }

    fn commit(&mut self, settle: LastVisitUpdate) -> Result<()> {
        self.uncommitted = 0;
        self.has_moved = self.store.commit(&self.position, settle)? == CommitOutcome::Conflict;
        Ok(())
    }

    /// Commits the rest. Events up to `end` were read, or are no longer in the journal.
    fn finish(mut self, end: u64) -> Result<CommitOutcome> {
        if self.position.last_id < end {
            self.position.last_id = end;
            self.position.last_key = None;
        }
        if !self.has_moved {
            self.commit(LastVisitUpdate::Now)?;
        }
        Ok(if self.has_moved { CommitOutcome::Conflict } else { CommitOutcome::Done })
    }
}
