//! The log beside the journal's file, made to last before anything in it is trusted.
//!
//! SQLite takes for stored whatever it reads in its log, also what is only in the kernel's
//! memory: a sync may have failed, or a process have died before it. Nothing writes that to the
//! disk any more. After a power cut the log would end there, with all that was acknowledged
//! behind it, and with what was acknowledged because it seemed to be stored already. So whoever
//! opens the journal for writing first writes the log over itself, and syncs that.
//!
//! Moving it into the journal's file (a checkpoint) would not do: a power cut in between would
//! leave a file that is half of one commit and half of another, and a log too short to mend it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::journal::schema::BUSY;

/// So much is read and written at once.
const PART: usize = 1 << 18;

/// Makes all last that is in the log beside `path`. Where there is nothing, nothing is written.
pub fn make_it_last(path: &Path) -> Result<()> {
    let Some(log) = log_beside(path) else { return Ok(()) };
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // Ending a connection would move the log, too.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // Meanwhile nobody else writes.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    match File::options().read(true).write(true).open(&log) {
        Ok(log) => Ok(write_over_itself(&log)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Where SQLite has the log, if there is something in it: links are followed first.
fn log_beside(path: &Path) -> Option<PathBuf> {
    // Whatever cannot be looked at cannot be opened either, which then says why.
    let mut log = OsString::from(fs::canonicalize(path).ok()?);
    log.push("-wal");
    let length = fs::metadata(&log).ok()?.len();
    (length > 0).then(|| log.into())
}

fn write_over_itself(file: &File) -> io::Result<()> {
    let mut part = vec![0; PART];
    let mut offset = 0;
    loop {
        let length = file.read_at(&mut part, offset)?;
        if length == 0 {
            return file.sync_all();
        }
        file.write_all_at(&part[..length], offset)?;
        offset += length as u64;
    }
}
