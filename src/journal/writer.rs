//! The writer: one thread that stores records in groups and does all other changes.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::files::lock::Lock;
use crate::files::sqlite;
use crate::journal::group::Group;
use crate::journal::lost_lock::LostLock;
use crate::journal::request::{Append, Request};
use crate::journal::tamper_check::{NotVerified, TamperCheck};
use crate::journal::{
    Appended, Checksums, NotStored, PruneLimits, Record, Shipped, backlog, connection, insert,
    retention, scrub, tamper_recovery, writer_lock,
};
use crate::telemetry::abort_on_panic::AbortOnPanic;
use crate::zoom::Key;

/// A log of this many frames is copied into the database, as SQLite does by default.
const CHECKPOINT_FRAMES: u32 = 1000;

/// Gives the journal another id. A pruned journal keeps its id: the store has events that are
/// nowhere else, and has to stay valid.
const RENEW_ID: &str = "UPDATE journal SET id = lower(hex(randomblob(16))) WHERE pruned = 0";

/// The most requests that may wait; beyond, an append is refused at once.
const MAX_QUEUED: usize = 4096;

/// A handle to the writer. When it is dropped, the writer commits the waiting records and ends;
/// [`Journal::close`] waits for that.
#[derive(Debug)]
pub struct Journal {
    queue: mpsc::Sender<Request>,
    committed: watch::Receiver<u64>,
    thread: JoinHandle<()>,
}

/// Adds checksums to rows that have none.
#[derive(Debug, Clone)]
pub struct ChecksumWriter(mpsc::WeakSender<Request>);

impl ChecksumWriter {
    /// Queues `checksums`. Does nothing while the queue is full or the writer has ended: the next
    /// scrub finds the same rows.
    pub fn add(&self, checksums: Checksums) {
        if let Some(queue) = self.0.upgrade() {
            queue.try_send(Request::AddChecksums(checksums)).ok();
        }
    }
}

impl Journal {
    /// Opens the journal at `path`, creates it if it is missing, and starts its writer.
    pub fn open(path: &Path) -> Result<Self> {
        let lock = writer_lock::share(path)?;
        let open = Open::at(path)?;
        let (queue, requests) = mpsc::channel(MAX_QUEUED);
        let (set_committed, committed) = watch::channel(0);
        let writer = Writer {
            path: path.to_owned(),
            open: Some(open),
            lacks_events: false,
            failure: String::new(),
            committed: set_committed,
            lost_lock: LostLock::default(),
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                let _guard = AbortOnPanic::guard("the journal's writer");
                writer.run(requests);
            })
            .context("cannot start the journal's thread")?;
        Ok(Self { queue, committed, thread })
    }

    /// Queues `record`, and returns a receiver of the outcome.
    pub fn append(
        &self,
        record: Record,
    ) -> Result<oneshot::Receiver<Result<Appended, NotStored>>, NotStored> {
        let (done, outcome) = oneshot::channel();
        let queued_at = Some(Instant::now());
        self.enqueue(Request::Append(Append { record, queued_at, done }))?;
        Ok(outcome)
    }

    /// Stores `records` and waits until they are on disk; for `import`.
    pub fn append_all(&self, records: Vec<Record>) -> Result<Vec<Appended>, NotStored> {
        let ended = || NotStored::Failed("its writer has ended".to_owned());
        let mut outcomes = Vec::with_capacity(records.len());
        for record in records {
            let (done, outcome) = oneshot::channel();
            self.queue
                .blocking_send(Request::Append(Append { record, queued_at: None, done }))
                .map_err(|_| ended())?;
            outcomes.push(outcome);
        }
        outcomes.into_iter().map(|outcome| outcome.blocking_recv().map_err(|_| ended())?).collect()
    }

    /// Queues a lookup of `key`, and returns a receiver of whether it was ever stored. If the
    /// journal fails, the sender is dropped.
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

    /// Queues one pruning step. Does nothing while the queue is full, so call it again later.
    pub fn prune(&self, limits: PruneLimits) {
        self.queue.try_send(Request::Prune(limits)).ok();
    }

    /// Saves how far the archive named `archive` has the journal. Does nothing while the queue is
    /// full: what is not saved is shipped again.
    pub fn save_shipped(&self, archive: &str, shipped: Shipped) {
        self.queue.try_send(Request::SaveShipped(archive.to_owned(), shipped)).ok();
    }

    /// A handle that adds checksums to old rows. It does not keep the writer running.
    pub fn checksum_writer(&self) -> ChecksumWriter {
        ChecksumWriter(self.queue.downgrade())
    }

    /// Makes the writer's thread panic.
    #[cfg(test)]
    pub(super) fn panic(&self) {
        self.queue.try_send(Request::Panic).ok();
    }

    /// Changes with every commit that stored something new.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.committed.clone()
    }

    /// Commits the waiting records and ends the writer.
    pub fn close(self) {
        drop(self.queue);
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread panicked");
        }
    }
}

struct Writer {
    path: PathBuf,
    /// `None` after a failure: a failed sync must not be retried on the same connection, so the
    /// next group opens a new one.
    open: Option<Open>,
    /// The journal at the path may lack events of the one that was open before.
    lacks_events: bool,
    /// Why the last group failed; empty if it did not. The same failure is logged only once.
    failure: String,
    committed: watch::Sender<u64>,
    lost_lock: LostLock,
    /// Keeps other processes from replacing the journal.
    _lock: Lock,
}

