//! Reading the archive: everything, what is new, or on and on.
//!
//! A task reads and hands on pages; whoever takes them may be slow, or go away. Documents
//! of all machines count, and so do late ones: see [`Seen`].

use std::time::Duration;

use anyhow::{Result, anyhow};
use mongodb::bson::Bson;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::archive::Archive;
use crate::archive::document::{self, Archived};
use crate::archive::erasing::edition;
use crate::archive::following::Following;
use crate::archive::queries::{PAGE, page};
use crate::archive::seen::{Position, Seen};

/// Pages that may wait to be taken.
const WAITING: usize = 4;

/// A page comes by then, or not at all.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Until everything was read once; a failure ends it.
    Once,
    /// For ever, over all failures.
    On,
}

/// What was read.
#[derive(Debug)]
pub enum Update {
    /// Some documents, and how far the archive was read with them.
    Page(Vec<Archived>, Position),
    /// Documents are there that no look can find: everything has to be read again.
    Rescan,
    /// It can't be read now.
    Away(anyhow::Error),
    /// It answers, and everything that is there was handed on.
    Current,
}

/// Pages of an archive, as they are read.
#[derive(Debug)]
pub struct Feed {
    archive: Archive,
    updates: mpsc::Receiver<Update>,
}

impl Feed {
    /// Reads everything.
    pub fn scan(archive: &Archive) -> Self {
        let reading = |reading: Reading| async move {
            if let Err(error) = reading.scan().await {
                reading.tell(Update::Away(error)).await;
            }
        };
        Self::start(archive, reading)
    }

    /// Reads what is new since `position`.
    pub fn since(archive: &Archive, position: Option<Position>, mode: Mode) -> Self {
        let reading = move |reading: Reading| async move {
            match mode {
                Mode::Once => {
                    if let Err(error) = Following::new(&reading, position).look_thoroughly().await {
                        reading.tell(Update::Away(error)).await;
                    }
                }
                Mode::On => Following::new(&reading, position).follow().await,
            }
        };
        Self::start(archive, reading)
    }

    fn start<F>(archive: &Archive, read: impl FnOnce(Reading) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (tell, updates) = mpsc::channel(WAITING);
        archive.runtime().spawn(read(Reading { archive: archive.clone(), updates: tell }));
        Self { archive: archive.clone(), updates }
    }

    /// The next update, waiting for it; `None` after the last. Blocks its thread.
    ///
    /// # Errors
    ///
    /// [`Update::Away`], or nothing at all for a long time.
    pub fn wait(&mut self) -> Result<Option<Update>> {
        let updates = &mut self.updates;
        let next = async { timeout(PATIENCE, updates.recv()).await };
        match self.archive.runtime().block_on(next) {
            Ok(Some(Update::Away(error))) => Err(error),
            Ok(update) => Ok(update),
            Err(_) => Err(anyhow!("MongoDB at `{}` gives no answer", self.archive.address())),
        }
    }

    /// Whether nothing more will come.
    pub fn has_ended(&self) -> bool {
        self.updates.is_closed() && self.updates.is_empty()
    }

    /// The next update, if there is one already.
    pub fn ready(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}

/// The reading side of a feed.
pub(super) struct Reading {
    /// What is read.
    pub(super) archive: Archive,
    updates: mpsc::Sender<Update>,
}

impl Reading {
    /// Hands on an update; whether anybody is still there to take it.
    pub(super) async fn tell(&self, update: Update) -> bool {
        self.updates.send(update).await.is_ok()
    }

    /// Whether nobody takes updates any more.
    pub(super) fn is_over(&self) -> bool {
        self.updates.is_closed()
    }

    /// Reads everything in the order of `_id`, of whatever type that is.
    async fn scan(&self) -> Result<()> {
        let about = self.archive.call(|collection| async move {
            let count = collection.estimated_document_count().await?;
            Ok((edition(&collection).await?, count))
        });
        let (collection, count) = about.await?;
        let collection = collection.unwrap_or_default();
        let mut seen = Seen::new(Position::start_of(collection));
        let mut last: Option<Bson> = None;
        loop {
            let from = last.clone();
            let page = self.archive.call(|collection| page(collection, from)).await?;
            let is_last = page.len() < PAGE;
            last = page
                .last()
                .and_then(|document| Bson::try_from(document.get("_id").ok()??).ok())
                .or(last);
            seen.note(page.iter().filter_map(|document| document::id(document)));
            if is_last {
                seen.expect_at_least(count);
            }
            let documents = page.iter().filter_map(|document| document::read(document)).collect();
            let told = self.tell(Update::Page(documents, seen.position().clone())).await;
            if is_last || !told {
                return Ok(());
            }
        }
    }
}
