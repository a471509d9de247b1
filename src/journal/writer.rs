//! The one writer: a thread that commits in groups.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::files::lock::Lock;
use crate::journal::group::Group;
use crate::journal::leaving;
use crate::journal::watch::{Tampered, Watch};
use crate::journal::{
    Pruning, Record, Seals, Shipped, backlog, schema, scrubbing, storing, writers,
};
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::zoom::Key;

/// At most so many rows are removed in one step, so that nobody waits long for it.
const PRUNE_STEP: usize = 500;

/// A log of so many pages is copied into the database, as SQLite would do.
const CHECKPOINT: u32 = 1000;

/// A checkpoint is all that is left of what was removed on purpose, so then it has to fit on.
const RENEW: &str = "UPDATE journal SET id = lower(hex(randomblob(16))) WHERE pruned = 0";

/// At most so many records wait; beyond, appending is refused at once.
const QUEUE: usize = 4096;

/// A handle to the writer. When the last one is dropped, the writer commits what is
/// waiting and ends; [`Journal::close`] waits for that.
#[derive(Debug)]
pub struct Journal {
    queue: mpsc::Sender<Request>,
    committed: watch::Receiver<u64>,
    thread: JoinHandle<()>,
}

/// Gives rows their checksums that have none.
#[derive(Debug, Clone)]
pub struct Sealer(mpsc::WeakSender<Request>);

impl Sealer {
    /// Gives rows these checksums. Does nothing while the writer is busy, or has ended: the next
    /// look through the journal brings them again.
    pub fn seal(&self, seals: Seals) {
        if let Some(queue) = self.0.upgrade() {
            drop(queue.try_send(Request::Seal(seals)));
        }
    }
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is on disk now.
    New,
    /// It was on disk before.
    Known,
}

/// Why an append did nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Too many records are waiting.
    #[error("too many deliveries are waiting for the disk")]
    Overloaded,
    /// The disk or SQLite failed.
    #[error("the journal cannot be written: {0}")]
    Failed(String),
}

pub(super) enum Request {
    Append(Append),
    Prune(Pruning),
    Shipped(String, Shipped),
    Find(Key, oneshot::Sender<bool>),
    Seal(Seals),
    #[cfg(test)]
    Panic,
}

pub(super) struct Append {
    pub record: Record,
    /// When it was queued; `None` where it may wait for ever.
    pub since: Option<Instant>,
    pub done: oneshot::Sender<Result<Appended, NotStored>>,
}

impl Append {
    /// Leaves it to its sender to come again.
    pub(super) fn give_way(self) {
        // Where nobody listens any more, there is nobody to tell.
        drop(self.done.send(Err(NotStored::Overloaded)));
    }
}

