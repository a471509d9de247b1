//! The files that SQLite creates next to a database.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

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
