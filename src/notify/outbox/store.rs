//! Stores an outbox, and decides which process may send.
//!
//! Without an archive, the store is a small database beside the journal, for one process of this
//! machine. With an archive, it is a document there with a lease: of several machines one sends,
//! and another one continues where it stopped.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::contents::Outbox;
pub use super::lease::Lease;
use super::lease::{change_all, read_all};
use super::local;
pub use super::local::LocalStore;
use super::ownership::{Ownership, Record};
use super::tombstone::Tombstone;
use crate::archive::Archive;
use crate::files::sqlite;

/// Loads and saves the [`Outbox`] of one target while this process may send.
#[derive(Debug)]
pub struct OutboxStore {
    backend: Backend,
    /// The edition that we have seen.
    edition: i64,
}

/// Where the outbox is stored.
#[derive(Debug)]
pub enum Backend {
    /// On this machine, by the id of the target.
    Local(Arc<Mutex<LocalStore>>, String),
    /// In the archive.
    Archive(Lease),
}

impl OutboxStore {
    /// Does not load anything yet.
    pub fn new(backend: Backend) -> Self {
        Self { backend, edition: 0 }
    }

    /// Takes the right to send, and loads the outbox. `None` while another process sends.
    ///
    /// # Errors
    ///
    /// The store can't be reached.
    pub async fn acquire(&mut self) -> Result<Option<Outbox>> {
        let record = match &mut self.backend {
            Backend::Local(local, id) => lock(local).acquire(id)?,
            Backend::Archive(lease) => lease.acquire().await?,
        };
        let Some(Record { edition, text }) = record else { return Ok(None) };
        self.edition = edition;
        Ok(Some(text.as_deref().map(decode).unwrap_or_default()))
    }

    /// Saves `outbox`.
    ///
    /// # Errors
    ///
    /// It may be saved or not; save it again before anything is sent.
    pub async fn save(&mut self, outbox: &Outbox) -> Result<Ownership<Vec<Tombstone>>> {
        let text = encode(outbox)?;
        let ownership = match &mut self.backend {
            Backend::Local(local, id) => lock(local)
                .save(id, self.edition, &text)
                .inspect_err(sqlite::abort_if_locks_are_lost)?,
            Backend::Archive(lease) => lease.save(self.edition, text).await?,
        };
        Ok(self.observe(ownership))
    }

    /// Renews the right to send, and finds out whether somebody was forgotten.
    ///
    /// # Errors
    ///
    /// As for [`OutboxStore::save`].
    pub async fn renew(&mut self) -> Result<Ownership<Vec<Tombstone>>> {
        let ownership = match &mut self.backend {
            Backend::Local(local, id) => lock(local)
                .ownership(id, self.edition)
                .inspect_err(sqlite::abort_if_locks_are_lost)?,
            Backend::Archive(lease) => lease.renew(self.edition).await?,
        };
        Ok(self.observe(ownership))
    }

    fn observe(&mut self, ownership: Ownership<Record>) -> Ownership<Vec<Tombstone>> {
        match ownership {
            Ownership::Held => Ownership::Held,
            Ownership::Lost => Ownership::Lost,
            Ownership::Changed(Record { edition, text }) => {
                self.edition = edition;
                Ownership::Changed(text.as_deref().map(decode).unwrap_or_default().tombstones)
            }
        }
    }

    /// Whether this process may send for at least `time`, even if the archive fails now.
    pub fn is_held_for(&self, time: Duration) -> bool {
        match &self.backend {
            Backend::Local(..) => true,
            Backend::Archive(lease) => lease.remaining() > time,
        }
    }

    /// Lets another process send.
    pub async fn release(&mut self) {
        if let Backend::Archive(lease) = &mut self.backend {
            lease.release().await;
        }
    }
}

/// Reads the outboxes of the targets `ids`, without disturbing the process that sends.
pub async fn read(
    archive: Option<&Archive>,
    journal: &Path,
    ids: Vec<String>,
) -> Result<Vec<(String, Outbox)>> {
    let texts = match archive {
        Some(archive) => read_all(archive, ids).await?,
        None => local::read(journal, &ids)?,
    };
    Ok(texts.into_iter().map(|(id, text)| (id, decode(&text))).collect())
}

/// Applies `change` to all outboxes, beside the journal and in the archive, also while a process
/// sends; that process sees it before it saves or sends anything. Creates those of `ids`.
///
/// # Errors
///
/// A store can't be reached; some outboxes may be changed.
pub async fn change(
    archive: Option<&Archive>,
    journal: &Path,
    ids: &[String],
    mut change: impl FnMut(&mut Outbox),
) -> Result<()> {
    let mut change_text = |text: Option<&str>| {
        let mut outbox = text.map(decode).unwrap_or_default();
        change(&mut outbox);
        encode(&outbox)
    };
    local::change(journal, ids, &mut change_text)?;
    match archive {
        Some(archive) => change_all(archive, change_text).await,
        None => Ok(()),
    }
}

fn encode(outbox: &Outbox) -> Result<String> {
    serde_json::to_string(outbox).context("an outbox always encodes")
}

/// An outbox that can't be read counts as empty.
fn decode(text: &str) -> Outbox {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(
            "cannot read the stored state of a chat, which starts again without it: {error}"
        );
        Outbox::default()
    })
}

fn lock(local: &Mutex<LocalStore>) -> MutexGuard<'_, LocalStore> {
    local.lock().unwrap_or_else(PoisonError::into_inner)
}