impl Journal {
    /// Opens the journal at `path`, creating it if need be, and starts its writer.
    pub fn open(path: &Path) -> Result<Self> {
        let lock = writers::join(path)?;
        let open = Open::at(path)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let (tell_committed, committed) = watch::channel(0);
        let writer = Writer {
            path: path.to_owned(),
            open: Some(open),
            lacks_events: false,
            failure: String::new(),
            committed: tell_committed,
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let _guard = AbortOnPanic::guard("the journal's writer");
                writer.run(waiting);
            })
            .context("cannot start the journal's thread")?;
        Ok(Self { queue, committed, thread })
    }

    /// Queues `record` at once, and returns what will tell how it went.
    pub fn append(
        &self,
        record: Record,
    ) -> Result<oneshot::Receiver<Result<Appended, NotStored>>, NotStored> {
        let (done, outcome) = oneshot::channel();
        let since = Some(Instant::now());
        self.enqueue(Request::Append(Append { record, since, done }))?;
        Ok(outcome)
    }

    /// Stores `records` and waits until they are on disk; for `import`.
    pub fn append_all(&self, records: Vec<Record>) -> Result<Vec<Appended>, NotStored> {
        let ended = || NotStored::Failed("its writer has ended".to_owned());
        let mut outcomes = Vec::with_capacity(records.len());
        for record in records {
            let (done, outcome) = oneshot::channel();
            self.queue
                .blocking_send(Request::Append(Append { record, since: None, done }))
                .map_err(|_| ended())?;
            outcomes.push(outcome);
        }
        outcomes.into_iter().map(|outcome| outcome.blocking_recv().map_err(|_| ended())?).collect()
    }

    /// Queues a look for `key`, and returns what will tell whether it was stored at any time. That
    /// one is dropped where the journal fails.
    pub fn find(&self, key: Key) -> Result<oneshot::Receiver<bool>, NotStored> {
        let (found, outcome) = oneshot::channel();
        self.enqueue(Request::Find(key, found))?;
        Ok(outcome)
    }

    fn enqueue(&self, request: Request) -> Result<(), NotStored> {
        self.queue.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotStored::Overloaded,
            mpsc::error::TrySendError::Closed(_) => {
                NotStored::Failed("its writer has ended".to_owned())
            }
        })
    }

    /// Asks for a step of removing what need not be kept; does nothing while the
    /// writer is busy, so ask again later.
    pub fn prune(&self, pruning: Pruning) {
        drop(self.queue.try_send(Request::Prune(pruning)));
    }

    /// Keeps how far the archive named `archive` has everything. Does nothing while the
    /// writer is busy: what is not kept is shipped again.
    pub fn note_shipped(&self, archive: &str, shipped: Shipped) {
        drop(self.queue.try_send(Request::Shipped(archive.to_owned(), shipped)));
    }

    /// What gives rows their checksums that have none. It does not keep the writer from ending.
    pub fn sealer(&self) -> Sealer {
        Sealer(self.queue.downgrade())
    }

    /// Makes the writer's thread panic.
    #[cfg(test)]
    pub(super) fn panic(&self) {
        drop(self.queue.try_send(Request::Panic));
    }

    /// Changes with every commit that stored something new.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Commits what is waiting and ends the writer.
    pub fn close(self) {
        drop(self.queue);
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread panicked");
        }
    }
}

struct Writer {
    path: PathBuf,
    /// `None` after a failure: a failed sync must not be retried on the same
    /// connection, so the next group opens a new one.
    open: Option<Open>,
    /// The journal at the path may have fewer events than the one that was open there.
    lacks_events: bool,
    /// Why the last group failed, if it did: said once, not for every group, whether it was the
    /// opening that failed or the writing.
    failure: String,
    committed: watch::Sender<u64>,
    /// Nobody replaces the journal meanwhile.
    _lock: Lock,
}

/// A connection, and the files it writes.
struct Open {
    connection: Connection,
    /// Closed last.
    watch: Watch,
}

impl Open {
    fn at(path: &Path) -> Result<Self> {
        leaving::wait_for_others(path)?;
        let connection = schema::open_writer(path)?;
        // Only a log that was looked at is copied into the database.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let watch = Watch::begin(path)?;
        Ok(Self { connection, watch })
    }

    fn verify(&mut self) -> Result<(), Tampered> {
        self.watch.verify(&self.connection)
    }

    /// Copies the log into the database where it is long enough.
    fn checkpoint(&mut self) -> Result<()> {
        if self.watch.frames_to_checkpoint() >= CHECKPOINT && self.verify().is_ok() {
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            // Whatever is wrong is met again before the next commit.
            self.verify().ok();
        }
        Ok(())
    }
}

impl Writer {
    fn run(mut self, mut waiting: mpsc::Receiver<Request>) {
        while let Some(Group { appends, others }) = Group::next(&mut waiting) {
            if !appends.is_empty() {
                let outcomes = self.commit(&appends);
                self.tell(&outcomes);
                answer(appends, outcomes);
            }
            others.into_iter().for_each(|other| self.keep_house(other));
            self.checkpoint();
        }
        // Closing copies the log into the database, which must not happen with another log.
        self.leave_if_tampered().ok();
    }

    fn checkpoint(&mut self) {
        if let Some(Err(error)) = self.open.as_mut().map(Open::checkpoint) {
            self.open = None;
            tracing::error!("the journal's log cannot be copied into it: {error:#}");
        }
    }

    /// Closes the journal where something else than SQLite changed its files.
    fn leave_if_tampered(&mut self) -> Result<(), Tampered> {
        let tampered = match &mut self.open {
            Some(open) => open.verify(),
            None => Ok(()),
        };
        if let (Err(tampered), Some(Open { connection, watch })) =
            (tampered, self.open.take_if(|_| tampered.is_err()))
        {
            self.lacks_events |= !leaving::leave(connection, watch, tampered);
        }
        tampered
    }

