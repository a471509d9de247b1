//! Reads the archive: all documents, the new ones, or continuously.
//!
//! A task reads and sends pages; the consumer may be slow, or go away. The feed includes documents of all
//! machines, and those that arrive late: see [`position`](crate::archive::position).

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::archive::Archive;
use crate::archive::follower::Follower;
use crate::archive::position::Position;
use crate::archive::producer::{Producer, Update};

/// The most pages that may wait for the consumer.
const MAX_QUEUED: usize = 4;

/// How long the consumer waits for a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// How long to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Until everything has been read once; a failure ends it.
    Once,
    /// Without end; retries after failures.
    On,
}

/// The consumer's side: pages of an archive as they are read.
#[derive(Debug)]
pub struct Feed {
    archive: Archive,
    updates: mpsc::Receiver<Update>,
}

impl Feed {
    /// Reads all documents.
    pub fn scan(archive: &Archive) -> Self {
        Self::start(archive, |producer| async move {
            if let Err(error) = producer.scan().await {
                producer.send(Update::Away(error)).await;
            }
        })
    }

    /// Reads what is new since `position`.
    pub fn since(archive: &Archive, position: Option<Position>, mode: Mode) -> Self {
        Self::start(archive, move |producer| async move {
            match mode {
                Mode::Once => {
                    if let Err(error) = Follower::new(&producer, position).read_all_new().await {
                        producer.send(Update::Away(error)).await;
                    }
                }
                Mode::On => Follower::new(&producer, position).follow().await,
            }
        })
    }

    fn start<F>(archive: &Archive, read: impl FnOnce(Producer) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, updates) = mpsc::channel(MAX_QUEUED);
        archive.runtime().spawn(read(Producer::new(archive.clone(), sender)));
        Self { archive: archive.clone(), updates }
    }

    /// Waits for the next update; `None` after the last. Blocks the thread.
    ///
    /// # Errors
    ///
    /// [`Update::Away`], or no update for a long time.
    pub fn wait(&mut self) -> Result<Option<Update>> {
        let updates = &mut self.updates;
        let next = async { timeout(PAGE_TIMEOUT, updates.recv()).await };
        match self.archive.runtime().block_on(next) {
            Ok(Some(Update::Away(error))) => Err(error),
            Ok(update) => Ok(update),
            Err(_) => Err(anyhow!("MongoDB at `{}` gives no answer", self.archive.address())),
        }
    }

    /// Whether no more updates will come.
    pub fn has_ended(&self) -> bool {
        self.updates.is_closed() && self.updates.is_empty()
    }

    /// The next update if it is there already.
    pub fn ready(&mut self) -> Option<Update> {
        self.updates.try_recv().ok()
    }
}
