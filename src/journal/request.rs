//! What the writer is asked to do, and what it answers.

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::journal::{Checksums, PruneLimits, Record, Shipped};
use crate::zoom::Key;

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The record is on disk now.
    New,
    /// The record was on disk already.
    Known,
}

/// Why a record was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotStored {
    /// Too many records are waiting.
    #[error("too many deliveries are waiting for the disk")]
    Overloaded,
    /// The disk or SQLite failed.
    #[error("the journal cannot be written: {0}")]
    Failed(String),
}

pub(super) enum Request {
    Append(Append),
    Prune(PruneLimits),
    SaveShipped(String, Shipped),
    Find(Key, oneshot::Sender<bool>),
    AddChecksums(Checksums),
    #[cfg(test)]
    Panic,
}

pub(super) struct Append {
    pub record: Record,
    /// When it was queued; `None` if it may wait without limit.
    pub queued_at: Option<Instant>,
    pub done: oneshot::Sender<Result<Appended, NotStored>>,
}
