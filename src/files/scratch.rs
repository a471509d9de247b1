//! Scratch directories: where a file is written that then takes the place of another, and that
//! nobody has to find after a kill.
//!
//! Such files hold everybody's names. A file without a name (`O_TMPFILE`) would end with its
//! process, but cannot replace another without a name in between, and SQLite writes only to
//! named ones. So each has a hidden directory, beside its place and open to its owner alone, which
//! is locked (`flock`) for as long as its process lives. [`sweep`] removes directories that nobody has
//! locked, with whatever SQLite put into them. Where the file system has no locks, nobody
//! can tell, and they stay.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use tempfile::TempDir;

/// How names of scratch directories begin.
const PREFIXES: [&str; 3] = [".lookout-store-", ".lookout-backup-", ".lookout-checkpoint-"];

/// How names of temporary files began in earlier versions.
const FORMER_PREFIXES: [&str; 2] = [".checkpoint-", ".backup-"];

/// How many letters and digits followed.
const FORMER_LENGTH: usize = 6;

/// What SQLite appends to the name of a file for one beside it.
const BESIDE: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// What is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A store of presence.
    Store,
    /// A copy of the journal.
    Backup,
}

/// A directory that is removed when dropped, and by [`sweep`] after a kill.
#[derive(Debug)]
pub struct Scratch {
    dir: TempDir,
    /// Locked, as far as the file system has locks.
    _lock: File,
}

impl Scratch {
    /// Makes one beside `place`, for a file that is to be there.
    ///
    /// # Errors
    ///
    /// The directory of `place` can't be written.
    pub fn beside(place: &Path, purpose: Purpose) -> io::Result<Self> {
        let prefix = match purpose {
            Purpose::Store => PREFIXES[0],
            Purpose::Backup => PREFIXES[1],
        };
        loop {
            let mut builder = tempfile::Builder::new();
            let private = Permissions::from_mode(0o700);
            let dir = builder.prefix(prefix).permissions(private).tempdir_in(directory(place))?;
            let lock = open(dir.path())?;
            match lock.try_lock() {
                // Somebody may have removed it before it was locked.
                Ok(()) if lock.metadata()?.nlink() == 0 => {}
                Err(TryLockError::WouldBlock) => {}
                Ok(()) | Err(TryLockError::Error(_)) => return Ok(Self { dir, _lock: lock }),
            }
        }
    }

    /// Where to write.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("new")
    }

    /// Puts the file in the place of whatever is at `place`.
    pub fn put_in_place(self, place: &Path) -> io::Result<()> {
        fs::rename(self.file(), place)
    }
}

/// Removes from `directory` the scratch directories of processes that are no more.
///
/// # Errors
///
/// The first that can't be removed.
pub fn sweep(directory: &Path) -> io::Result<()> {
    remove_all(directory, is_scratch, remove_abandoned)
}

/// Removes from `directory` the temporary files that earlier versions left there. These have no locks:
/// the caller holds that of the journal to which the directory belongs.
///
/// # Errors
///
/// The first that can't be removed.
pub fn sweep_former(directory: &Path) -> io::Result<()> {
    remove_all(directory, is_former, |path| fs::remove_file(path))
}

fn is_scratch(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_former(name: &str) -> bool {
    let is_random =
        |text: &str| text.len() == FORMER_LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut rests = FORMER_PREFIXES.iter().filter_map(|prefix| name.strip_prefix(prefix));
    rests.any(|rest| BESIDE.iter().any(|end| rest.strip_suffix(end).is_some_and(is_random)))
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

fn remove_abandoned(path: &Path) -> io::Result<()> {
    let lock = open(path)?;
    match lock.try_lock() {
        Ok(()) => fs::remove_dir_all(path),
        Err(_) => Ok(()),
    }
}

/// Opens a directory, and no link to one.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
    OpenOptions::new().read(true).custom_flags(flags.bits()).open(path)
}

/// The directory of a file.
pub fn directory(file: &Path) -> &Path {
    file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_and_what_is_in_use_stays() {
        let directory = TempDir::new().expect("a directory");
        let place = directory.path().join("lookout.checkpoint");
        for purpose in [Purpose::Store, Purpose::Backup] {
            let used = Scratch::beside(&place, purpose).expect("made");
            fs::write(used.file(), "new").expect("written");
            let mode = used.dir.path().metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
            let killed = Scratch::beside(&place, purpose).expect("made");
            fs::write(killed.file(), "half").expect("written");
            fs::write(killed.file().with_extension("db-journal"), "half").expect("written");
            // Its lock ends with the process, and nothing else does.
            let Scratch { dir, _lock } = killed;
            let left = dir.keep();
            drop(_lock);
            let older = [".backup-a1B2c3", ".backup-a1B2c3-journal", ".checkpoint-a1B2c3"];
            let others = [".backup", ".backup-2026-11-28", ".checkpoint-abc", "lookout.db-journal"];
            let at = |name: &str| directory.path().join(name);
            for name in older.iter().chain(&others) {
                fs::write(at(name), "half").expect("written");
            }

            sweep(directory.path()).expect("swept");
            assert!(!left.exists() && at(older[0]).exists());
            sweep_former(directory.path()).expect("swept");
            assert!(older.iter().all(|name| !at(name).exists()));
            assert!(others.iter().all(|name| at(name).exists()));
            used.put_in_place(&place).expect("it is still there");
            assert_eq!(fs::read_to_string(&place).expect("it is there"), "new");
            let names = fs::read_dir(directory.path()).expect("readable").count();
            assert_eq!(names, 1 + others.len(), "the file in its place, and others'");
        }
    }

    #[test]
    fn what_is_no_directory_is_no_scratch_and_stays() {
        let (directory, elsewhere) = (TempDir::new().expect("made"), TempDir::new().expect("made"));
        fs::write(elsewhere.path().join("a"), "").expect("written");
        let link = directory.path().join(".lookout-backup-link");
        std::os::unix::fs::symlink(elsewhere.path(), &link).expect("linked");
        let error = sweep(directory.path()).expect_err("it is in the way");
        assert!(error.to_string().contains(".lookout-backup-link"), "{error}");
        assert!(elsewhere.path().join("a").exists() && link.is_symlink());
    }
}
