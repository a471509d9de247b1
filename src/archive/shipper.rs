//! Ships events from the journal to the archive: in order, in batches, with retries until shutdown.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mongodb::bson::{DateTime, doc};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::archive::document::{self, Shape};
use crate::archive::identity::identity;
use crate::archive::insertion::{Refused, insert};
use crate::archive::progress::Progress;
use crate::archive::{Archive, Waiters, indexes};
use crate::journal::{Backlog, Journal, Reader, Shipped};
use crate::time::backoff::Backoff;
use crate::time::clock;
use crate::zoom::Key;

/// The most events in one batch.
const MAX_BATCH: usize = 1_000;

/// How often to poll the journal for writes by other processes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How often to save how far the journal has been shipped. Events shipped since then are shipped again
/// after a restart or a failure, which changes nothing.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// How often to verify that the archive is still the same.
const VERIFY_INTERVAL: Duration = Duration::from_secs(10);

/// How often to update the gauge of waiting events.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

const RETRY_INITIAL: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How often to remove expired quarantined deliveries.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);

/// A cleanup removes only deliveries that expired less than this long ago. Without this limit, it
/// would examine all older events, too.
const CLEANUP_SPAN_MS: i64 = 7 * 86_400_000;

/// How long to wait for the unique index before checking again whether it exists.
const INDEX_TIMEOUT: Duration = Duration::from_secs(30);

/// Ships the events of a journal.
#[derive(Debug)]
pub struct Shipper {
    /// Receives how far the journal has been shipped.
    pub shipped: watch::Sender<Shipped>,
    /// The archive to ship to.
    pub archive: Archive,
    /// Signals new events, and saves how far they have been shipped.
    pub journal: Arc<Journal>,
    /// The journal's file.
    pub path: PathBuf,
    /// The requests to notify when the archive has their event.
    pub waiters: Arc<Waiters>,
    /// The gauge of events that wait in the journal to be shipped.
    pub waiting: Gauge,
    /// How long the archive keeps quarantined deliveries.
    pub keep_quarantined: Duration,
    /// When to stop.
    pub shutdown: CancellationToken,
}

