//! Where observations are stored.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::journal::{Journal, Record};

/// Records in one transaction: few, so that no delivery waits long.
const BATCH: usize = 100;

/// The journal that takes observations.
#[derive(Debug, Clone)]
pub enum Sink {
    /// The one that this process writes.
    Running(Arc<Journal>),
    /// The one that other processes write, at this path.
    Shared(PathBuf),
}

impl Sink {
    /// Stores `records`; returns when they are on disk.
    ///
    /// # Errors
    ///
    /// The journal can't be written, or another process writes none.
    pub async fn store(&self, records: Vec<Record>) -> Result<()> {
        match self {
            Self::Running(journal) => {
                let mut records = records.into_iter().peekable();
                while records.peek().is_some() {
                    let batch = records.by_ref().take(BATCH);
                    let queued: Result<Vec<_>, _> = batch.map(|it| journal.append(it)).collect();
                    for outcome in queued? {
                        outcome.await.context("its writer has ended")??;
                    }
                }
                Ok(())
            }
            Self::Shared(path) => {
                let path = path.clone();
                tokio::task::spawn_blocking(move || {
                    // Where there is none, all events are in the archive.
                    let is_there = path.try_exists()?;
                    anyhow::ensure!(is_there, "there is no journal at `{}`", path.display());
                    let journal = Journal::open(&path)?;
                    let stored = journal.append_all(records);
                    journal.close();
                    Ok(stored.map(drop)?)
                })
                .await?
            }
        }
    }
}
