//! Shipping: from the journal to the archive, in order, in batches, for as long as it takes.

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mongodb::bson::{DateTime, doc};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::archive::client::identity;
use crate::archive::document::{self, Shape};
use crate::archive::progress::Progress;
use crate::archive::writing::{Refused, insert};
use crate::archive::{Archive, Receipts, indexes};
use crate::journal::{Backlog, Journal, Reader, Shipped};
use crate::server::Shutdown;
use crate::time::backoff::Backoff;
use crate::time::clock;
use crate::zoom::Key;

/// Events shipped at once.
const BATCH: usize = 1_000;

/// So often the journal is looked at for what other processes put there.
const LOOK: Duration = Duration::from_millis(500);

/// How far it got is noted so often: what was not noted is shipped again, and found to be
/// there.
const NOTE: Duration = Duration::from_secs(1);

/// So often it is verified that the archive is what it was.
const VERIFY: Duration = Duration::from_secs(10);

/// So often it is told how much waits.
const TELL: Duration = Duration::from_secs(1);

/// The delay after the first failure.
const RETRY_INITIAL: Duration = Duration::from_millis(250);

/// The longest delay after a failure.
const RETRY_MAX: Duration = Duration::from_secs(5);

/// So often quarantined deliveries are looked for that need not be kept …
const TIDY: Duration = Duration::from_secs(3600);

/// … among those that were received within so long before that.
const TIDY_SPAN_MS: i64 = 7 * 86_400_000;

/// The unique index is waited for so long; then it is looked for again.
const INDEX: Duration = Duration::from_secs(30);

/// Ships the events of a journal.
#[derive(Debug)]
pub struct Shipper {
    /// Told how far it got.
    pub shipped: watch::Sender<Shipped>,
    /// Where to.
    pub archive: Archive,
    /// Keeps how far it got, and says when there is more.
    pub journal: Arc<Journal>,
    /// The journal's file.
    pub path: PathBuf,
    /// Told what arrived.
    pub receipts: Arc<Receipts>,
    /// Receives how many events wait.
    pub waiting: Gauge,
    /// How long it keeps quarantined deliveries.
    pub keep_quarantined: Duration,
    /// When to end.
    pub shutdown: Shutdown,
}

impl Shipper {
    /// Ships until it is time to stop.
    pub async fn run(self) {
        let mut committed = self.journal.committed();
        let mut progress = None;
        let mut tidied_at = None;
        let mut backoff = Backoff::new(RETRY_INITIAL, RETRY_MAX);
        let mut is_away = false;
        loop {
            committed.mark_unchanged();
            match self.telling(self.step(&mut progress)).await {
                Ok(0) => {
                    self.recovered(&mut backoff, &mut is_away);
                    tokio::select! {
                        () = self.shutdown.clone().wait() => break,
                        Ok(()) = committed.changed() => {}
                        () = sleep(LOOK) => {}
                    }
                }
                Ok(_) => self.recovered(&mut backoff, &mut is_away),
                Err(error) => {
                    if !std::mem::replace(&mut is_away, true) {
                        tracing::warn!("events wait in the journal for the archive: {error:#}");
                    }
                    progress = None;
                    self.tell_backlog().await;
                    tokio::select! {
                        () = self.shutdown.clone().wait() => break,
                        () = self.telling(sleep(backoff.next_wait())) => {}
                    }
                    continue;
                }
            }
            if tidied_at.is_none_or(|at: Instant| at.elapsed() >= TIDY) {
                self.tidy();
                tidied_at = Some(Instant::now());
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

    /// Notes that the archive answers.
    fn recovered(&self, backoff: &mut Backoff, is_away: &mut bool) {
        backoff.reset();
        if std::mem::take(is_away) {
            tracing::info!("the archive takes events again");
        }
    }

    /// Ships a batch; returns how many documents that were.
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
            self.receipts.arrived(keys(&backlog));
        }
        self.set_waiting(backlog.waiting.saturating_sub(count as u64));
        if progress.is_news() && (count == 0 || progress.noted_at.elapsed() >= NOTE) {
            if !progress.is_of(&self.path).await? {
                *known = None;
                return Ok(count);
            }
            progress.note(&self.archive, &self.journal).await?;
        }
        if progress.verified_at.elapsed() >= VERIFY {
            progress.verify(&self.archive).await?;
        }
        Ok(count)
    }

    /// Does `work`, and meanwhile says now and then how much waits.
    async fn telling<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = sleep(TELL) => self.tell_backlog().await,
            }
        }
    }

    /// Says how much waits, as far as anybody knows that has not reached the archive yet.
    async fn tell_backlog(&self) {
        let shipped = Some(*self.shipped.borrow()).filter(|shipped| *shipped != Shipped::default());
        let path = self.path.clone();
        let waiting = in_background(move || {
            let Some(reader) = Reader::open(&path)? else { return Ok(0) };
            let shipped = shipped.map_or_else(|| reader.shipped_somewhere(), Ok)?;
            Ok(reader.backlog(shipped, 0)?.waiting)
        });
        if let Ok(waiting) = waiting.await {
            self.set_waiting(waiting);
        }
    }

    fn set_waiting(&self, waiting: u64) {
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Removes quarantined deliveries that need not be kept, in the background.
    fn tidy(&self) {
        let keep_ms = i64::try_from(self.keep_quarantined.as_millis()).unwrap_or(i64::MAX);
        let end_ms = clock::now_ms().saturating_sub(keep_ms);
        let (begin, end) = (end_ms.saturating_sub(TIDY_SPAN_MS), end_ms);
        let (begin, end) = (DateTime::from_millis(begin), DateTime::from_millis(end));
        let filter = doc! {
            "event": { "$exists": false },
            "lookout.raw": { "$exists": true },
            "lookout.received_at": { "$gte": begin, "$lt": end },
        };
        let archive = self.archive.clone();
        self.archive.runtime().spawn(async move {
            let tidying =
                archive.call(|collection| async move { Ok(collection.delete_many(filter).await?) });
            if let Err(error) = tidying.await {
                tracing::warn!("old quarantined deliveries stay in the archive for now: {error:#}");
            }
        });
    }

    /// Makes sure of the collection and its unique index, and finds out how far it got.
    async fn prepare(&self) -> Result<Progress> {
        let collection = self.archive.call(|collection| async move {
            if let Some(identity) = identity(&collection).await? {
                return Ok(identity);
            }
            let database = collection.client().database(&collection.namespace().db);
            // Another process may have made it just now.
            let made = database.create_collection(collection.name()).await;
            let identity = identity(&collection).await?;
            made.or_else(|error| if identity.is_some() { Ok(()) } else { Err(error) })?;
            identity.context("the collection was made and is not there")
        });
        let collection = collection.await?;
        self.create_indexes().await?;
        Progress::find(&self.archive, collection, &self.path).await
    }

    /// Makes what indexes there are not. Only the unique one is waited for, and that not for
    /// ever: on a large collection it takes its time, and the next attempt finds it made.
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
        let made = timeout(INDEX, &mut creating).await;
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
            Some(reader) => reader.backlog(after, BATCH),
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
        // A server may refuse what is in a document: its text alone it has to take.
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

fn keys(backlog: &Backlog) -> impl Iterator<Item = Key> {
    let events = backlog.events.iter().map(|entry| entry.key);
    events.chain(backlog.quarantined.iter().map(|odd| odd.key))
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("a task of the journal panicked")?
}
