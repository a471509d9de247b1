//! The journal: the local, durable, append-only log of events.
//!
//! An event is acknowledged to Zoom only once it is on disk here. There is one
//! writer ([`Journal`]): a thread that commits everything that is waiting at once, so
//! that a sync is paid once for a group and not once for an event. Any number of
//! [`Reader`]s look on, in this process or another, without ever keeping the writer
//! waiting.
//!
//! Keys outlive bodies: what was once stored is known for ever, also when its body
//! was removed.

mod reader;
mod schema;
mod writer;

use crate::moment::Moment;
use crate::zoom::Key;

pub use reader::{Entry, Quarantined, Reader};
pub use writer::{Appended, Journal, NotStored, Pruning};

#[cfg(test)]
mod tests;

/// One verified delivery, as it goes into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, where there was one.
    pub request_id: Option<String>,
    /// What was delivered.
    pub content: Content,
}

/// What a delivery held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An event: a document, and the time of its fact, by which it is replayed.
    Event {
        /// The document to store, as JSON.
        document: String,
        /// The time of its fact.
        at: Moment,
    },
    /// Something genuine that can't be read, byte for byte.
    Quarantined(Vec<u8>),
}
