//! What all databases share: the files that SQLite creates next to them, and locks that it loses.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process;

use rusqlite::ErrorCode;

/// The suffix of the write-ahead log.
pub const WAL: &str = "-wal";

/// The suffix of the index of the write-ahead log, which all connections map into memory.
pub const SHM: &str = "-shm";

/// All suffixes that SQLite appends to the name of a database.
pub const SUFFIXES: [&str; 3] = [WAL, SHM, "-journal"];

/// `path` with `suffix` appended to its name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Aborts the process if `error` says that SQLite can no longer lock a database.
///
/// When the operating system refuses to release a lock, SQLite considers it held until the process
/// ends, and every connection of this process fails. systemd starts an aborted process again.
pub fn abort_if_locks_are_lost(error: &anyhow::Error) {
    if has_lost_locks(error) {
        abort_for_lost_lock();
    }
}

/// Aborts the process, because SQLite can no longer lock a database.
pub fn abort_for_lost_lock() -> ! {
    tracing::error!("a lock on a database was not released; the process ends to release it");
    process::abort()
}

/// Whether `error` says that a database stayed locked for too long.
pub fn is_locked(error: &anyhow::Error) -> bool {
    has_code(error, ErrorCode::DatabaseBusy)
}

fn has_lost_locks(error: &anyhow::Error) -> bool {
    has_code(error, ErrorCode::FileLockingProtocolFailed)
}

fn has_code(error: &anyhow::Error, code: ErrorCode) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    causes.any(|error| error.sqlite_error_code() == Some(code))
}

#[cfg(test)]
mod tests {
    use anyhow::Context;
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn lost_locks_are_told_from_locks_of_others() {
        for (code, is_lost) in [(ffi::SQLITE_PROTOCOL, true), (ffi::SQLITE_BUSY, false)] {
            let failure = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = Err::<(), _>(failure).context("cannot read").context("stays as it was");
            let error = error.expect_err("it failed");
            assert_eq!((has_lost_locks(&error), is_locked(&error)), (is_lost, !is_lost), "{code}");
        }
    }
}
