//! The file of the store, beside the journal. It may be deleted at any time, as long as the
//! journal or an archive holds every event (`journal.keep`).
//!
//! A process that replaces the journal or the store holds a [lock()] until both fit together.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::lock::{self, Lock};
use crate::files::temporary_file::{self, Purpose, TemporaryFile};
use crate::files::{FileId, directory, sibling, sqlite};
use crate::journal::{self, Reader};
use crate::store::{self, Store};
use crate::zoom::Name;

const EXTENSION: &str = "presence";

/// The name of its lock.
const LOCK: &str = "presence";

/// How long to wait for another process: a backup of a large journal takes a while.
const LOCK_TIMEOUT: Duration = Duration::from_secs(600);

/// Errors of files that another attempt of this user will not write either.
const NOT_WRITABLE: [ErrorKind; 2] = [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem];

/// The path of the store of the journal at `path`.
pub fn path_of(path: &Path) -> PathBuf {
    sibling::path(path, EXTENSION)
}

/// Other paths at which somebody may have put the store of a backup.
pub fn other_paths_of(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    sibling::other_paths(path, EXTENSION)
}

/// Opens the store of the journal that `settings` name. A store that can't be used is replaced.
///
/// The store is in memory where there is neither a journal nor an archive, or where this user
/// or the file system can't write it.
///
/// # Errors
///
/// It can't be opened for another reason, such as an I/O error. A later attempt may succeed.
pub fn open(settings: &Settings) -> Result<Opened> {
    let path = &settings.journal.path;
    if settings.archive.is_some() {
        journal::create_directory_of(path)?;
    } else if !path.try_exists()? {
        return Opened::in_memory();
    }
    let store_path = path_of(path);
    let found = FileId::of(&store_path)?;
    let opened = Store::open(&store_path).or_else(|error| {
        if !store::is_unusable(&error) {
            return Err(error);
        }
        discard(settings, found, &error)?;
        Store::open(&store_path)
    });
    match opened {
        Ok(store) => Ok(Opened { store, file: FileId::of(&store_path)? }),
        Err(error) if is_not_writable(&error) => {
            tracing::warn!(
                "cannot write `{}`, so all events are read again: {error:#}",
                store_path.display()
            );
            Opened::in_memory()
        }
        Err(error) => Err(error),
    }
}

/// Fills `store` from a store of the journal `id` that has another name beside the journal at
/// `path`, such as that of a backup renamed by hand. Returns whether there is one.
pub fn adopt(path: &Path, id: &str, store: &mut Store) -> Result<bool> {
    for other_path in other_paths_of(path).filter(|path| path.is_file()) {
        // Another file may have such a name; it is ignored.
        let Ok(other) = Store::open(&other_path) else { continue };
        if other.position().journal == id {
            store.replace_with(other, &other_path)?;
            remove(&other_path)?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// A store, and the identity of its file.
pub struct Opened {
    pub store: Store,
    /// `None` where it is in memory.
    pub file: Option<FileId>,
}

impl Opened {
    /// An empty store in memory.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { store: Store::in_memory()?, file: None })
    }
}

/// Removes the unusable store `file`. If it may be the only copy of old events, renames it instead.
///
/// # Errors
///
/// It can't be removed, or the lock is not free in time.
pub fn discard(settings: &Settings, file: Option<FileId>, why: &anyhow::Error) -> Result<()> {
    let path = &settings.journal.path;
    let _lock = lock(path)?;
    let store_path = path_of(path);
    if FileId::of(&store_path)? != file {
        // Another process has replaced it.
        return Ok(());
    }
    let pruned = Reader::open(path)?.map_or(Ok(false), |reader| reader.pruned())?;
    if pruned && settings.archive.is_none() {
        let kept = unusable_path_of(path);
        fs::rename(&store_path, &kept)
            .with_context(|| format!("cannot rename the store `{}`", store_path.display()))?;
        tracing::error!("`{}` is kept as `{}`: {why:#}", store_path.display(), kept.display());
    } else {
        tracing::warn!("all events are read again: {why:#}");
        remove(&store_path)?;
    }
    for suffix in sqlite::SUFFIXES {
        remove(&sqlite::with_suffix(&store_path, suffix))?;
    }
    Ok(())
}

/// Removes the store that [`discard`] renamed: it holds names.
///
/// # Errors
///
/// It can't be removed.
pub fn remove_unusable(path: &Path) -> Result<()> {
    remove(&unusable_path_of(path))
}

fn unusable_path_of(path: &Path) -> PathBuf {
    sibling::path(path, "presence.unusable")
}

/// Removes the file at `path`, if there is one.
///
/// # Errors
///
/// It can't be removed.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

/// What is wrong with the store; `None` if nothing is, or if there is no store.
///
/// # Errors
///
/// It can't be read.
pub fn verify_store(settings: &Settings) -> Result<Option<String>> {
    let store_path = path_of(&settings.journal.path);
    if !store_path.try_exists()? {
        return Ok(None);
    }
    match Store::open(&store_path) {
        Ok(store) => store.verify(),
        Err(error) if store::is_unusable(&error) => Ok(Some(format!("{error:#}"))),
        Err(error) => Err(error),
    }
}

/// The names of all people in the store.
///
/// # Errors
///
/// It can't be read.
pub fn names_in_store(settings: &Settings) -> Result<BTreeSet<Name>> {
    Ok(open(settings)?.store.names().cloned().collect())
}

/// Whether this user or this file system can never write the store. An I/O error may be gone at the
/// next attempt, so it is not one of these, unless the file system lacks syncs.
fn is_not_writable(error: &anyhow::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};
    use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};
    error.chain().any(|cause| match cause.downcast_ref::<rusqlite::Error>() {
        Some(rusqlite::Error::SqliteFailure(failure, _)) => {
            matches!(failure.code, CannotOpen | ReadOnly | PermissionDenied)
                || [SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC].contains(&failure.extended_code)
        }
        _ => cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| NOT_WRITABLE.contains(&error.kind())),
    })
}