impl Shipper {
    /// Ships until shutdown.
    pub async fn run(self) {
        let mut committed = self.journal.committed();
        let mut progress = None;
        let mut cleaned_at = None;
        let mut backoff = Backoff::new(RETRY_INITIAL, RETRY_MAX);
        let mut is_failing = false;
        loop {
            committed.mark_unchanged();
            match self.reporting(self.step(&mut progress)).await {
                Ok(0) => {
                    recovered(&mut backoff, &mut is_failing);
                    tokio::select! {
                        () = self.shutdown.cancelled() => break,
                        Ok(()) = committed.changed() => {}
                        () = sleep(POLL_INTERVAL) => {}
                    }
                }
                Ok(_) => recovered(&mut backoff, &mut is_failing),
                Err(error) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!(
                            "cannot ship to the archive; events wait in the journal: {error:#}"
                        );
                    }
                    progress = None;
                    self.report_backlog().await;
                    tokio::select! {
                        () = self.shutdown.cancelled() => break,
                        () = self.reporting(sleep(backoff.next_wait())) => {}
                    }
                    continue;
                }
            }
            if cleaned_at.is_none_or(|at: Instant| at.elapsed() >= CLEANUP_INTERVAL) {
                self.clean_up();
                cleaned_at = Some(Instant::now());
            }
        }
        if let Some(progress) = &mut progress
            && progress.is_unsaved()
            && progress.is_for_journal(&self.path).await.unwrap_or(false)
            && let Err(error) = progress.save(&self.archive, &self.journal).await
        {
            tracing::debug!(
                "cannot save how far the journal has been shipped; its last events will be \
                 shipped again: {error:#}"
            );
        }
    }

    /// Ships one batch; returns how many documents it had.
    async fn step(&self, known: &mut Option<Progress>) -> Result<usize> {
        let found = match known.take() {
            Some(known) => known,
            None => {
                let found = self.prepare().await?;
                self.shipped.send_replace(found.shipped);
                found
            }
        };
        let progress = known.insert(found);
        let backlog = self.backlog(progress.shipped).await?;
        let count = backlog.events.len() + backlog.quarantined.len();
        if count > 0 {
            self.send(&backlog).await?;
            progress.shipped = backlog.shipped_after(progress.shipped);
            self.shipped.send_replace(progress.shipped);
            self.waiters.notify(keys(&backlog));
        }
        self.set_waiting(backlog.waiting.saturating_sub(count as u64));
        if progress.is_unsaved() && (count == 0 || progress.saved_at.elapsed() >= SAVE_INTERVAL) {
            if !progress.is_for_journal(&self.path).await? {
                *known = None;
                return Ok(count);
            }
            progress.save(&self.archive, &self.journal).await?;
        }
        if progress.verified_at.elapsed() >= VERIFY_INTERVAL {
            progress.verify(&self.archive).await?;
        }
        Ok(count)
    }

    /// Runs `work`, and meanwhile updates the gauge of waiting events.
    async fn reporting<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep(REPORT_INTERVAL) => self.report_backlog().await,
            }
        }
    }

    /// Updates the gauge of waiting events. Until the archive has been reached, it is computed from the
    /// progress that the journal saved.
    async fn report_backlog(&self) {
        let shipped = Some(*self.shipped.borrow()).filter(|shipped| *shipped != Shipped::default());
        let path = self.path.clone();
        let waiting = in_background(move || {
            let Some(reader) = Reader::open(&path)? else { return Ok(0) };
            let shipped = shipped.map_or_else(|| reader.shipped_to_any(), Ok)?;
            Ok(reader.backlog(shipped, 0)?.waiting)
        });
        if let Ok(waiting) = waiting.await {
            self.set_waiting(waiting);
        }
    }

    fn set_waiting(&self, waiting: u64) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Removes expired quarantined deliveries in the background.
    fn clean_up(&self) {
        let keep_ms = i64::try_from(self.keep_quarantined.as_millis()).unwrap_or(i64::MAX);
        let end_ms = clock::now_ms().saturating_sub(keep_ms);
        let (begin, end) = (end_ms.saturating_sub(CLEANUP_SPAN_MS), end_ms);
        let (begin, end) = (DateTime::from_millis(begin), DateTime::from_millis(end));
        let filter = doc! {
            "event": { "$exists": false },
            "lookout.raw": { "$exists": true },
            "lookout.received_at": { "$gte": begin, "$lt": end },
        };
        let archive = self.archive.clone();
        self.archive.runtime().spawn(async move {
            let cleaning =
                archive.call(|collection| async move { Ok(collection.delete_many(filter).await?) });
            if let Err(error) = cleaning.await {
                tracing::warn!(
                    "cannot remove expired quarantined deliveries from the archive; Lookout tries \
                     again in an hour: {error:#}"
                );
            }
        });
    }

    /// Creates the collection and its indexes if they are missing, and reads how far the journal has
    /// been shipped.
    async fn prepare(&self) -> Result<Progress> {
        let collection = self.archive.call(|collection| async move {
            if let Some(identity) = identity(&collection).await? {
                return Ok(identity);
            }
            let database = collection.client().database(&collection.namespace().db);
            // Another process may have created it just now.
            let created = database.create_collection(collection.name()).await;
            let identity = identity(&collection).await?;
            created.or_else(|error| if identity.is_some() { Ok(()) } else { Err(error) })?;
            identity.context("the collection was created, but MongoDB does not list it")
        });
        let collection = collection.await?;
        self.create_indexes().await?;
        Progress::find(&self.archive, collection, &self.path).await
    }

    /// Creates missing indexes. Waits only for the unique index.
    ///
    /// # Errors
    ///
    /// The unique index can't be created, or is not complete in time. On a large collection, that takes
    /// long; MongoDB continues, and a later call finds the index complete.
    async fn create_indexes(&self) -> Result<()> {
        let names = self
            .archive
            .call(|collection| async move { Ok(collection.list_index_names().await?) })
            .await?;
        let exists = |name: &&str| names.iter().any(|existing| existing == name);
        if indexes::NAMES.iter().all(exists) {
            return Ok(());
        }
        let collection = self.archive.collection().await?;
        let has_unique = exists(&indexes::NAMES[0]);
        let mut creating = self.archive.runtime().spawn(async move {
            if !has_unique {
                indexes::create_unique(&collection).await?;
            }
            Ok(collection)
        });
        let created = timeout(INDEX_TIMEOUT, &mut creating).await;
        let created: Result<_> = created
            .context("MongoDB is still building the unique index on `lookout.key`")?
            .context("a task of the archive panicked")?;
        let collection = created.context("cannot create the unique index on `lookout.key`")?;
        self.archive.runtime().spawn(async move {
            if let Err(error) = indexes::create_others(&collection).await {
                tracing::warn!("cannot create the archive's indexes for queries: {error:#}");
            }
        });
        Ok(())
    }

    async fn backlog(&self, after: Shipped) -> Result<Backlog> {
        let path = self.path.clone();
        in_background(move || match Reader::open(&path)? {
            Some(reader) => reader.backlog(after, MAX_BATCH),
            None => Ok(Backlog::default()),
        })
        .await
    }

    async fn send(&self, backlog: &Backlog) -> Result<()> {
        let events = backlog.events.iter().map(|entry| document::event(entry, Shape::AsSent));
        let quarantined = backlog.quarantined.iter().map(document::quarantined);
        let documents = events.chain(quarantined).collect();
        let refused = self.archive.call(|collection| insert(collection, documents)).await?;
        if refused.is_empty() {
            return Ok(());
        }
        // MongoDB may refuse the content of a document; it has to accept the raw text alone.
        let mut again = Vec::new();
        for Refused { index, why } in refused {
            match backlog.events.get(index) {
                Some(entry) => again.push(document::event(entry, Shape::RawOnly)),
                None => bail!("MongoDB refuses a quarantined delivery: {why}"),
            }
        }
        match self.archive.call(|collection| insert(collection, again)).await?.first() {
            None => Ok(()),
            Some(refused) => bail!("MongoDB refuses an event, even as text: {}", refused.why),
        }
    }
}

/// Resets the back-off after a success, and logs the end of a failure.
fn recovered(backoff: &mut Backoff, is_failing: &mut bool) {
    backoff.reset();
    if std::mem::take(is_failing) {
        tracing::info!("the archive accepts events again");
    }
}

fn keys(backlog: &Backlog) -> impl Iterator<Item = Key> {
    let events = backlog.events.iter().map(|entry| entry.key);
    events.chain(backlog.quarantined.iter().map(|delivery| delivery.key))
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task of the journal panicked")?
}
