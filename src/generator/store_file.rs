//! The file of the store, beside the journal: it may be deleted at any time, as long as the
//! journal or an archive holds every event (`journal.keep`).
//!
//! Whoever makes the journal another one holds a [lock()] until the store is of that one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::files::lock::{self, Lock};
use crate::files::temporary_file::{self, Purpose, TemporaryFile};
use crate::files::{FileId, directory, sibling, sqlite};
use crate::journal::{self, Reader};
use crate::store::{self, Store};

const EXTENSION: &str = "presence";

/// The name of its lock.
const LOCK: &str = "presence";

/// How long to wait for somebody else: a backup of a large journal takes a while.
const LOCK_PATIENCE: Duration = Duration::from_secs(600);

/// Where the store of the journal at `path` lies.
pub fn place(path: &Path) -> PathBuf {
    sibling::path(path, EXTENSION)
}

/// Where else somebody may have put the store of a backup.
pub fn also_places(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    sibling::other_paths(path, EXTENSION)
}

/// Opens the store of the journal that `settings` name. Where there is neither journal nor archive, or
/// this user may not write there, it is in memory. One that is of no use makes room for another.
pub fn open(settings: &Settings) -> Result<Opened> {
    let path = &settings.journal.path;
    if settings.archive.is_some() {
        journal::create_directory_of(path)?;
    } else if !path.exists() {
        return Opened::in_memory();
    }
    let place = place(path);
    let there = FileId::of(&place);
    let opened = Store::open(&place).or_else(|error| {
        if !store::is_unusable(&error) {
            return Err(error);
        }
        put_aside(settings, there, &error)?;
        Store::open(&place)
    });
    match opened {
        Ok(store) => Ok(Opened { store, file: FileId::of(&place) }),
        Err(error) if is_not_allowed(&error) => {
            tracing::warn!(
                "`{}` cannot be written, so all events are read again: {error:#}",
                place.display()
            );
            Opened::in_memory()
        }
        Err(error) => Err(error),
    }
}

