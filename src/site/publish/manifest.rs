//! What of the output directory is ours, and which edition it is.
//!
//! The file says how far the log had been read, which moves also when somebody
//! hidden comes or goes; so it is readable by Lookout alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Edition, Position};

/// Its name in the output directory.
pub(super) const FILE: &str = ".lookout-manifest.json";

/// What an earlier publication left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Of Lookout.
    version: String,
    edition: Option<Edition>,
    /// The files that are ours, relative to the output directory.
    pub(super) files: BTreeSet<String>,
}

impl Manifest {
    pub(super) fn new(edition: &Edition, files: BTreeSet<String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            edition: Some(edition.clone()),
            files,
        }
    }

    /// Reads what is there. Where that can't be read nothing is known to be ours.
    pub(super) fn read(output_dir: &Path) -> Self {
        let bytes = fs::read(output_dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("names and numbers are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The position of what is there, if it is later than `position` in the same journal.
    pub(super) fn newer_than(&self, position: &Position) -> Option<Position> {
        let there = &self.edition.as_ref()?.position;
        let newer = there.journal == position.journal && there.last_event > position.last_event;
        newer.then(|| there.clone())
    }
}
