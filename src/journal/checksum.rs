//! The checksum of a stored row, which shows whether the row is damaged.
//!
//! SQLite detects pages that are malformed, but accepts any text as text. Rows of older versions have
//! no checksum until a [scrub](super::scrub) adds it.

use crc32fast::Hasher;

use crate::journal::Envelope;

/// The checksum of an event; `at` is the time of its fact in seconds.
pub fn of_event(envelope: Envelope<'_>, at: i64, document: &str) -> u32 {
    let mut hasher = hasher(envelope);
    hasher.update(&at.to_le_bytes());
    hasher.update(document.as_bytes());
    hasher.finalize()
}

/// The checksum of a quarantined delivery.
pub fn of_quarantined(envelope: Envelope<'_>, body: &[u8]) -> u32 {
    let mut hasher = hasher(envelope);
    hasher.update(body);
    hasher.finalize()
}

/// Hashes lengths as well, so that a byte that moves from one value to the next changes the checksum.
fn hasher(envelope: Envelope<'_>) -> Hasher {
    let mut hasher = Hasher::new();
    let key = envelope.key.as_bytes();
    hasher.update(&envelope.received_ms.to_le_bytes());
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    let length = envelope.request_id.map_or(u64::MAX, |id| id.len() as u64);
    hasher.update(&length.to_le_bytes());
    hasher.update(envelope.request_id.unwrap_or_default().as_bytes());
    hasher
}