    fn keep_house(&mut self, request: Request) {
        let connection = self.connection();
        let outcome = connection.and_then(|connection| match request {
            Request::Append(_) => Ok(()),
            Request::Prune(pruning) => prune(connection, pruning),
            Request::Seal(seals) => scrubbing::seal(connection, &seals),
            Request::Shipped(archive, shipped) => backlog::note(connection, &archive, shipped),
            Request::Find(key, found) => storing::is_known(connection, key).map(|is_known| {
                // The request may have timed out.
                found.send(is_known).ok();
            }),
            #[cfg(test)]
            Request::Panic => panic!("on purpose"),
        });
        if let Err(error) = outcome {
            self.open = None;
            tracing::error!("the journal cannot be kept in order: {error:#}");
        }
    }

    fn commit(&mut self, group: &[Append]) -> Result<Vec<Appended>, NotStored> {
        let outcome = self.connection().and_then(|connection| storing::write(connection, group));
        let outcome = outcome.and_then(|stored| {
            self.leave_if_tampered()?;
            Ok(stored)
        });
        let outcome = outcome.map_err(schema::explained);
        let cause = outcome.as_ref().err().map(|error| error.root_cause().to_string());
        let cause = cause.unwrap_or_default();
        match &outcome {
            Ok(_) if !self.failure.is_empty() => {
                tracing::info!("the journal can be written again");
            }
            Err(error) if cause != self.failure => {
                tracing::error!("the journal cannot be written: {error:#}");
            }
            _ => {}
        }
        self.failure.clone_from(&cause);
        outcome.map_err(|_| {
            self.open = None;
            NotStored::Failed(cause)
        })
    }

    /// The connection, a new one where the last one failed or its files are no longer in place.
    fn connection(&mut self) -> Result<&mut Connection> {
        // Nothing was written since, so there is nothing to take back.
        self.leave_if_tampered().ok();
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path)?,
        };
        if self.lacks_events {
            // Whoever took the missing events in begins anew, as with any other journal.
            open.connection.execute(RENEW, [])?;
            self.lacks_events = false;
        }
        Ok(&mut self.open.insert(open).connection)
    }

    fn tell(&self, outcomes: &Result<Vec<Appended>, NotStored>) {
        if let Ok(outcomes) = outcomes
            && outcomes.contains(&Appended::New)
        {
            self.committed.send_modify(|commits| *commits += 1);
        }
    }
}

fn answer(group: Vec<Append>, outcomes: Result<Vec<Appended>, NotStored>) {
    // Nobody listens any more where the request timed out; the record is stored all the same.
    match outcomes {
        Ok(outcomes) => {
            for (append, outcome) in group.into_iter().zip(outcomes) {
                drop(append.done.send(Ok(outcome)));
            }
        }
        Err(error) => {
            for append in group {
                drop(append.done.send(Err(error.clone())));
            }
        }
    }
}

/// Looks only at what is to go: this runs every few seconds, and deliveries wait for it.
pub(super) const PRUNE_EVENTS: &str = "DELETE FROM events WHERE id IN
     (SELECT id FROM events WHERE received_ms < ?2 AND id <= ?1 ORDER BY received_ms LIMIT ?3)";

fn prune(connection: &mut Connection, pruning: Pruning) -> Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let step = PRUNE_STEP;
    if let Some(before_ms) = pruning.events_before_ms {
        let removed = transaction.prepare_cached(PRUNE_EVENTS)?.execute(params![
            place(pruning.events_up_to),
            before_ms,
            step
        ])?;
        if removed > 0 {
            transaction.execute("UPDATE journal SET pruned = 1", [])?;
        }
    }
    transaction
        .prepare_cached(
            "DELETE FROM quarantine WHERE id IN
             (SELECT id FROM quarantine WHERE id <= ?1 AND received_ms < ?2 ORDER BY id LIMIT ?3)",
        )?
        .execute(params![place(pruning.quarantined_up_to), pruning.quarantined_before_ms, step])?;
    transaction.commit()?;
    Ok(())
}

/// A place as SQLite has it.
fn place(place: u64) -> i64 {
    i64::try_from(place).unwrap_or(i64::MAX)
}
