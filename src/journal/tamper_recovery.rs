//! Closes a journal whose files something other than SQLite changed.
//!
//! It saves what it can first: if the log was removed, its content goes into the database. A log that
//! no longer belongs to the database at the path must not stay next to it, because SQLite would
//! apply it: it is renamed.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::files::metadata;
use crate::journal::tamper_check::{TamperCheck, Tampered};
use crate::journal::{old_copies, open_files, wal};

/// How long to wait for other connections of this process: less than Zoom waits for an answer.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How often to check whether they are closed.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Closes the journal that is open as `connection`. Returns whether the journal that is at the path
/// now has all events of this one.
pub fn close(connection: Connection, check: &TamperCheck, tampered: Tampered) -> bool {
    let path = check.files().database().display().to_string();
    tracing::error!("{tampered}: `{path}`; it is opened again as it is now");
    let is_saved = tampered == Tampered::LogReplaced && save_log(&connection, &path);
    // Otherwise SQLite would copy a log into a database that it does not belong to.
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::error!("cannot keep SQLite from writing to `{path}` when it is closed: {error}");
    }
    drop(connection);
    if let Err(error) = remove_foreign_files(check, tampered) {
        tracing::error!("cannot rename or remove the `-wal` and `-shm` files of `{path}`: {error}");
    }
    check.files().mark_outdated();
    is_saved
}

/// Waits until this process has closed all connections to files that are no longer at `path`.
pub fn wait_for_other_connections(path: &Path) -> Result<()> {
    let begun = Instant::now();
    while open_files::has_outdated_connections(path)? {
        ensure!(
            begun.elapsed() < CLOSE_TIMEOUT,
            "its files were changed by another program, and it is still being read"
        );
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// Copies the removed log into the database; returns whether all of it is there.
fn save_log(connection: &Connection, path: &str) -> bool {
    let is_saved = wal::try_truncate(connection);
    match &is_saved {
        Ok(true) => tracing::info!("the content of the removed `-wal` file was saved to `{path}`"),
        Ok(false) => tracing::error!(
            "cannot save all of the removed `-wal` file to `{path}`: it is being read"
        ),
        Err(error) => tracing::error!("cannot save the removed `-wal` file to `{path}`: {error}"),
    }
    is_saved == Ok(true)
}

/// Removes the log and its index from the path, unless they belong to the database there.
fn remove_foreign_files(check: &TamperCheck, tampered: Tampered) -> io::Result<()> {
    let files = check.files();
    let is_ours = files.has_wal()?;
    match tampered {
        // The files came with the other database.
        Tampered::DatabaseReplaced | Tampered::DatabaseOverwritten if !is_ours => {}
        Tampered::LogReplaced if is_ours => {}
        Tampered::LogOverwritten if is_ours && has_usable_part(check)? => {}
        _ => rename_log(files.wal())?,
    }
    // SQLite builds the index from the log again.
    if tampered != Tampered::DatabaseReplaced || files.has_shm()? {
        remove(files.shm())?;
    }
    Ok(())
}

fn has_usable_part(check: &TamperCheck) -> io::Result<bool> {
    let log = &check.files().handles()?.wal;
    check.index().map_or(Ok(false), |index| index.has_usable_part(log))
}

fn rename_log(log: &Path) -> io::Result<()> {
    if metadata::of(log)?.is_none_or(|data| data.len() == 0) {
        return remove(log);
    }
    let copy = old_copies::free_path(log)?;
    fs::rename(log, &copy)?;
    tracing::warn!(
        "`{}` does not belong to the journal that is there now; it is kept as `{}`, until you remove it",
        log.display(),
        copy.display()
    );
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
