//! What deriving needs of the settings.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{self, Settings};

/// The settings by which presence is derived from the facts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Rules {
    /// Seconds of silence after which a meeting no longer shows people as present.
    pub stale_after: i64,
    /// The numbers of the rooms that are shown, in the order of the settings; none: every meeting
    /// counts as one room.
    pub rooms: Vec<String>,
    /// People with several names.
    pub people: Vec<config::Person>,
}

/// A digest of [`Rules`]: equal for equal rules, in every build and on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(u64);

impl Rules {
    /// Digests everything that deriving depends on besides the facts and the moment.
    pub fn fingerprint(&self) -> Fingerprint {
        let bytes = postcard::to_stdvec(self).expect("numbers, texts and lists always encode");
        Fingerprint(stable_hash(&bytes))
    }
}

impl From<&Settings> for Rules {
    fn from(settings: &Settings) -> Self {
        let stale_after = settings.presence.stale_after.as_secs();
        Self {
            stale_after: i64::try_from(stale_after).unwrap_or(i64::MAX),
            rooms: settings.rooms.iter().map(|room| room.meeting_id.clone()).collect(),
            people: settings.people.clone(),
        }
    }
}

/// The first 64 bits of SHA-256: the same for ever, unlike the standard library's hashes.
pub(super) fn stable_hash(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}
