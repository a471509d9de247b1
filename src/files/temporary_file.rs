//! Temporary files that replace another file once they are complete. Those of a killed process are
//! removed later.
//!
//! Such files hold everybody's names. A file without a name (`O_TMPFILE`) would end with its
//! process, but cannot replace another file without getting a name first, and SQLite writes only to
//! named files. So each temporary file gets a hidden directory next to its target, which only its
//! owner can open, and which stays locked (`flock`) while the process lives. [`remove_abandoned`]
//! removes directories that no process has locked, with all that SQLite created in them. Where
//! the file system has no locks, nothing shows whether a directory is still in use, and it stays.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::TempDir;

use super::{directory, sqlite};

/// Prefixes of the directories.
const PREFIXES: [&str; 3] = [".lookout-store-", ".lookout-backup-", ".lookout-checkpoint-"];

/// Prefixes of the temporary files of older versions.
const LEGACY_PREFIXES: [&str; 2] = [".checkpoint-", ".backup-"];

/// The number of random characters after a legacy prefix.
const LEGACY_RANDOM_LENGTH: usize = 6;

/// What the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A store of presence.
    Store,
    /// A copy of the journal.
    Backup,
}

/// A temporary file in a directory of its own. The directory is removed on drop; that of a killed
/// process, by [`remove_abandoned`].
#[derive(Debug)]
pub struct TemporaryFile {
    dir: TempDir,
    /// Locked, if the file system has locks.
    _lock: File,
}

impl TemporaryFile {
    /// Creates the directory next to `target`, the path that the file gets in the end. The file
    /// itself is not created.
    ///
    /// # Errors
    ///
    /// The directory of `target` can't be written.
    pub fn beside(target: &Path, purpose: Purpose) -> io::Result<Self> {
        let prefix = match purpose {
            Purpose::Store => PREFIXES[0],
            Purpose::Backup => PREFIXES[1],
        };
        loop {
            let mut builder = tempfile::Builder::new();
            let private = Permissions::from_mode(0o700);
            let parent = directory::of(target);
            let dir = builder.prefix(prefix).permissions(private).tempdir_in(parent)?;
            let lock = open_directory(dir.path())?;
            match lock.try_lock() {
                // Another process removed the directory before it was locked.
                Ok(()) if lock.metadata()?.nlink() == 0 => {}
                Err(TryLockError::WouldBlock) => {}
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { dir, _lock: lock }),
            }
        }
    }

    /// The path to write to.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("new")
    }

    /// Moves the file to `target`, and replaces what is there.
    pub fn persist(self, target: &Path) -> io::Result<()> {
        fs::rename(self.path(), target)
    }
}

/// Removes from `directory` the temporary files of processes that have ended.
///
/// # Errors
///
/// The first that can't be removed.
pub fn remove_abandoned(directory: &Path) -> io::Result<()> {
    let is_ours = |name: &str| PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    remove_all(directory, is_ours, |path| match open_directory(path)?.try_lock() {
        Ok(()) => fs::remove_dir_all(path),
        Err(_) => Ok(()),
    })
}

/// Removes from `directory` the temporary files of older versions. They have no locks, so the caller
/// holds the lock of the journal that the directory belongs to.
///
/// # Errors
///
/// The first that can't be removed.
pub fn remove_legacy(directory: &Path) -> io::Result<()> {
    remove_all(directory, is_legacy, |path| fs::remove_file(path))
}

fn is_legacy(name: &str) -> bool {
    let name = sqlite::SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    LEGACY_PREFIXES.iter().filter_map(|prefix| name.strip_prefix(prefix)).any(|random| {
        random.len() == LEGACY_RANDOM_LENGTH && random.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn remove_all(
    directory: &Path,
    is_meant: fn(&str) -> bool,
    remove: fn(&Path) -> io::Result<()>,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(is_meant) {
            continue;
        }
        let path = entry.path();
        match remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let why = format!("cannot remove `{}`: {error}", path.display());
                return Err(io::Error::new(error.kind(), why));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens a directory, but not through a symbolic link.
fn open_directory(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_files_are_removed() {
        let directory = TempDir::new().expect("a directory");
        let place = directory.path().join("lookout.checkpoint");
        for purpose in [Purpose::Store, Purpose::Backup] {
            let used = TemporaryFile::beside(&place, purpose).expect("made");
            fs::write(used.path(), "new").expect("written");
            let mode = used.dir.path().metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            let killed = TemporaryFile::beside(&place, purpose).expect("made");
            fs::write(killed.path(), "half").expect("written");
            fs::write(killed.path().with_extension("db-journal"), "half").expect("written");
            // Its lock ends with the process, and nothing else does.
            let TemporaryFile { dir, _lock } = killed;
            let left = dir.keep();
            drop(_lock);
            let older = [".backup-a1B2c3", ".backup-a1B2c3-journal", ".checkpoint-a1B2c3"];
            let others = [".backup", ".backup-2026-11-28", ".checkpoint-abc", "lookout.db-journal"];
            let at = |name: &str| directory.path().join(name);
            for name in older.iter().chain(&others) {
                fs::write(at(name), "half").expect("written");
            }

            remove_abandoned(directory.path()).expect("removed");
            assert!(!left.exists() && at(older[0]).exists());
            remove_legacy(directory.path()).expect("removed");
            assert!(older.iter().all(|name| !at(name).exists()));
            assert!(others.iter().all(|name| at(name).exists()));
            used.persist(&place).expect("it is still there");
            assert_eq!(fs::read_to_string(&place).expect("it is there"), "new");
            let names = fs::read_dir(directory.path()).expect("readable").count();
            assert_eq!(names, 1 + others.len(), "the file in its place, and others'");
        }
    }

    #[test]
    fn a_link_with_our_prefix_is_an_error_and_stays() {
        let (directory, elsewhere) = (TempDir::new().expect("made"), TempDir::new().expect("made"));
        fs::write(elsewhere.path().join("a"), "").expect("written");
        let link = directory.path().join(".lookout-backup-link");
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("linked");
        let error = remove_abandoned(directory.path()).expect_err("a link");
        assert!(error.to_string().contains(".lookout-backup-link"), "{error}");
        assert!(elsewhere.path().join("a").exists() && link.is_symlink());
    }
}