/// A connection and the check of its files.
struct Open {
    connection: Connection,
    /// Dropped after the connection.
    check: TamperCheck,
}

impl Open {
    fn at(path: &Path) -> Result<Self> {
        tamper_recovery::wait_for_other_connections(path)?;
        let connection = connection::open_writer(path)?;
        // A checkpoint runs only after a check of the log.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let check = TamperCheck::new(path)?;
        Ok(Self { connection, check })
    }

    fn verify(&mut self) -> Result<(), NotVerified> {
        self.check.verify(&self.connection)
    }

    /// Leaves the log beside the database when the connection closes; the next start reads it.
    fn keep_log(&self) {
        let option = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
        if let Err(error) = self.connection.set_db_config(option, true) {
            tracing::error!("cannot close the journal without its log: {error}");
        }
    }

    /// Copies the log into the database if it is long enough.
    fn checkpoint(&mut self) -> Result<()> {
        if self.check.frames_to_checkpoint() >= CHECKPOINT_FRAMES && self.verify().is_ok() {
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            // The next commit finds the same problem.
            self.verify().ok();
        }
        Ok(())
    }
}

impl Writer {
    fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(Group { appends, others }) = Group::next(&mut requests) {
            if !appends.is_empty() {
                let outcomes = self.commit(&appends);
                if outcomes.as_ref().is_ok_and(|outcomes| outcomes.contains(&Appended::New)) {
                    self.committed.send_modify(|commits| *commits += 1);
                }
                answer(appends, outcomes);
            }
            others.into_iter().for_each(|other| self.handle(other));
            self.checkpoint();
        }
        // Closing copies the log into the database, so the log must be the right one.
        if self.close_if_tampered().is_err()
            && let Some(open) = &self.open
        {
            open.keep_log();
        }
    }

    /// Closes the connection after `error`, unless its files could not be examined: a later group
    /// examines them again.
    fn close_after(&mut self, error: &anyhow::Error) {
        if !error.is::<NotVerified>() {
            self.open = None;
        }
    }

    fn checkpoint(&mut self) {
        if let Some(Err(error)) = self.open.as_mut().map(Open::checkpoint) {
            self.open = None;
            sqlite::abort_if_locks_are_lost(&error);
            tracing::error!("the journal's log cannot be copied into it: {error:#}");
        }
    }

    /// Closes the journal if something other than SQLite changed its files.
    fn close_if_tampered(&mut self) -> Result<(), NotVerified> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let verified = open.verify();
        if let Err(NotVerified::Tampered(tampered)) = verified {
            let Open { connection, check } = open;
            self.lacks_events |= !tamper_recovery::close(connection, &check, tampered);
        } else {
            self.open = Some(open);
        }
        verified
    }

    fn handle(&mut self, request: Request) {
        let connection = self.connection();
        let outcome = connection.and_then(|connection| match request {
            Request::Append(_) => Ok(()),
            Request::Prune(limits) => retention::prune(connection, limits),
            Request::AddChecksums(checksums) => scrub::add_checksums(connection, &checksums),
            Request::SaveShipped(archive, shipped) => {
                backlog::save_shipped(connection, &archive, shipped)
            }
            Request::Find(key, found) => insert::is_known(connection, key).map(|is_known| {
                // The request may have timed out.
                found.send(is_known).ok();
            }),
            #[cfg(test)]
            Request::Panic => panic!("on purpose"),
        });
        if let Err(error) = outcome {
            self.close_after(&error);
            self.lost_lock.check(&self.path, &error);
            tracing::error!("the journal cannot be kept in order: {error:#}");
        }
    }

    fn commit(&mut self, group: &[Append]) -> Result<Vec<Appended>, NotStored> {
        let outcome = self.connection().and_then(|connection| insert::group(connection, group));
        let outcome = outcome.and_then(|stored| {
            self.close_if_tampered()?;
            Ok(stored)
        });
        let outcome = outcome.map_err(connection::explained);
        let cause = outcome.as_ref().err().map(|error| error.root_cause().to_string());
        let cause = cause.unwrap_or_default();
        match &outcome {
            Ok(_) => self.lost_lock.clear(),
            Err(error) => self.lost_lock.check(&self.path, error),
        }
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
        outcome.map_err(|error| {
            self.close_after(&error);
            NotStored::Failed(cause)
        })
    }

    /// The connection; a new one if the last one failed or its files were changed.
    fn connection(&mut self) -> Result<&mut Connection> {
        // Nothing was written since the last check, so nothing has to be undone.
        if let Err(error @ NotVerified::Unknown(_)) = self.close_if_tampered() {
            return Err(error.into());
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => Open::at(&self.path)?,
        };
        if self.lacks_events {
            // Stores that contain the missing events start again, as with any other journal.
            open.connection.execute(RENEW_ID, [])?;
            self.lacks_events = false;
        }
        Ok(&mut self.open.insert(open).connection)
    }
}

/// Answers each append. A receiver may be gone because its request timed out; the record is stored
/// all the same.
fn answer(group: Vec<Append>, outcomes: Result<Vec<Appended>, NotStored>) {
    match outcomes {
        Ok(outcomes) => {
            for (append, outcome) in group.into_iter().zip(outcomes) {
                append.done.send(Ok(outcome)).ok();
            }
        }
        Err(error) => {
            for append in group {
                append.done.send(Err(error.clone())).ok();
            }
        }
    }
}
