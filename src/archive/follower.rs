//! Follows an archive: reads new documents as they arrive.

use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::bson::oid::ObjectId;
use tokio::time::{Instant, sleep};

use crate::archive::change_stream::{Change, ChangeStream};
use crate::archive::identity::edition_and_count;
use crate::archive::position::{Position, ReadTracker};
use crate::archive::producer::{Producer, Update};
use crate::archive::{Archive, document, queries};
use crate::time::backoff::Backoff;

/// How often to check for new documents without a change stream, and whether the consumer is gone.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How often to count documents, which finds those that arrived late.
const COUNT_INTERVAL: Duration = Duration::from_secs(30);

/// How many attempts may miss documents that are counted before everything is read again.
const MAX_ATTEMPTS: usize = 4;

const RETRY_INITIAL: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Reads new documents.
pub struct Follower<'a> {
    producer: &'a Producer,
    /// `None` before the archive has been read for the first time.
    tracker: Option<ReadTracker>,
}

impl<'a> Follower<'a> {
    /// Reads what is new since `position`. Without a position, it only asks for a scan once the
    /// archive answers.
    pub fn new(producer: &'a Producer, position: Option<Position>) -> Self {
        Self { producer, tracker: position.map(ReadTracker::new) }
    }

    /// Sends new documents until the consumer is gone, or everything has to be read again.
    pub async fn follow(mut self) {
        let mut backoff = Backoff::new(RETRY_INITIAL, RETRY_MAX);
        while !self.producer.is_closed() {
            let begun = Instant::now();
            let Err(error) = self.follow_stream().await else { return };
            if !self.producer.send(Update::Away(error)).await {
                return;
            }
            if begun.elapsed() > RETRY_MAX {
                backoff.reset();
            }
            sleep(backoff.next_wait()).await;
        }
    }

    /// Sends new documents until the consumer is gone, everything has to be read again, or the
    /// archive fails.
    async fn follow_stream(&mut self) -> Result<()> {
        // The stream opens first, so that nothing is missed between it and the first read.
        let mut stream = ChangeStream::open(&self.producer.archive).await?;
        if !self.read_all_new().await? || !self.producer.send(Update::Current).await {
            return Ok(());
        }
        let mut counted = Instant::now();
        while !self.producer.is_closed() {
            let goes_on = match stream.next(POLL_INTERVAL).await? {
                Some(Change::None) => true,
                Some(Change::InsertedFrom(earliest)) => self.read_from_id(earliest).await?,
                Some(Change::Possible) => self.read_new().await?,
                Some(Change::NewEdition) => self.read_all_new().await?,
                None => return Err(anyhow!("the stream of changes was lost")),
            };
            let is_due = counted.elapsed() >= COUNT_INTERVAL;
            if is_due {
                counted = Instant::now();
            }
            if !goes_on || (is_due && !self.read_all_new().await?) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Reads what is new, including what arrived late; returns whether to continue.
    pub async fn read_all_new(&mut self) -> Result<bool> {
        let archive = &self.producer.archive;
        let counting =
            archive.call(|collection| async move { edition_and_count(&collection).await });
        let (edition, count) = counting.await?;
        let edition = edition.unwrap_or_default();
        let known = self.tracker.as_mut().filter(|known| known.position().collection == edition);
        let Some(tracker) = known else {
            self.producer.send(Update::Rescan).await;
            return Ok(false);
        };
        let mut from = begin(archive, tracker).await?;
        for _ in 0..MAX_ATTEMPTS {
            if !self.read_from(from).await? {
                return Ok(false);
            }
            let Some(tracker) = &mut self.tracker else { return Ok(false) };
            if count <= tracker.position().expected {
                return Ok(true);
            }
            // The count may include documents that a majority does not have yet.
            sleep(POLL_INTERVAL).await;
            from = begin(&self.producer.archive, tracker).await?;
        }
        tracing::info!(
            count,
            "the archive has documents that were not found as new; all are read again"
        );
        self.producer.send(Update::Rescan).await;
        Ok(false)
    }

    /// Reads what is new, including the document `earliest`; returns whether to continue.
    async fn read_from_id(&mut self, earliest: ObjectId) -> Result<bool> {
        let Some(tracker) = &mut self.tracker else { return Ok(false) };
        let from = match earliest < tracker.read_from() {
            true => begin(&self.producer.archive, tracker).await?,
            false => tracker.read_from(),
        };
        self.read_from(from).await
    }

    /// Reads what is new; returns whether to continue.
    async fn read_new(&mut self) -> Result<bool> {
        let Some(tracker) = &mut self.tracker else { return Ok(false) };
        let from = match tracker.has_to_count() {
            true => begin(&self.producer.archive, tracker).await?,
            false => tracker.read_from(),
        };
        self.read_from(from).await
    }

    /// Reads what is new from `from` on; false if the consumer is gone.
    async fn read_from(&mut self, mut from: ObjectId) -> Result<bool> {
        let Some(tracker) = &mut self.tracker else { return Ok(false) };
        let archive = &self.producer.archive;
        loop {
            let ids = archive.call(|collection| queries::ids(collection, from)).await?;
            let new: Vec<_> = ids.iter().copied().filter(|id| tracker.is_new(*id)).collect();
            for some in new.chunks(queries::PAGE) {
                let wanted = some.to_vec();
                let page = archive.call(|collection| queries::fetch(collection, wanted)).await?;
                tracker.add(page.iter().filter_map(|document| document::id(document)));
                let documents =
                    page.iter().filter_map(|document| document::read(document)).collect();
                if !self.producer.send(Update::Page(documents, tracker.position().clone())).await {
                    return Ok(false);
                }
            }
            match ids.last() {
                Some(last) if ids.len() == queries::IDS => from = *last,
                _ => return Ok(true),
            }
        }
    }
}

/// Where to begin to read: earlier than usual if there are more documents than were read.
async fn begin(archive: &Archive, tracker: &mut ReadTracker) -> Result<ObjectId> {
    let (first, newest) = tracker.window();
    let count = archive.call(|collection| queries::count(collection, first, newest)).await?;
    let is_complete = count <= tracker.count_in_window();
    Ok(if is_complete { tracker.read_from() } else { tracker.forget_window() })
}
