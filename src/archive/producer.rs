//! The producer's side of a feed.

use anyhow::Result;
use mongodb::bson::Bson;
use tokio::sync::mpsc;

use crate::archive::Archive;
use crate::archive::document::{self, Archived};
use crate::archive::identity::edition_and_count;
use crate::archive::position::{Position, ReadTracker};
use crate::archive::queries::{PAGE, page};

/// What a feed reports.
#[derive(Debug)]
pub enum Update {
    /// Some documents, and how far the archive has been read with them.
    Page(Vec<Archived>, Position),
    /// There are documents that a follower cannot find: everything has to be read again.
    Rescan,
    /// The archive can't be read now.
    Away(anyhow::Error),
    /// The archive answers, and all its documents have been sent.
    Current,
}

/// Reads an archive and sends what it finds.
pub struct Producer {
    /// What is read.
    pub archive: Archive,
    updates: mpsc::Sender<Update>,
}

impl Producer {
    /// Reads `archive` and sends to `updates`.
    pub fn new(archive: Archive, updates: mpsc::Sender<Update>) -> Self {
        Self { archive, updates }
    }

    /// Sends an update; false if the consumer is gone.
    pub async fn send(&self, update: Update) -> bool {
        self.updates.send(update).await.is_ok()
    }

    /// Whether the consumer is gone.
    pub fn is_closed(&self) -> bool {
        self.updates.is_closed()
    }

    /// Reads all documents in order of `_id`, whatever its type.
    pub async fn scan(&self) -> Result<()> {
        let counting =
            self.archive.call(|collection| async move { edition_and_count(&collection).await });
        let (edition, count) = counting.await?;
        let mut tracker = ReadTracker::new(Position::start_of(edition.unwrap_or_default()));
        let mut last: Option<Bson> = None;
        loop {
            let from = last.clone();
            let page = self.archive.call(|collection| page(collection, from)).await?;
            let is_last = page.len() < PAGE;
            last = page
                .last()
                .and_then(|document| Bson::try_from(document.get("_id").ok()??).ok())
                .or(last);
            tracker.add(page.iter().filter_map(|document| document::id(document)));
            if is_last {
                tracker.expect_at_least(count);
            }
            let documents = page.iter().filter_map(|document| document::read(document)).collect();
            let is_sent = self.send(Update::Page(documents, tracker.position().clone())).await;
            if is_last || !is_sent {
                return Ok(());
            }
        }
    }
}
