//! Putting a backup in the journal's place, and its store with it.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::lock::Lock;
use crate::files::regular_file;
use crate::files::temporary_file::TemporaryFile;
use crate::generator::store_file;
use crate::journal::{self, BackupFile, Staged};
use crate::store::{Position, Store};

/// A backup and the stores that may belong to it, open.
#[derive(Debug)]
pub struct Backup {
    file: BackupFile,
    stores: Vec<File>,
}

/// What the store of a journal that is put in place has to be.
pub(super) enum Successor {
    /// Filled from that journal.
    Empty,
    /// What it is, for which the journal is read again.
    ToReread,
    /// That of a backup.
    Restored(TemporaryFile),
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Where the journal is that was there before.
    pub aside: Option<PathBuf>,
    /// Old events are missing: they were removed before the backup was made, and the store
    /// that has them is not beside it.
    pub lacks_store: bool,
}

impl Backup {
    /// Reads the backup at `path`, which may lie where only root may read.
    ///
    /// # Errors
    ///
    /// It can't be read, or is the journal itself.
    pub fn open(settings: &Settings, path: &Path) -> Result<Self> {
        let file = BackupFile::open(path, &settings.journal.path)?;
        let place = store_file::place(path);
        let places = std::iter::once(place).chain(store_file::also_places(path));
        let stores =
            places.filter_map(|place| regular_file::open(&place, File::options().read(true)).ok());
        let stores = stores.collect();
        Ok(Self { file, stores })
    }

    /// Puts it in the journal's place. The journal that was there, and its store, are kept
    /// under another name.
    ///
    /// # Errors
    ///
    /// It is no sound backup, or somebody writes the journal; nothing was changed then.
    pub fn restore(self, settings: &Settings) -> Result<Restored> {
        let path = &settings.journal.path;
        let alone = journal::lock_for_restore(path)?;
        let staged = self.file.stage(path)?;
        let mut restored = None;
        for mut store in self.stores {
            restored = copy_of_store(path, &mut store, &staged)?;
            if restored.is_some() {
                break;
            }
        }
        let lacks_store = staged.is_pruned && restored.is_none() && settings.archive.is_none();
        let successor = restored.map_or(Successor::Empty, Successor::Restored);
        let aside = put_in_place(staged, settings, &alone, successor)?;
        Ok(Restored { aside, lacks_store })
    }

    /// A sound copy of it beside the journal at `path`.
    pub(super) fn stage(self, path: &Path) -> Result<Staged> {
        self.file.stage(path)
    }
}

/// A copy of `store` for the journal that is restored, if it is its backup's.
fn copy_of_store(path: &Path, store: &mut File, staged: &Staged) -> Result<Option<TemporaryFile>> {
    let scratch = store_file::scratch(path)?;
    let failed = || format!("cannot write to `{}`", scratch.path().display());
    let mut options = File::options();
    let copy = options.write(true).create_new(true).mode(0o600).open(scratch.path());
    let mut copy = copy.with_context(failed)?;
    io::copy(store, &mut copy).with_context(failed)?;
    drop(copy);
    // Whatever else has such a name is not looked at again.
    let Ok(mut copy) = Store::open(&scratch.path()) else { return Ok(None) };
    if copy.position().journal != staged.backup_id {
        return Ok(None);
    }
    copy.set_journal_id(&staged.id)?;
    Ok(Some(scratch))
}

/// Puts `staged` in the journal's place, and its store in the place of the one that is there. Returns
/// where the journal is that was there.
pub(super) fn put_in_place(
    staged: Staged,
    settings: &Settings,
    alone: &Lock,
    successor: Successor,
) -> Result<Option<PathBuf>> {
    let path = &settings.journal.path;
    let _lock = store_file::lock(path)?;
    let id = staged.id.clone();
    staged.replace(path, alone, |aside| {
        let place = store_file::place(path);
        let failed = || format!("cannot replace the store `{}`", place.display());
        succeed(path, aside, &id, successor).with_context(failed)
    })
}

fn succeed(path: &Path, aside: Option<&Path>, id: &str, successor: Successor) -> Result<()> {
    let place = store_file::place(path);
    let is_there = place.exists();
    let mut store = Store::open(&place)?;
    if let Some(aside) = aside.filter(|_| is_there) {
        let (before, copy) = (store.position().journal.clone(), store_file::scratch(aside)?);
        store.back_up_to(&copy.path(), &before)?;
        copy.persist(&store_file::place(aside))?;
    }
    let scratch = match successor {
        Successor::ToReread => {
            let position =
                Position { journal: id.to_owned(), reread: Some(0), ..store.position().clone() };
            return store.set_position(&position);
        }
        Successor::Empty => store_file::scratch(path)?,
        Successor::Restored(scratch) => scratch,
    };
    let successor = Store::open(&scratch.path())?;
    store.replace_with(successor, &scratch.path())
}