/// A temporary file for a new store of the journal at `path`. It is removed when dropped.
///
/// # Errors
///
/// The directory can't be written.
pub fn scratch(path: &Path) -> Result<TemporaryFile> {
    let store_path = path_of(path);
    let failed = || format!("cannot create a file beside `{}`", store_path.display());
    TemporaryFile::beside(&store_path, Purpose::Store).with_context(failed)
}

/// Keeps other processes from replacing or copying the journal at `path` and its store, until it is
/// dropped. Removes the files that a killed process left beside the journal.
///
/// # Errors
///
/// Another process holds it for too long, or a left file can't be removed.
pub fn lock(path: &Path) -> Result<Lock> {
    let lock = lock::acquire(&lock::path_of(path, LOCK), LOCK_TIMEOUT)?;
    sweep_under(&lock, directory::of(path))?;
    Ok(lock)
}

/// The same lock, if it is free.
///
/// # Errors
///
/// Its file can't be opened.
pub fn try_lock(path: &Path) -> Result<Option<Lock>> {
    lock::try_acquire(&lock::path_of(path, LOCK))
}

/// Removes the files that a killed process left beside the journal at `path`, unless another
/// process holds the lock. A failure is only logged: the next start tries again.
pub fn sweep(path: &Path) {
    if !directory::of(path).is_dir() {
        return;
    }
    let swept = match try_lock(path) {
        Ok(Some(lock)) => sweep_under(&lock, directory::of(path)),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = swept {
        tracing::warn!(
            "cannot remove files that a killed process left beside the journal: {error:#}"
        );
    }
}

/// Removes the files that a killed process left in `directory`.
fn sweep_under(lock: &Lock, directory: &Path) -> Result<()> {
    let mut swept = temporary_file::remove_abandoned(directory);
    if swept.is_ok() && lock.is_exclusive() {
        swept = temporary_file::remove_legacy(directory);
    }
    swept.with_context(|| format!("cannot remove old files in `{}`", directory.display()))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_the_store_that_was_found_damaged_is_discarded() {
        let directory = TempDir::new().expect("a temporary directory");
        let mut settings = Settings::default();
        settings.journal.path = directory.path().join("lookout.db");
        let store_path = path_of(&settings.journal.path);
        let why = anyhow::Error::new(store::Damaged);
        fs::write(&store_path, "what is damaged").expect("it can be written");
        let damaged = FileId::of(&store_path).expect("it can be examined");
        // While this process waited for the lock, another one replaced the store.
        let another = directory.path().join("another");
        fs::write(&another, "what another process filled").expect("it can be written");
        fs::rename(&another, &store_path).expect("it can be put in place");

        discard(&settings, damaged, &why).expect("it need not do anything");
        let there = fs::read_to_string(&store_path).expect("it is still there");
        assert_eq!(there, "what another process filled");

        let found = FileId::of(&store_path).expect("it can be examined");
        discard(&settings, found, &why).expect("it can be removed");
        assert!(!store_path.exists(), "the damaged store is removed");
    }

    #[test]
    fn only_a_store_that_can_never_be_written_is_kept_in_memory() {
        use rusqlite::ffi;
        #[rustfmt::skip]
        let cases = [
            // what is special                 code                       in memory
            ("another user's file",            ffi::SQLITE_PERM,          true),
            ("a read-only file system",        ffi::SQLITE_READONLY,      true),
            ("a directory that is closed",     ffi::SQLITE_CANTOPEN,      true),
            ("a file system without syncs",    ffi::SQLITE_IOERR_FSYNC,   true),
            ("a read that failed this time",   ffi::SQLITE_IOERR_READ,    false),
            ("a write that failed this time",  ffi::SQLITE_IOERR_WRITE,   false),
            ("a full disk",                    ffi::SQLITE_FULL,          false),
        ];
        for (what, code, is_in_memory) in cases {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = anyhow::Error::new(error).context("cannot open the store");
            assert_eq!(is_not_writable(&error), is_in_memory, "{what}");
        }
    }
}
