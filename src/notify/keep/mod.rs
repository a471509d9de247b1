//! Where what is kept of a target lies, and who may send.
//!
//! Without an archive it is a small database beside the journal, for one process of this
//! machine. With one, it goes along with a lease in the archive, so that of several machines
//! one sends, and the next goes on where it stopped.

mod forgetting;
mod local;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::archive::{self, Archive, Lease, Record, look_at_leases};
use crate::notify::forgotten::Mark;
use crate::notify::kept::Kept;

pub use forgetting::forget;
pub use local::{Local, place};

/// Keeps one target's [`Kept`], for as long as it is ours to send.
#[derive(Debug)]
pub struct Keeper {
    place: Place,
    /// The edition that we know: somebody else changed it so often.
    edition: i64,
}

/// Where it is kept.
#[derive(Debug)]
pub enum Place {
    /// On this machine.
    Local(Arc<Mutex<Local>>, String),
    /// In the archive.
    Shared(Lease),
}

/// How it is with what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is ours, and as we know it.
    Ours,
    /// It is ours, but somebody was forgotten in it: nothing was kept, and nothing is to be sent
    /// before they are forgotten here, too.
    Forgets(Vec<Mark>),
    /// Another process sends.
    Lost,
}

impl Keeper {
    /// What is kept there. Nobody is asked for it yet.
    pub fn new(place: Place) -> Self {
        Self { place, edition: 0 }
    }

    /// Makes it ours to send, if nobody else does: what was kept. `None` while another process sends.
    ///
    /// # Errors
    ///
    /// What is kept can't be reached.
    pub async fn take(&mut self) -> Result<Option<Kept>> {
        let record = match &mut self.place {
            Place::Local(local, id) => open(local).take(id)?,
            Place::Shared(lease) => lease.take().await?,
        };
        let Some(Record { edition, text }) = record else { return Ok(None) };
        self.edition = edition;
        Ok(Some(text.as_deref().map(read).unwrap_or_default()))
    }

    /// Keeps `kept`.
    ///
    /// # Errors
    ///
    /// It may be kept or not; it is to be kept again before anything is sent.
    pub async fn keep(&mut self, kept: &Kept) -> Result<Standing> {
        let text = serde_json::to_string(kept).context("what is kept always encodes")?;
        let standing = match &mut self.place {
            Place::Local(local, id) => open(local).keep(id, self.edition, &text)?,
            Place::Shared(lease) => lease.keep(self.edition, text).await?,
        };
        Ok(self.notice(standing))
    }

    /// Says that we are still here, and asks whether somebody was forgotten.
    ///
    /// # Errors
    ///
    /// As for [`Keeper::keep`].
    pub async fn renew(&mut self) -> Result<Standing> {
        let standing = match &mut self.place {
            Place::Local(local, id) => open(local).standing(id, self.edition)?,
            Place::Shared(lease) => lease.renew(self.edition).await?,
        };
        Ok(self.notice(standing))
    }

    fn notice(&mut self, standing: archive::Standing) -> Standing {
        match standing {
            archive::Standing::Ours => Standing::Ours,
            archive::Standing::Lost => Standing::Lost,
            archive::Standing::Changed(Record { edition, text }) => {
                self.edition = edition;
                Standing::Forgets(text.as_deref().map(read).unwrap_or_default().forgotten)
            }
        }
    }

    /// Whether it is ours to send for so long at least, whatever happens to the archive.
    pub fn is_ours_for(&self, time: Duration) -> bool {
        match &self.place {
            Place::Local(..) => true,
            Place::Shared(lease) => lease.left() > time,
        }
    }

    /// Lets another process send.
    pub async fn release(&mut self) {
        if let Place::Shared(lease) = &mut self.place {
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
