//! The manifest: which files in the output directory are ours, and their edition.
//!
//! The position in it changes also when a hidden person comes or goes, so only Lookout may read the
//! file.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Edition, Position};
use crate::files::regular_file;

/// The file name in the output directory.
pub(super) const FILE: &str = ".lookout-manifest.json";

/// The maximum size. It lists the names of all published files.
const MAX_BYTES: u64 = 64 << 20;

/// What a publication wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of Lookout.
    version: String,
    edition: Option<Edition>,
    /// Our files, relative to the output directory.
    pub(super) files: BTreeSet<String>,
    /// Files among them to keep for a while once they are replaced.
    #[serde(default)]
    pub(super) lasting: BTreeSet<String>,
    /// Replaced files among them, and since when, in seconds since the epoch.
    #[serde(default)]
    pub(super) retired: BTreeMap<String, u64>,
}

impl Manifest {
    pub(super) fn new(edition: &Edition, files: BTreeSet<String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            edition: Some(edition.clone()),
            files,
            ..Self::default()
        }
    }

    /// Reads the manifest. If it can't be read, no file counts as ours.
    pub(super) fn read(output_dir: &Path) -> Self {
        let bytes = regular_file::read(&output_dir.join(FILE), MAX_BYTES).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("names and numbers are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// The published position, if it is later than `position`.
    pub(super) fn newer_than(&self, position: &Position) -> Option<Position> {
        let there = &self.edition.as_ref()?.position;
        is_newer(there, position).then(|| there.clone())
    }
}

/// Whether `there` is ahead of `here`: in journal or archive, and behind in neither.
fn is_newer(there: &Position, here: &Position) -> bool {
    if there.journal != here.journal {
        return false;
    }
    let journal = there.last_event.cmp(&here.last_event);
    let archive = match (&there.archive, &here.archive) {
        (Some(there), Some(here)) if there.collection == here.collection => {
            there.newest.cmp(&here.newest)
        }
        _ => Ordering::Equal,
    };
    journal.max(archive).is_gt() && journal.min(archive).is_ge()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::ArchivePosition;

    fn position(last_event: u64, archive: Option<(&str, &str)>) -> Position {
        let archive = archive.map(|(collection, newest)| ArchivePosition {
            collection: collection.to_owned(),
            newest: newest.to_owned(),
        });
        Position { journal: "j".to_owned(), last_event, archive }
    }

    #[test]
    fn an_edition_is_newer_if_it_is_ahead_and_nowhere_behind() {
        #[rustfmt::skip]
        let cases = [
            // what is special             there                        here                        newer
            ("the same",                   (5, None),                   (5, None),                   false),
            ("a later event",              (6, None),                   (5, None),                   true),
            ("a later document",           (5, Some(("c", "2"))),       (5, Some(("c", "1"))),       true),
            ("ahead in one, behind in one", (6, Some(("c", "1"))),      (5, Some(("c", "2"))),       false),
            ("another collection",         (5, Some(("b", "2"))),       (5, Some(("c", "1"))),       false),
            ("an archive not read yet",    (5, Some(("c", "1"))),       (9, Some(("", ""))),         false),
            ("the same, fewer events",     (9, Some(("c", "1"))),       (5, Some(("", ""))),         true),
            ("no archive any more",        (5, Some(("c", "1"))),       (5, None),                   false),
            ("no archive until now",       (5, None),                   (5, Some(("", ""))),         false),
        ];
        for (what, there, here, newer) in cases {
            let (there, here) = (position(there.0, there.1), position(here.0, here.1));
            assert_eq!(is_newer(&there, &here), newer, "{what}");
        }
    }
}