/// Makes `store` like one of the journal `id` that somebody put elsewhere beside the journal at `path`, as
/// with a backup that was renamed by hand; whether there was one.
pub fn adopt(path: &Path, id: &str, store: &mut Store) -> Result<bool> {
    for place in also_places(path).filter(|place| place.is_file()) {
        // Whatever else has such a name is left alone.
        let Ok(other) = Store::open(&place) else { continue };
        if other.position().journal == id {
            store.replace_with(other, &place)?;
            remove_if_there(&place)
                .with_context(|| format!("cannot remove `{}`", place.display()))?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// A store, and what tells its file from one in its place.
pub struct Opened {
    pub store: Store,
    /// `None` where it is in memory.
    pub file: Option<FileId>,
}

impl Opened {
    fn in_memory() -> Result<Self> {
        Ok(Self { store: Store::in_memory()?, file: None })
    }
}

/// Makes room for another store in the place of `file`, which is of no use. Where that may have what is
/// nowhere else, it keeps another name.
pub fn put_aside(settings: &Settings, file: Option<FileId>, why: &anyhow::Error) -> Result<()> {
    let path = &settings.journal.path;
    let _lock = lock(path)?;
    let place = place(path);
    if FileId::of(&place) != file {
        // Somebody else has made room, and filled it.
        return Ok(());
    }
    let pruned = Reader::open(path)?.map_or(Ok(false), |reader| reader.pruned())?;
    let failed = || format!("cannot replace the store `{}`", place.display());
    if pruned && settings.archive.is_none() {
        let kept = unusable(path);
        fs::rename(&place, &kept).with_context(failed)?;
        tracing::error!("`{}` is kept as `{}`: {why:#}", place.display(), kept.display());
    } else {
        tracing::warn!("all events are read again: {why:#}");
        remove_if_there(&place).with_context(failed)?;
    }
    for suffix in sqlite::SUFFIXES {
        remove_if_there(&sqlite::with_suffix(&place, suffix)).with_context(failed)?;
    }
    Ok(())
}

/// Removes what [`put_aside`] kept: it holds names.
pub fn remove_unusable(path: &Path) -> Result<()> {
    let kept = unusable(path);
    remove_if_there(&kept).with_context(|| format!("cannot remove `{}`", kept.display()))
}

fn unusable(path: &Path) -> PathBuf {
    sibling::path(path, "presence.unusable")
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_not_allowed(error: &anyhow::Error) -> bool {
    use rusqlite::ErrorCode;
    let codes = [
        ErrorCode::CannotOpen,
        ErrorCode::ReadOnly,
        ErrorCode::PermissionDenied,
        // A file system without syncs, say.
        ErrorCode::SystemIoFailure,
    ];
    error.chain().any(|cause| match cause.downcast_ref::<rusqlite::Error>() {
        Some(rusqlite::Error::SqliteFailure(failure, _)) => codes.contains(&failure.code),
        _ => cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == ErrorKind::PermissionDenied),
    })
}

/// A place for another store, which is removed when dropped.
///
/// # Errors
///
/// The directory can't be written.
pub fn scratch(path: &Path) -> Result<TemporaryFile> {
    let place = place(path);
    let failed = || format!("cannot write beside `{}`", place.display());
    TemporaryFile::beside(&place, Purpose::Store).with_context(failed)
}

/// Keeps everybody from making the journal at `path` or its store another one, or a copy of them, until it
/// is dropped. What a kill left beside the journal is gone then.
///
/// # Errors
///
/// Somebody else holds it for too long, or something that was left can't be removed.
pub fn lock(path: &Path) -> Result<Lock> {
    let lock = lock::acquire(&lock::path_of(path, LOCK), LOCK_PATIENCE)?;
    sweep_under(&lock, directory::of(path))?;
    Ok(lock)
}

/// The same lock, if nobody has it.
///
/// # Errors
///
/// Its file can't be opened.
pub fn try_lock(path: &Path) -> Result<Option<Lock>> {
    lock::try_acquire(&lock::path_of(path, LOCK))
}

/// Removes what a kill left beside the journal at `path`, unless somebody is at work there: who begins
/// later finds it as well. It is no reason not to begin.
pub fn sweep(path: &Path) {
    // Without a directory, there is nothing in it.
    if !directory::of(path).is_dir() {
        return;
    }
    let swept = match try_lock(path) {
        Ok(Some(lock)) => sweep_under(&lock, directory::of(path)),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = swept {
        tracing::warn!("files that a kill left beside the journal stay for now: {error:#}");
    }
}

/// Removes what a kill left beside the journal of whoever holds `lock` while they write.
fn sweep_under(lock: &Lock, directory: &Path) -> Result<()> {
    let former =
        || if lock.is_exclusive() { temporary_file::remove_legacy(directory) } else { Ok(()) };
    temporary_file::remove_abandoned(directory)
        .and_then(|()| former())
        .with_context(|| format!("cannot tidy up `{}`", directory.display()))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn only_the_store_that_was_found_damaged_makes_room() {
        let directory = TempDir::new().expect("a temporary directory");
        let mut settings = Settings::default();
        settings.journal.path = directory.path().join("lookout.db");
        let place = place(&settings.journal.path);
        let why = anyhow::Error::new(store::Damaged);
        fs::write(&place, "what is damaged").expect("it can be written");
        let damaged = FileId::of(&place);
        // While this process waited for the lock, another one made room and filled it.
        let another = directory.path().join("another");
        fs::write(&another, "what another process filled").expect("it can be written");
        fs::rename(&another, &place).expect("it can be put in place");

        put_aside(&settings, damaged, &why).expect("it need not do anything");
        let there = fs::read_to_string(&place).expect("it is still there");
        assert_eq!(there, "what another process filled");

        put_aside(&settings, FileId::of(&place), &why).expect("it makes room");
        assert!(!place.exists(), "a damaged store makes room");
    }
}
