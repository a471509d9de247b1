//! Where observations are stored.

use std::path::{Path, PathBuf};
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
    /// Whether answers can be stored: where there is no journal, no question makes sense.
    ///
    /// # Errors
    ///
    /// There is no journal, or its directory can't be read.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Running(_) => Ok(()),
            Self::Shared(path) => check_is_there(path),
        }
    }

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
                    check_is_there(&path)?;
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

/// Where there is no journal, all events are in the archive.
fn check_is_there(path: &Path) -> Result<()> {
    let is_there = path.try_exists();
    let is_there = is_there.with_context(|| format!("cannot look for `{}`", path.display()))?;
    anyhow::ensure!(
        is_there,
        "there is no journal at `{}` for its answers; set `[zoom.api]` on a machine where `serve`, or \
         `intake` beside `watch`, runs",
        path.display()
    );
    Ok(())
}
