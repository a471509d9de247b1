//! From the journal into the store: what is new, or everything.

use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use super::{BATCH, Log, Misfit, Read};
use crate::generator::store_file;
use crate::journal::{Entry, Reader};
use crate::store::{CommitOutcome, LastVisitUpdate, Position, Store};
use crate::time::moment::Moment;
use crate::zoom::{self, Event, Key};

/// Events that are understood and handed on at once.
const PAGE: usize = 1_000;

/// Events that are read again at once, so that new ones need not wait.
const AGAIN: usize = 2_000;

/// Pages that may wait for the store.
const WAITING: usize = 4;

/// An event of the journal, understood.
struct Understood {
    id: u64,
    key: Key,
    event: Event,
}

impl Understood {
    fn of(entry: &Entry) -> Self {
        let event = zoom::understand(&entry.document, entry.received_ms);
        Self { id: entry.id, key: entry.key, event }
    }
}

/// Takes the journal's new events into `store`.
pub(super) fn read_new(
    store: &mut Store,
    reader: &Reader,
    journal_id: &str,
    now: Moment,
) -> Result<CommitOutcome> {
    let end = reader.last_id()?;
    let mut filling = Filling::new(store, journal_id, now);
    reader
        .events_after(filling.position.last_id, |entry| filling.take_in(&Understood::of(&entry)))?;
    filling.end(end)
}

/// The same for many events: one thread reads and understands, and this one stores.
pub(super) fn fill(
    store: &mut Store,
    path: &Path,
    journal_id: &str,
    now: Moment,
) -> Result<CommitOutcome> {
    let mut filling = Filling::new(store, journal_id, now);
    let position = filling.position.last_id;
    let reader = Reader::open(path)?.context("the journal vanished")?;
    if reader.journal_id()? != journal_id {
        return Err(anyhow!("the journal was replaced while it was read; it is tried again"));
    }
    let end = reader.last_id()?;
    let (to_store, pages) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(move || read_pages(&reader, position, &to_store));
        let mut stored = Ok(());
        for page in pages.iter() {
            stored = page.iter().try_for_each(|event| filling.take_in(event));
            if stored.is_err() {
                break;
            }
        }
        // A thread whose pages nobody takes ends.
        drop(pages);
        let read =
            reading.join().map_err(|_| anyhow!("the thread that reads the journal panicked"));
        stored.and(read?)
    })?;
    filling.end(end)
}

fn read_pages(
    reader: &Reader,
    position: u64,
    to_store: &SyncSender<Vec<Understood>>,
) -> Result<()> {
    let mut page = Vec::with_capacity(PAGE);
    let mut hung_up = false;
    let outcome = reader.events_after(position, |entry| {
        page.push(Understood::of(&entry));
        if page.len() == PAGE {
            let full = std::mem::replace(&mut page, Vec::with_capacity(PAGE));
            hung_up = to_store.send(full).is_err();
        }
        if hung_up { Err(anyhow!("nobody listens any more")) } else { Ok(()) }
    });
    if hung_up {
        return Ok(());
    }
    // Who does not listen any more has a failure of its own to tell.
    let _ = to_store.send(page);
    outcome
}

/// Events on their way into a store, some at once.
struct Filling<'a> {
    store: &'a mut Store,
    now: Moment,
    position: Position,
    /// Taken in since the last commit.
    waiting: usize,
    has_moved: bool,
}

impl<'a> Filling<'a> {
    fn new(store: &'a mut Store, journal_id: &str, now: Moment) -> Self {
        let mut position = store.position().clone();
        // A journal that is about to become another one keeps its store.
        if position.journal != journal_id && position.former != journal_id {
            position.journal = journal_id.to_owned();
            position.former = String::new();
        }
        Self { store, now, position, waiting: 0, has_moved: false }
    }

    fn take_in(&mut self, Understood { id, key, event }: &Understood) -> Result<()> {
        if self.has_moved {
            return Ok(());
        }
        self.store.take_in(*id, event, self.now)?;
        self.position.last_id = *id;
        self.position.last_key = Some(*key);
        self.waiting += 1;
        if self.waiting >= BATCH {
            self.commit(LastVisitUpdate::Deferred)?;
        }
        Ok(())
    }

