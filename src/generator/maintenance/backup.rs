//! Copies the journal and, where it is the only copy of old events, the store.

use std::path::Path;

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::{directory, temporary_file};
use crate::generator::store_file;
use crate::journal::{self, Reader};
use crate::store::Store;

/// Copies the journal to `to`. Copies the store too if old events are only there: pruned from the
/// journal, and without an archive.
///
/// # Errors
///
/// Something can't be read or written.
pub fn back_up(settings: &Settings, to: &Path) -> Result<()> {
    let path = &settings.journal.path;
    // The lock keeps both from being replaced meanwhile.
    let _lock = store_file::lock(path)?;
    if let Err(error) = temporary_file::remove_abandoned(directory::of(to)) {
        tracing::warn!("cannot remove files left by an earlier backup: {error}");
    }
    let pruned = Reader::open(path)?.map_or(Ok(false), |reader| reader.pruned())?;
    let needs_store = pruned && settings.archive.is_none();
    journal::back_up(path, to, |id| if needs_store { copy_store(path, to, id) } else { Ok(()) })
}

/// Copies the store of the journal at `from` to the backup at `to`, whose journal has the id `id`.
fn copy_store(from: &Path, to: &Path, id: &str) -> Result<()> {
    let store = store_file::path_of(from);
    let failed =
        || format!("cannot copy the store `{}`, which holds the pruned events", store.display());
    let copy = store_file::scratch(to)?;
    let copied = Store::open(&store).and_then(|store| store.back_up_to(&copy.path(), id));
    copied.with_context(failed)?;
    copy.persist(&store_file::path_of(to)).with_context(failed)
}
