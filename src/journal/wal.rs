//! SQLite's write-ahead log, the file that ends in `-wal`.
//!
//! SQLite treats everything that it reads in the log as stored, even what is only in the kernel's
//! memory because a sync failed or a process died before it. Nothing writes such data to the disk
//! later. A power cut would then cut the log there, and lose the acknowledged events after it,
//! and those that were acknowledged because they seemed to be stored already. So before a
//! writer trusts the log, [`make_durable`] writes the log over itself and syncs it.
//!
//! A checkpoint would not do: a power cut during it would leave a database file that is half of one
//! commit and half of another, and a log too short to repair it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::files::metadata;
use crate::files::sqlite::{WAL, with_suffix};

/// How long a connection waits for the lock of another.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long [`truncate`] waits for readers of the log, which are quick.
const TRUNCATE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long [`truncate`] waits between two attempts.
const TRUNCATE_INTERVAL: Duration = Duration::from_millis(100);

/// How many bytes [`make_durable`] reads and writes at once.
const CHUNK: usize = 1 << 18;

/// The path of the log of the database at `path`. SQLite follows links before it names the log.
pub fn path_of(path: &Path) -> io::Result<PathBuf> {
    Ok(with_suffix(&fs::canonicalize(path)?, WAL))
}

/// Syncs all that is in the log of the database at `path`. Writes nothing if the log is empty.
pub fn make_durable(path: &Path) -> Result<()> {
    // What can't be examined can't be opened either, and opening says why.
    let Ok(log) = path_of(path) else { return Ok(()) };
    if metadata::of(&log)?.is_none_or(|log| log.len() == 0) {
        return Ok(());
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Closing the connection would run a checkpoint.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Keeps other writers out.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match File::options().read(true).write(true).open(&log) {
        Ok(log) => Ok(overwrite_with_itself(&log)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn overwrite_with_itself(file: &File) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let length = file.read_at(&mut chunk, offset)?;
        if length == 0 {
            return file.sync_all();
        }
        file.write_all_at(&chunk[..length], offset)?;
        offset += length as u64;
    }
}

/// Copies the whole log into the database and empties it; false if others still read or write it.
pub fn try_truncate(connection: &Connection) -> rusqlite::Result<bool> {
    let query = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy: bool = connection.query_row(query, [], |row| row.get(0))?;
    Ok(!is_busy)
}

/// Tries [`try_truncate`] until it succeeds; false if it did not in time.
pub fn truncate(connection: &Connection) -> rusqlite::Result<bool> {
    let begun = Instant::now();
    loop {
        let is_done = try_truncate(connection)?;
        if is_done || begun.elapsed() >= TRUNCATE_TIMEOUT {
            return Ok(is_done);
        }
        thread::sleep(TRUNCATE_INTERVAL);
    }
}
