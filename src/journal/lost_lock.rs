//! Notices that SQLite takes the journal for locked although no other process locks it.
//!
//! If the operating system does not release the writer's lock, SQLite refuses every later write of this
//! process. Only a new process gets rid of that.

use std::fs::File;
use std::path::Path;

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::files::sqlite;
use crate::journal::connection::Busy;
use crate::journal::open_files::OpenFiles;

/// The byte of `-shm` that a writer locks: <https://www.sqlite.org/walformat.html#wal_locks>.
const WRITE_LOCK: libc::off_t = 120;

/// Whether the last write failed because of a lock that no other process holds.
#[derive(Debug, Default)]
pub struct LostLock {
    is_suspected: bool,
}

impl LostLock {
    /// The journal at `path` was written.
    pub fn clear(&mut self) {
        self.is_suspected = false;
    }

    /// Aborts the process if a write of the journal at `path` failed twice in a row because of a
    /// lock that no other process holds. A single time, the other process may just have released it.
    pub fn check(&mut self, path: &Path, error: &anyhow::Error) {
        sqlite::abort_if_locks_are_lost(error);
        let is_lost = error.chain().any(|cause| cause.is::<Busy>()) && !is_locked_elsewhere(path);
        if is_lost && self.is_suspected {
            sqlite::abort_for_lost_lock();
        }
        self.is_suspected = is_lost;
    }
}

/// Whether another process may be writing the journal at `path`.
fn is_locked_elsewhere(path: &Path) -> bool {
    let Ok(files) = OpenFiles::of(path) else { return true };
    files.handles().map_or(true, |handles| is_locked_by_others(&handles.shm))
}

fn is_locked_by_others(shm: &File) -> bool {
    let mut lock = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: WRITE_LOCK,
        l_len: 1,
        l_pid: 0,
    };
    let asked = fcntl(shm, FcntlArg::F_GETLK(&mut lock));
    asked.is_err() || lock.l_type != libc::F_UNLCK as libc::c_short
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use tempfile::TempDir;

    use super::*;
    use crate::journal::connection;

    /// Locks the journal as a writer until its standard input closes.
    const LOCK: &str = "import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute('BEGIN IMMEDIATE')
print('locked', flush=True)
sys.stdin.read()";

    #[test]
    fn a_lock_of_another_process_is_told_from_one_of_our_own() {
        let directory = TempDir::new().expect("a temporary directory");
        let path = directory.path().join("lookout.db");
        let connection = connection::open_writer(&path).expect("it opens");
        let files = OpenFiles::of(&path).expect("they can be examined");
        assert!(!is_locked_elsewhere(&path), "nobody locks it");

        connection.execute_batch("BEGIN IMMEDIATE").expect("it is free");
        assert!(!is_locked_elsewhere(&path), "this process locks it");
        connection.execute_batch("ROLLBACK").expect("it ends");

        let mut other = Command::new("python3")
            .args(["-c", LOCK])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut line = String::new();
        let output = other.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("it can be read");
        assert_eq!(line, "locked\n");
        assert!(is_locked_elsewhere(&path), "another process locks it");
        drop(other.stdin.take());
        other.wait().expect("it ends");
        drop((connection, files));
    }
}
