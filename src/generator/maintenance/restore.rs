//! Restores a backup of the journal, with its store.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::replacement::{NewStore, replace_journal};
use crate::config::Settings;
use crate::files::regular_file;
use crate::files::temporary_file::TemporaryFile;
use crate::generator::store_file;
use crate::journal::{self, BackupFile, Staged};
use crate::store::Store;

/// An open backup, with the files beside it that may be its store.
#[derive(Debug)]
pub struct Backup {
    file: BackupFile,
    stores: Vec<File>,
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Where the previous journal is kept.
    pub old_path: Option<PathBuf>,
    /// Old events are missing: they were pruned before the backup was made, and the store that
    /// holds them is not beside the backup.
    pub lacks_store: bool,
}

impl Backup {
    /// Opens the backup at `path`, which may be readable by root only.
    ///
    /// # Errors
    ///
    /// It can't be read, or is the journal itself.
    pub fn open(settings: &Settings, path: &Path) -> Result<Self> {
        let file = BackupFile::open(path, &settings.journal.path)?;
        let paths =
            std::iter::once(store_file::path_of(path)).chain(store_file::other_paths_of(path));
        let stores = paths
            .filter_map(|path| regular_file::open(&path, File::options().read(true)).ok())
            .collect();
        Ok(Self { file, stores })
    }

    /// Replaces the journal and its store by the backup. The previous ones are kept under another
    /// name.
    ///
    /// # Errors
    ///
    /// The backup is damaged, or another process writes the journal; nothing was changed then.
    pub fn restore(self, settings: &Settings) -> Result<Restored> {
        let path = &settings.journal.path;
        let journal_lock = journal::lock_for_restore(path)?;
        let staged = self.file.stage(path)?;
        let mut restored = None;
        for mut store in self.stores {
            restored = copy_store(path, &mut store, &staged)?;
            if restored.is_some() {
                break;
            }
        }
        let lacks_store = staged.is_pruned && restored.is_none() && settings.archive.is_none();
        let new_store = restored.map_or(NewStore::Empty, NewStore::Restored);
        let old_path = replace_journal(staged, settings, &journal_lock, new_store)?;
        Ok(Restored { old_path, lacks_store })
    }

    /// Makes a verified copy of it beside the journal at `path`.
    pub(super) fn stage(self, path: &Path) -> Result<Staged> {
        self.file.stage(path)
    }
}

/// Copies `store` for the restored journal, if it belongs to that backup.
fn copy_store(path: &Path, store: &mut File, staged: &Staged) -> Result<Option<TemporaryFile>> {
    let scratch = store_file::scratch(path)?;
    let failed = || format!("cannot write to `{}`", scratch.path().display());
    let mut options = File::options();
    let copy = options.write(true).create_new(true).mode(0o600).open(scratch.path());
    let mut copy = copy.with_context(failed)?;
    io::copy(store, &mut copy).with_context(failed)?;
    drop(copy);
    // Another file may have such a name; it is ignored.
    let Ok(mut copy) = Store::open(&scratch.path()) else { return Ok(None) };
    if copy.position().journal != staged.backup_id {
        return Ok(None);
    }
    copy.set_journal_id(&staged.id)?;
    Ok(Some(scratch))
}