    fn commit(&mut self, last_visits: LastVisitUpdate) -> Result<()> {
        self.waiting = 0;
        self.has_moved = self.store.commit(&self.position, last_visits)? == CommitOutcome::Conflict;
        Ok(())
    }

    /// Commits the rest. The journal's events up to `end` were read, or are there no more.
    fn end(mut self, end: u64) -> Result<CommitOutcome> {
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

impl Log {
    /// Reads some of the journal again, where more is understood of events than when they were read.
    pub(super) fn read_again(&mut self, now: Moment) -> Result<Read> {
        let (Some(reader), Some(from)) = (&self.reader, self.store.position().reread) else {
            return Ok(Read::All(false));
        };
        let (mut to, mut count) = (None, 0);
        let (store, mut is_full) = (&mut self.store, false);
        let outcome = reader.events_after(from, |entry| {
            is_full = count == AGAIN;
            ensure!(!is_full, "that is enough for now");
            let Understood { id, event, .. } = Understood::of(&entry);
            (to, count) = (Some(id), count + 1);
            store.take_in(id, &event, now)
        });
        if !is_full {
            outcome?;
            to = None;
        }
        let position = Position { reread: to, ..self.store.position().clone() };
        Ok(match self.store.commit(&position, LastVisitUpdate::Now)? {
            CommitOutcome::Done => Read::All(true),
            CommitOutcome::Conflict => Read::Moved,
        })
    }

    /// Fills the store anew, because it is of no use.
    pub(super) fn begin_anew(&mut self, why: Misfit, now: Moment) -> Result<Read> {
        let path = self.settings.journal.path.clone();
        // Whoever forgets somebody, or puts a backup in place, changes journal and store one after the other.
        let lock = match self.may_lack_old_events {
            // The page goes on from what is there.
            true => store_file::try_lock(&path)?,
            false => Some(store_file::lock(&path)?),
        };
        let Some(_lock) = lock else { return Ok(Read::All(false)) };
        self.reader = None;
        self.open_journal()?;
        self.store.refresh()?;
        // Whoever had the lock before may have filled it.
        if self.misfit()?.is_none() && why != Misfit::OtherCollection {
            return Ok(Read::Moved);
        }
        if let Some(reader) = &self.reader {
            self.lacking = self.lacking_events(reader)?;
        }
        self.refill(now)?;
        Ok(Read::Moved)
    }

    /// Fills the store anew from all events, as when it is of no use.
    ///
    /// # Errors
    ///
    /// What can't be read or written; the store is then as it was.
    pub fn replay(&mut self, now: Moment) -> Result<()> {
        let _lock = store_file::lock(&self.settings.journal.path)?;
        self.open_journal()?;
        self.refill(now)
    }

    /// Reads everything again. What was removed from the journal stays in the store.
    fn refill(&mut self, now: Moment) -> Result<()> {
        let path = self.settings.journal.path.clone();
        let scratch = match self.file {
            Some(_) => Some(store_file::scratch(&path)?),
            None => None,
        };
        let mut anew = match &scratch {
            Some(scratch) => Store::open(&scratch.path())?,
            None => Store::in_memory()?,
        };
        if let Some(reader) = &self.reader {
            let (journal_id, first_id) = (reader.journal_id()?, reader.first_id()?);
            let is_adopted =
                self.shared.is_none() && store_file::adopt(&path, &journal_id, &mut self.store)?;
            if is_adopted {
                return Ok(());
            }
            if self.store.position().journal == journal_id {
                anew.copy_events(&self.store, now, |source, _| source > 0 && source < first_id)?;
            }
            fill_alone(&mut anew, &path, &journal_id, now)?;
        }
        match scratch {
            Some(scratch) => self.store.replace_with(anew, &scratch.path())?,
            None => self.store = anew,
        }
        self.synced_id = 0;
        self.follow_store()
    }
}

fn fill_alone(store: &mut Store, path: &Path, journal_id: &str, now: Moment) -> Result<()> {
    match fill(store, path, journal_id, now)? {
        CommitOutcome::Done => Ok(()),
        CommitOutcome::Conflict => {
            Err(anyhow!("another process writes a store that is being filled"))
        }
    }
}
