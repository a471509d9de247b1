//! The journal: the local, durable, append-only log of events.
//!
//! An event is acknowledged to Zoom only once it is on disk here. There is one writer
//! ([`Journal`]): a thread that commits all waiting records together, so that a group shares one
//! sync. Any number of [`Reader`]s, in this process or another, read without delaying the writer.
//!
//! Keys outlive bodies: a delivery stays known for ever, even after its body is removed. A key is
//! the hash of the body as received. The stored body lacks dropped fields, so its hash may differ.

mod backlog;
mod backup;
mod checksum;
mod connection;
mod damage;
mod entry;
mod eraser;
mod erasure;
mod group;
mod insert;
mod lost_lock;
mod old_copies;
mod open_files;
mod quarantine;
mod reader;
mod request;
mod restore;
mod retention;
mod rows;
mod salvage;
mod schema;
mod scrub;
mod tamper_check;
mod tamper_recovery;
mod unallocated;
mod verification;
mod wal;
mod wal_index;
mod writer;
mod writer_lock;

use crate::time::moment::Moment;
use crate::zoom::challenge::CHALLENGE;
use crate::zoom::delivery::{Document, Reading};
use crate::zoom::{self, Key, Redaction};

pub use backlog::{Backlog, Shipped};
pub use backup::back_up;
pub use connection::create_directory_of;
pub use damage::{RowId, Table, damaged_row_count, damaged_rows};
pub use entry::{Entry, Envelope, LOOKOUT, Quarantined};
pub use eraser::{Change, Eraser};
pub use erasure::{erase, find, learn};
pub use old_copies::old_copies;
pub use quarantine::{Reprocessed, reprocess_quarantine};
pub use reader::Reader;
pub use request::{Appended, NotStored};
pub use restore::{BackupFile, Staged, lock_for_restore};
pub use retention::PruneLimits;
pub use rows::Checksums;
pub use salvage::Salvage;
pub use scrub::{Scrub, Scrubbed};
pub(crate) use unallocated::overwrite_unallocated;
pub use verification::{Verdict, verify, verify_for};
pub use writer::{ChecksumWriter, Journal};

/// One verified delivery, as it goes into the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, if there was one.
    pub request_id: Option<String>,
    /// What was delivered.
    pub content: Content,
}

impl Record {
    /// An [observation](zoom::observation) of our own, made at `received_ms`.
    pub fn of_observation(document: Document, received_ms: i64, redaction: &Redaction) -> Self {
        let key = Key::of(document.json().to_string().as_bytes());
        let content = Content::event(document, received_ms, redaction);
        Self { key, received_ms, request_id: None, content }
    }

    /// What is stored next to the body.
    pub fn envelope(&self) -> Envelope<'_> {
        let request_id = self.request_id.as_deref();
        Envelope { key: self.key, received_ms: self.received_ms, request_id }
    }
}

/// What a delivery held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An event.
    Event {
        /// The document to store, as JSON.
        document: String,
        /// The time of its fact.
        at: Moment,
    },
    /// A genuine delivery that can't be read: its bytes, without the values of dropped fields.
    Quarantined(Vec<u8>),
}

impl Content {
    /// What to store of a raw body. `received_ms` is when it arrived, in milliseconds since the
    /// epoch; `redaction` removes what must not be stored.
    pub fn of(body: &[u8], received_ms: i64, redaction: &Redaction) -> Self {
        match Reading::of(body) {
            Reading::Document(document) => Self::event(document, received_ms, redaction),
            Reading::Quarantined(_) => Self::unreadable(body, received_ms, redaction),
        }
    }

    /// What to store of an unreadable body. It is an event if `redaction` removes what made it
    /// unreadable.
    pub fn unreadable(body: &[u8], received_ms: i64, redaction: &Redaction) -> Self {
        let Some(blanked) = redaction.blank(body) else { return Self::Quarantined(body.to_vec()) };
        match Document::read(&blanked) {
            Ok(document) if document.event() != CHALLENGE => {
                Self::event(document, received_ms, redaction)
            }
            _ => Self::Quarantined(blanked),
        }
    }

    /// What to store of a document.
    pub fn event(document: Document, received_ms: i64, redaction: &Redaction) -> Self {
        let document = document.into_stored(redaction);
        let at = zoom::understand(&document, received_ms).at;
        Self::Event { document, at }
    }
}

#[cfg(test)]
mod tests;
