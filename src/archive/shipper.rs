//! Ships events from the journal to the archive: in order, in batches, with endless retries.

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

/// How often to note how far the journal has been shipped. What is not noted is shipped again, which
/// changes nothing.
const NOTE_INTERVAL: Duration = Duration::from_secs(1);

/// How often to verify that the archive is still the same.
const VERIFY_INTERVAL: Duration = Duration::from_secs(10);

/// How often to report how much waits.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

const RETRY_INITIAL: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// How often to remove quarantined deliveries that are no longer kept.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);

/// How much older than that they may be to be found.
const CLEANUP_SPAN_MS: i64 = 7 * 86_400_000;

/// How long to wait for the unique index, before looking for it again.
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
    /// Learn which events have arrived.
    pub waiters: Arc<Waiters>,
    /// Receives how many events wait.
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
        let mut is_away = false;
        loop {
            committed.mark_unchanged();
            match self.reporting(self.step(&mut progress)).await {
                Ok(0) => {
                    recovered(&mut backoff, &mut is_away);
                    tokio::select! {
                        () = self.shutdown.cancelled() => break,
                        Ok(()) = committed.changed() => {}
                        () = sleep(POLL_INTERVAL) => {}
                    }
                }
                Ok(_) => recovered(&mut backoff, &mut is_away),
                Err(error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!("events wait in the journal for the archive: {error:#}");
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
            && progress.is_news()
            && progress.is_of(&self.path).await.unwrap_or(false)
            && let Err(error) = progress.note(&self.archive, &self.journal).await
        {
            tracing::debug!("what was shipped last is shipped again: {error:#}");
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
        if progress.is_news() && (count == 0 || progress.noted_at.elapsed() >= NOTE_INTERVAL) {
            if !progress.is_of(&self.path).await? {
                *known = None;
                return Ok(count);
            }
            progress.note(&self.archive, &self.journal).await?;
        }
        if progress.verified_at.elapsed() >= VERIFY_INTERVAL {
            progress.verify(&self.archive).await?;
        }
        Ok(count)
    }

    /// Runs `work`, and reports regularly how much waits.
    async fn reporting<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep(REPORT_INTERVAL) => self.report_backlog().await,
            }
        }
    }

    /// Reports how much waits. Before the archive has been reached, it uses the journal's notes.
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

    /// Removes quarantined deliveries that are no longer kept, in the background.
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
                tracing::warn!("old quarantined deliveries stay in the archive for now: {error:#}");
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
            let made = database.create_collection(collection.name()).await;
            let identity = identity(&collection).await?;
            made.or_else(|error| if identity.is_some() { Ok(()) } else { Err(error) })?;
            identity.context("the collection was made and is not there")
        });
        let collection = collection.await?;
        self.create_indexes().await?;
        Progress::find(&self.archive, collection, &self.path).await
    }

    /// Creates missing indexes. It waits only for the unique one, and for a limited time: on a large
    /// collection it takes long, and a later attempt finds it complete.
    async fn create_indexes(&self) -> Result<()> {
        let names = self
            .archive
            .call(|collection| async move { Ok(collection.list_index_names().await?) })
            .await?;
        let is_there = |name: &&str| names.iter().any(|there| there == name);
        if indexes::NAMES.iter().all(is_there) {
            return Ok(());
        }
        let collection = self.archive.collection().await?;
        let is_unique_there = is_there(&indexes::NAMES[0]);
        let mut creating = self.archive.runtime().spawn(async move {
            if !is_unique_there {
                indexes::create_unique(&collection).await?;
            }
            Ok(collection)
        });
        let made = timeout(INDEX_TIMEOUT, &mut creating).await;
        let made: Result<_> = made
            .context("the index of `lookout.key` is still being made")?
            .context("a task of the archive panicked")?;
        let collection = made.context("cannot make the index of `lookout.key`")?;
        self.archive.runtime().spawn(async move {
            if let Err(error) = indexes::create_others(&collection).await {
                tracing::warn!("cannot make the archive's indexes for queries: {error:#}");
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
        // The server may refuse the content of a document; it has to accept the text alone.
        let mut again = Vec::new();
        for Refused { place, why } in refused {
            match backlog.events.get(place) {
                Some(entry) => again.push(document::event(entry, Shape::RawOnly)),
                None => bail!("it refuses a quarantined delivery: {why}"),
            }
        }
        match self.archive.call(|collection| insert(collection, again)).await?.first() {
            None => Ok(()),
            Some(refused) => bail!("it refuses a document: {}", refused.why),
        }
    }
}

/// The archive answers again.
fn recovered(backoff: &mut Backoff, is_away: &mut bool) {
    backoff.reset();
    if std::mem::take(is_away) {
        tracing::info!("the archive takes events again");
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
