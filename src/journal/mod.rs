//! The journal: the local, durable, append-only log of events.
//!
//! An event is acknowledged to Zoom only once it is on disk here. There is one
//! writer ([`Journal`]): a thread that commits everything that is waiting at once, so
//! that a sync is paid once for a group and not once for an event. Any number of
//! [`Reader`]s look on, in this process or another, without ever keeping the writer
//! waiting.
//!
//! Keys outlive bodies: what was once stored is known for ever, also when its body
//! was removed. A key is that of the body as it was received: what is stored of it is without
//! dropped fields, and need not have that hash.

mod backlog;
mod backup;
mod checksum;
mod damage;
mod erasing;
mod files;
mod group;
mod leaving;
mod log;
mod pruning;
mod reader;
mod repairing;
mod rereading;
mod restoring;
mod rows;
mod schema;
mod scrubbing;
mod storing;
mod unallocated;
mod verifying;
mod wal_index;
mod watch;
mod writer;
mod writers;

use crate::time::moment::Moment;
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::delivery::{Document, Reading};
use crate::zoom::{self, Key, Redaction};

pub use backlog::{Backlog, Shipped};
pub use backup::back_up;
pub use damage::{Place, Table, found as damage_found, places as damaged_places};
pub use erasing::{Change, Eraser};
pub use leaving::kept_aside;
pub use pruning::Pruning;
pub use reader::{Entry, Quarantined, Reader};
pub use repairing::Salvage;
pub use rereading::{Reread, reread_quarantine};
pub use restoring::{BackupFile, Staged, lock_alone};
pub use schema::create_directory_of;
pub(crate) use schema::{create_for_ourselves, sync_directory};
pub use scrubbing::{Scrub, Scrubbed, Seals};
pub(crate) use unallocated::overwrite_unallocated;
pub use verifying::{Verdict, verify, verify_for};
pub use writer::{Appended, Journal, NotStored, Sealer};

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
    /// Something genuine that can't be read, byte for byte but for what is never stored.
    Quarantined(Vec<u8>),
}

impl Content {
    /// What to store of a raw body; `received_ms` is when it arrived, in milliseconds
    /// since the epoch, and `redaction` is what is removed before anything is stored.
    pub fn of(body: &[u8], received_ms: i64, redaction: &Redaction) -> Self {
        match Reading::of(body) {
            Reading::Document(document) => Self::event(document, received_ms, redaction),
            Reading::Quarantined(_) => Self::unreadable(body, received_ms, redaction),
        }
    }

    /// What to store of a body that can't be read. It is an event if only what is removed spoiled it.
    pub fn unreadable(body: &[u8], received_ms: i64, redaction: &Redaction) -> Self {
        let Some(blanked) = redaction.blank(body) else { return Self::Quarantined(body.to_vec()) };
        match Document::read(&blanked) {
            Ok(document) if document.event() != CHALLENGE => {
                Self::event(document, received_ms, redaction)
            }
            _ => Self::Quarantined(blanked),
        }
    }

    /// What to store of a document that was read already.
    pub fn event(document: Document, received_ms: i64, redaction: &Redaction) -> Self {
        let document = document.into_stored(redaction);
        let at = zoom::understand(&document, received_ms).at;
        Self::Event { document, at }
    }
}

#[cfg(test)]
mod tests;
