//! Stored events and quarantined deliveries.

use crate::zoom::Key;

/// The entry of ours in documents of the archive and in exported lines.
pub const LOOKOUT: &str = "lookout";

/// What Lookout knows about a delivery, whether its body is readable or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, if there was one.
    pub request_id: Option<&'a str>,
}

/// One stored event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log: from 1, never reused.
    pub id: u64,
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, if there was one.
    pub request_id: Option<String>,
    /// The document, as JSON.
    pub document: String,
}

impl Entry {
    /// What is stored next to the document.
    pub fn envelope(&self) -> Envelope<'_> {
        let request_id = self.request_id.as_deref();
        Envelope { key: self.key, received_ms: self.received_ms, request_id }
    }
}

/// One quarantined delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The key of the raw body.
    pub key: Key,
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// `x-zm-request-id`, if there was one.
    pub request_id: Option<String>,
    /// The raw body, without the values of dropped fields.
    pub body: Vec<u8>,
}

impl Quarantined {
    /// What is stored next to the body.
    pub fn envelope(&self) -> Envelope<'_> {
        let request_id = self.request_id.as_deref();
        Envelope { key: self.key, received_ms: self.received_ms, request_id }
    }
}
