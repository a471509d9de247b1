//! The checksum of a stored row, by which a damaged one is recognised.
//!
//! SQLite notices where its pages are no pages any more, but takes any text for a text. Rows from
//! before there were checksums have none until [scrubbing](super::scrubbing) gives them one.

use crc32fast::Hasher;

/// What of a row is the same for events and quarantined deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// When it was received, in milliseconds since the epoch.
    pub received_ms: i64,
    /// The key of the raw body.
    pub key: &'a [u8],
    /// `x-zm-request-id`, where there was one.
    pub request_id: Option<&'a str>,
}

/// The checksum of an event whose fact is of `at`, in seconds.
pub fn of_event(envelope: Envelope<'_>, at: i64, document: &[u8]) -> u32 {
    let mut hasher = hasher(envelope);
    hasher.update(&at.to_le_bytes());
    hasher.update(document);
    hasher.finalize()
}

/// The checksum of a quarantined delivery.
pub fn of_quarantined(envelope: Envelope<'_>, body: &[u8]) -> u32 {
    let mut hasher = hasher(envelope);
    hasher.update(body);
    hasher.finalize()
}

/// Lengths are hashed too, so that no byte can move from one value to the next.
fn hasher(envelope: Envelope<'_>) -> Hasher {
    let mut hasher = Hasher::new();
    hasher.update(&envelope.received_ms.to_le_bytes());
    hasher.update(&(envelope.key.len() as u64).to_le_bytes());
    hasher.update(envelope.key);
    let length = envelope.request_id.map_or(u64::MAX, |id| id.len() as u64);
    hasher.update(&length.to_le_bytes());
    hasher.update(envelope.request_id.unwrap_or_default().as_bytes());
    hasher
}
