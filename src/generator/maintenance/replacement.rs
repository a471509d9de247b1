//! Replaces the journal, and its store with it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::lock::Lock;
use crate::files::temporary_file::TemporaryFile;
use crate::generator::store_file;
use crate::journal::Staged;
use crate::store::{Position, Store};

/// The store of the new journal.
pub(super) enum NewStore {
    /// An empty one, to be filled from the journal.
    Empty,
    /// The old one. The journal is read again into it.
    Old,
    /// The one of a backup.
    Restored(TemporaryFile),
}

/// Replaces the journal by `staged`, and its store by `new_store`. Returns where the old journal
/// is kept, with its store beside it.
pub(super) fn replace_journal(
    staged: Staged,
    settings: &Settings,
    journal_lock: &Lock,
    new_store: NewStore,
) -> Result<Option<PathBuf>> {
    let path = &settings.journal.path;
    let _lock = store_file::lock(path)?;
    let id = staged.id.clone();
    staged.replace(path, journal_lock, |kept| {
        let store = store_file::path_of(path);
        let failed = || format!("cannot replace the store `{}`", store.display());
        replace_store(path, kept, &id, new_store).with_context(failed)
    })
}

/// Copies the store beside `kept`, the old journal, and replaces it.
fn replace_store(path: &Path, kept: Option<&Path>, id: &str, new_store: NewStore) -> Result<()> {
    let store_path = store_file::path_of(path);
    let existed = store_path.try_exists()?;
    let mut store = Store::open(&store_path)?;
    if let Some(kept) = kept.filter(|_| existed) {
        let (old_id, copy) = (store.position().journal.clone(), store_file::scratch(kept)?);
        store.back_up_to(&copy.path(), &old_id)?;
        copy.persist(&store_file::path_of(kept))?;
    }
    let scratch = match new_store {
        NewStore::Old => {
            let position =
                Position { journal: id.to_owned(), reread: Some(0), ..store.position().clone() };
            return store.set_position(&position);
        }
        NewStore::Empty => store_file::scratch(path)?,
        NewStore::Restored(scratch) => scratch,
    };
    store.replace_with(Store::open(&scratch.path())?, &scratch.path())
}
