//! The checkpoint of earlier versions. It may be the only copy of events that were pruned from the
//! journal, so its facts are imported into the store.
//!
//! A checkpoint holds facts, and only Last Join and Last Left of visits of long ago. Both become
//! events from which the same facts follow.

mod events;
mod format;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::files::regular_file;
use crate::files::sibling;
use crate::generator::store_file;
use crate::store::{LastVisitUpdate, Position, Store};
use crate::time::moment::Moment;
use crate::zoom::Key;

/// The size of the largest checkpoint, in bytes.
const MAX_BYTES: u64 = 1 << 30;

const EXTENSION: &str = "checkpoint";

/// Files of earlier versions beside the journal.
const OLD_EXTENSIONS: [&str; 3] = ["checkpoint", "checkpoint.unusable", "checkpoint.lock"];

/// The journal id of imported events: not 0, which means the archive.
const PRUNED_ID: u64 = 1;

/// Imports the checkpoint of the journal `id` at `path` into `store`. Returns whether there is one.
///
/// # Errors
///
/// The store can't be written.
pub fn import(path: &Path, id: &str, store: &mut Store, now: Moment) -> Result<bool> {
    let own = sibling::path(path, EXTENSION);
    for checkpoint in std::iter::once(own).chain(sibling::other_paths(path, EXTENSION)) {
        let Ok(bytes) = regular_file::read(&checkpoint, MAX_BYTES) else { continue };
        match format::decode(&bytes) {
            Ok((header, roster)) if header.journal == id => {
                for event in events::events_of(roster) {
                    store.take_in(PRUNED_ID, &event.into(), now)?;
                }
                let last_key = header.last_key.map(Key::from_bytes);
                let position = Position {
                    journal: header.journal,
                    former: String::new(),
                    last_id: header.position,
                    last_key,
                    archive: Vec::new(),
                    reread: None,
                };
                store.commit(&position, LastVisitUpdate::Now)?;
                tracing::info!("imported `{}` into the store", checkpoint.display());
                return Ok(true);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("cannot use `{}`: {error:#}", checkpoint.display()),
        }
    }
    Ok(false)
}

/// Removes the checkpoints of the journal `id` at `path`, because they hold names. Those of other
/// journals stay.
///
/// # Errors
///
/// A checkpoint can't be removed.
pub fn remove(path: &Path, id: &str) -> Result<()> {
    let own = OLD_EXTENSIONS.iter().map(|extension| sibling::path(path, extension));
    let is_of_journal = |checkpoint: &PathBuf| {
        let bytes = regular_file::read(checkpoint, MAX_BYTES).ok();
        let decoded = bytes.and_then(|bytes| format::decode(&bytes).ok());
        decoded.is_some_and(|(header, _)| header.journal == id)
    };
    let renamed = sibling::other_paths(path, EXTENSION).filter(is_of_journal);
    own.chain(renamed).try_for_each(|checkpoint| store_file::remove(&checkpoint))
}
