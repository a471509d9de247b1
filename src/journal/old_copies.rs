//! Old copies: a journal that was replaced, or a write-ahead log (WAL) that belongs to no journal. Each
//! is kept under its old name with a number appended, such as `lookout.db.1` or `lookout.db-wal.1`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rusqlite::Connection;

use crate::files::sqlite::{SHM, WAL, with_suffix};
use crate::files::{directory, metadata};
use crate::journal::{connection, wal};

/// The old copies of the journal at `path`, of its WAL, and what belongs to them, sorted by path; none
/// if the directory can't be read.
pub fn old_copies(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory::of(path)) else { return Vec::new() };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_copy = |entry: &fs::DirEntry| {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        found.strip_prefix(&*name).is_some_and(is_suffix_of_copy)
    };
    let mut copies: Vec<_> = entries.flatten().filter(is_copy).map(|entry| entry.path()).collect();
    copies.sort();
    copies
}

/// Whether a journal's name with `suffix` names an old copy (`.1`), the WAL or store of one
/// (`.1-wal`, `.1.presence`), or an old WAL (`-wal.1`).
fn is_suffix_of_copy(suffix: &str) -> bool {
    let Some(numbered) = suffix.strip_prefix(WAL).unwrap_or(suffix).strip_prefix('.') else {
        return false;
    };
    let rest = numbered.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_copy = rest.is_empty() || rest == WAL || rest.starts_with('.');
    rest.len() < numbered.len() && is_copy
}

/// `path` with `.1` appended, or with the first number that no file has.
pub fn free_path(path: &Path) -> io::Result<PathBuf> {
    let mut number: u64 = 1;
    loop {
        let numbered = with_suffix(path, &format!(".{number}"));
        if metadata::of_entry(&numbered)?.is_none() {
            return Ok(numbered);
        }
        number += 1;
    }
}

/// Renames the journal at `path`, with its WAL and the index of that, to the first free path. Returns
/// that path; `None` if there is no journal. The database is renamed last, so that an interrupted
/// rename can be repeated.
pub fn rename_journal(path: &Path) -> Result<Option<PathBuf>> {
    if metadata::of_entry(path)?.is_none() {
        return Ok(None);
    }
    // Copies the WAL into the database and removes it. A damaged WAL is renamed unchanged.
    if wal::make_durable(path).is_ok() {
        drop(Connection::open(path).map(connection::close));
    }
    let copy = free_path(path)?;
    for suffix in [SHM, WAL, ""] {
        let (from, to) = (with_suffix(path, suffix), with_suffix(&copy, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let (from, to) = (from.display(), to.display());
                return Err(error).with_context(|| format!("cannot rename `{from}` to `{to}`"));
            }
            _ => {}
        }
    }
    Ok(Some(copy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_copies_are_recognized_by_their_number() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let copies = [
            "lookout.db-wal.2",
            "lookout.db.1",
            "lookout.db.1-wal",
            "lookout.db.1.presence",
            "lookout.db.12",
        ]
        .map(at);
        let others = [
            "lookout.db",
            "lookout.db-wal",
            "lookout.db.1-shm",
            "lookout.db.bak",
            "lookout.db.",
            "other.db.1",
        ];
        for path in copies.iter().cloned().chain(others.map(at)) {
            fs::write(path, "").expect("written");
        }
        assert_eq!(old_copies(&at("lookout.db")), copies);
        assert_eq!(old_copies(&at("missing/lookout.db")), Vec::<PathBuf>::new());
    }
}
