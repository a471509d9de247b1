//! Locks between processes of Lookout.
//!
//! Every user who can open a file or a directory can lock it with `flock`, and so block others. So
//! a lock is a separate file next to the journal, in our own directory, and only its owner can
//! open it. Waiting for a lock ends with an error that names the file.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::{regular_file, sibling};

/// How long to wait between two attempts to take a lock.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// After this time the log says which lock is waited for.
const REPORT_AFTER: Duration = Duration::from_secs(2);

/// The errors of a file system that does not support a kind of lock.
const UNSUPPORTED: [Errno; 5] =
    [Errno::ENOSYS, Errno::EOPNOTSUPP, Errno::ENOLCK, Errno::EINVAL, Errno::EPERM];

/// Whether other processes may hold the lock at the same time.
#[derive(Debug, Clone, Copy)]
enum Mode {
    Exclusive,
    Shared,
}

/// A lock, held until it is dropped or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: Option<File>,
}

impl Lock {
    /// Whether no other process can hold the lock; false if the file system has no locks.
    pub fn is_exclusive(&self) -> bool {
        self.file.is_some()
    }
}

/// The path of the lock `name` of the journal at `path`.
pub fn path_of(path: &Path, name: &str) -> PathBuf {
    sibling::path(path, &format!("{name}.lock"))
}

/// Takes the lock at `path`; waits up to `timeout` while another process holds it.
///
/// # Errors
///
/// Another process holds it for longer, or its file can't be opened.
pub fn acquire(path: &Path, timeout: Duration) -> Result<Lock> {
    acquire_as(path, Mode::Exclusive, timeout)
}

/// Takes a shared lock at `path`; waits up to `timeout` while another process holds it exclusively.
///
/// # Errors
///
/// Another process holds it for longer, or its file can't be opened.
pub fn acquire_shared(path: &Path, timeout: Duration) -> Result<Lock> {
    acquire_as(path, Mode::Shared, timeout)
}

fn acquire_as(path: &Path, mode: Mode, timeout: Duration) -> Result<Lock> {
    let begun = Instant::now();
    let mut is_reported = false;
    loop {
        if let Some(lock) = try_acquire_as(path, mode)? {
            return Ok(lock);
        }
        if begun.elapsed() >= timeout {
            bail!(
                "another Lookout has held the lock `{}` for {} s; find it with `fuser {0}`, and end it",
                path.display(),
                timeout.as_secs()
            );
        }
        if begun.elapsed() >= REPORT_AFTER && !is_reported {
            tracing::info!(
                "waiting for another Lookout, which holds the lock `{}`",
                path.display()
            );
            is_reported = true;
        }
        thread::sleep(RETRY_INTERVAL);
    }
}

/// Takes the lock at `path`; `None` if another process holds it.
///
/// # Errors
///
/// Its file can't be opened.
pub fn try_acquire(path: &Path) -> Result<Option<Lock>> {
    try_acquire_as(path, Mode::Exclusive)
}

fn try_acquire_as(path: &Path, mode: Mode) -> Result<Option<Lock>> {
    let failed = || format!("cannot lock `{}`", path.display());
    let file = open(path).with_context(failed)?;
    match try_lock(&file, mode) {
        Ok(true) => Ok(Some(Lock { file: Some(file) })),
        Ok(false) => Ok(None),
        Err(error) if is_unsupported(&error) => {
            static IS_REPORTED: AtomicBool = AtomicBool::new(false);
            if !IS_REPORTED.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "the file system of `{}` has no locks ({error}), so do not run several \
                     commands of Lookout at the same time",
                    path.display()
                );
            }
            Ok(Some(Lock { file: None }))
        }
        Err(error) => Err(error).with_context(failed),
    }
}

/// Opens the file of a lock; other users can't open it.
fn open(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        // It is missing on a machine that only reads an archive.
        fs::create_dir_all(dir)?;
    }
    let mut options = OpenOptions::new();
    let file = regular_file::open(path, options.read(true).append(true).create(true).mode(0o600))?;
    // An older version created it with the mode of the umask.
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        // A file system without modes can keep no one out.
        drop(file.set_permissions(Permissions::from_mode(0o600)));
    }
    Ok(file)
}

/// Tries `flock`, or `fcntl` if the file system has no `flock`; false if the lock is taken.
fn try_lock(file: &File, mode: Mode) -> io::Result<bool> {
    let tried = match mode {
        Mode::Exclusive => file.try_lock(),
        Mode::Shared => file.try_lock_shared(),
    };
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if is_unsupported(&error) => try_lock_by_fcntl(file, mode),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Tries a lock of `fcntl` that belongs to the open file description, as one of `flock` does.
fn try_lock_by_fcntl(file: &File, mode: Mode) -> io::Result<bool> {
    let kind = match mode {
        Mode::Exclusive => libc::F_WRLCK,
        Mode::Shared => libc::F_RDLCK,
    };
    let whole = libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| UNSUPPORTED.contains(&Errno::from_raw(code)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_lock_is_exclusive_and_waiting_for_it_has_a_limit() {
        let directory = TempDir::new().expect("a directory");
        let path = path_of(&directory.path().join("new/lookout.db"), "publish");
        let held = acquire(&path, Duration::ZERO).expect("it is free");
        assert!(try_acquire(&path).expect("it can be tried").is_none());
        let error = acquire(&path, Duration::from_millis(50)).expect_err("it is held");
        assert!(error.to_string().contains("lookout.publish.lock` for 0 s"), "{error}");
        let waiting = {
            let path = path.clone();
            thread::spawn(move || acquire(&path, Duration::from_secs(60)).map(drop))
        };
        thread::sleep(Duration::from_millis(30));
        assert!(!waiting.is_finished());
        drop(held);
        waiting.join().expect("no panic").expect("it is free again");
    }

    #[test]
    fn both_kinds_of_locks_are_held_once() {
        let directory = TempDir::new().expect("a directory");
        for try_lock in [try_lock, try_lock_by_fcntl] {
            let open = || open(&directory.path().join("a.lock")).expect("it opens");
            let (one, other) = (open(), open());
            let try_mode = |file: &File, mode| try_lock(file, mode).expect("it can be tried");
            assert!(try_mode(&one, Mode::Exclusive));
            assert!(!try_mode(&other, Mode::Exclusive));
            assert!(!try_mode(&other, Mode::Shared));
            drop(one);
            let third = open();
            assert!(try_mode(&other, Mode::Shared));
            assert!(try_mode(&third, Mode::Shared));
            assert!(!try_mode(&open(), Mode::Exclusive));
        }
    }

    #[test]
    fn only_the_owner_can_open_a_lock() {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("a.lock");
        fs::write(&path, "").expect("written");
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("set");
        for path in [&path, &directory.path().join("b.lock")] {
            drop(acquire(path, Duration::ZERO).expect("it is free"));
            let mode = fs::metadata(path).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }

    #[test]
    fn other_kinds_of_files_do_not_block() {
        let directory = TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        fs::create_dir(at("directory")).expect("made");
        fs::write(at("file"), "").expect("written");
        symlink(at("file"), at("link")).expect("linked");
        for name in ["pipe", "directory", "link"] {
            let error = acquire(&at(name), Duration::ZERO).expect_err(name);
            assert!(error.to_string().contains(&format!("{name}`")), "{error:#}");
        }
    }
}
