//! Where what is kept of a target lies, and who may send.
//!
//! Without an archive it is a small database beside the journal, for one process of this
//! machine. With one, it goes along with a lease in the archive, so that of several machines
//! one sends, and the next goes on where it stopped.

mod local;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::archive::{Archive, Lease, look_at_leases};
use crate::notify::kept::Kept;

pub use local::{Local, place};

/// Keeps one target's [`Kept`], for as long as it is ours to send.
#[derive(Debug)]
pub enum Keeper {
    /// On this machine.
    Local(Arc<Mutex<Local>>, String),
    /// In the archive.
    Shared(Lease),
}

impl Keeper {
    /// Makes it ours to send, if nobody else does: what was kept. `None` while another process sends.
    ///
    /// # Errors
    ///
    /// What is kept can't be reached.
    pub async fn take(&mut self) -> Result<Option<Kept>> {
        let text = match self {
            Self::Local(local, id) => open(local).take(id)?,
            Self::Shared(lease) => lease.take().await?,
        };
        Ok(text.map(|text| text.as_deref().map(read).unwrap_or_default()))
    }

    /// Keeps `kept`; whether it is still ours to send.
    ///
    /// # Errors
    ///
    /// It may be kept or not; it is to be kept again before anything is sent.
    pub async fn keep(&mut self, kept: &Kept) -> Result<bool> {
        let text = serde_json::to_string(kept).context("what is kept always encodes")?;
        match self {
            Self::Local(local, id) => open(local).keep(id, &text).map(|()| true),
            Self::Shared(lease) => lease.keep(text).await,
        }
    }

    /// Says that we are still here; whether it is still ours to send.
    ///
    /// # Errors
    ///
    /// As for [`Keeper::keep`].
    pub async fn renew(&mut self) -> Result<bool> {
        match self {
            Self::Local(..) => Ok(true),
            Self::Shared(lease) => lease.renew().await,
        }
    }

    /// Whether it is ours to send for so long at least, whatever happens to the archive.
    pub fn is_ours_for(&self, time: Duration) -> bool {
        match self {
            Self::Local(..) => true,
            Self::Shared(lease) => lease.left() > time,
        }
    }

    /// Lets another process send.
    pub async fn release(&mut self) {
        if let Self::Shared(lease) = self {
            lease.release().await;
        }
    }
}

/// What was kept; whatever can't be read is as if it had never been.
fn read(text: &str) -> Kept {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!("what a target was told cannot be read, and is forgotten: {error}");
        Kept::default()
    })
}

fn open(local: &Mutex<Local>) -> std::sync::MutexGuard<'_, Local> {
    local.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is kept of the targets `ids`, for whoever only looks.
pub async fn look(
    archive: Option<&Archive>,
    journal: &std::path::Path,
    ids: Vec<String>,
) -> Result<Vec<(String, Kept)>> {
    let texts = match archive {
        Some(archive) => look_at_leases(archive, ids).await?,
        None => local::look(journal, &ids)?,
    };
    Ok(texts.into_iter().map(|(id, text)| (id, read(&text))).collect())
}
