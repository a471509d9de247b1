//! Closing a journal whose files were changed by something else than SQLite.
//!
//! What can be saved is saved first: where the log was removed, what is in it goes into the
//! database. A log that belongs to no database any more must not stay beside another one, because
//! SQLite would apply it there: it is moved aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::journal::files;
use crate::journal::watch::{Tampered, Watch};

/// So long one waits for the other connections of this process: less than Zoom's deadline.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked whether they are closed.
const POLL: Duration = Duration::from_millis(10);

/// Closes the journal that is open as `connection`, to which `tampered` happened. Whether the one
/// at its path now holds all that this one did.
pub fn leave(connection: Connection, watch: Watch, tampered: Tampered) -> bool {
    let path = watch.files().database().display().to_string();
    tracing::error!("{tampered}: `{path}`; it is opened again as it is now");
    let is_saved = tampered == Tampered::LogReplaced && save_log(&connection, &path);
    // SQLite would copy a log into the database that does not belong there.
    if let Err(error) = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) {
        tracing::error!("cannot close the journal `{path}` as it is: {error}");
    }
    drop(connection);
    if let Err(error) = clear_away(&watch, tampered) {
        tracing::error!("cannot move the files beside the journal `{path}` away: {error}");
    }
    watch.files().abandon();
    is_saved
}

/// Waits until no connection of this process uses files that are no longer at `path`.
pub fn wait_for_others(path: &Path) -> Result<()> {
    let begun = Instant::now();
    while files::is_being_abandoned(path) {
        ensure!(
            begun.elapsed() < PATIENCE,
            "its files were changed by another program, and it is still being read"
        );
        thread::sleep(POLL);
    }
    Ok(())
}

/// Copies into the database what is in the log that was removed; whether all of it is there.
fn save_log(connection: &Connection, path: &str) -> bool {
    let query = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy = connection.query_row(query, [], |row| row.get::<_, bool>(0));
    match &is_busy {
        Ok(false) => tracing::info!("what was in the removed log is in `{path}` now"),
        Ok(true) => tracing::error!("not all of the removed log is in `{path}`: it is being read"),
        Err(error) => tracing::error!("the removed log cannot be saved to `{path}`: {error}"),
    }
    is_busy == Ok(false)
}

fn clear_away(watch: &Watch, tampered: Tampered) -> io::Result<()> {
    let files = watch.files();
    let is_ours = files.has_wal();
    match tampered {
        // Files that came with another database are its own.
        Tampered::DatabaseReplaced | Tampered::DatabaseOverwritten if !is_ours => {}
        Tampered::LogReplaced if is_ours => {}
        Tampered::LogOverwritten if is_ours && has_usable_part(watch) => {}
        _ => move_log_aside(files.wal())?,
    }
    // What SQLite keeps in it is made anew from the log.
    if tampered != Tampered::DatabaseReplaced || files.has_shm() {
        remove(files.shm())?;
    }
    Ok(())
}

fn has_usable_part(watch: &Watch) -> bool {
    let handles = watch.files().handles().ok();
    watch.index().zip(handles).is_some_and(|(index, handles)| index.has_usable_part(&handles.wal))
}

fn move_log_aside(log: &Path) -> io::Result<()> {
    if !fs::metadata(log).is_ok_and(|data| data.len() > 0) {
        return remove(log);
    }
    let aside = free_name(log);
    fs::rename(log, &aside)?;
    tracing::warn!(
        "`{}` does not belong to the journal that is there now; it is kept as `{}`, until you remove it",
        log.display(),
        aside.display()
    );
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What was put aside of the journal at `path`, in order: journals that were replaced, and logs of them.
pub fn kept_aside(path: &Path) -> Vec<PathBuf> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    let Ok(entries) = fs::read_dir(directory.unwrap_or(Path::new("."))) else { return Vec::new() };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_aside = |entry: &fs::DirEntry| {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        let ending = found.strip_prefix(&*name).map(|end| end.strip_prefix("-wal").unwrap_or(end));
        let number = ending.and_then(|ending| ending.strip_prefix('.'));
        number.is_some_and(|number| number.parse::<u64>().is_ok())
    };
    let mut aside: Vec<_> = entries.flatten().filter(is_aside).map(|entry| entry.path()).collect();
    aside.sort();
    aside
}

/// `path` with the first number behind it that is free.
pub fn free_name(path: &Path) -> PathBuf {
    let numbered = |number: u64| files::beside(path, &format!(".{number}"));
    let is_free = |path: &PathBuf| path.symlink_metadata().is_err();
    (1..).map(numbered).find(is_free).unwrap_or_else(|| numbered(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_is_known_by_its_number() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        let aside = ["lookout.db-wal.2", "lookout.db.1", "lookout.db.12"].map(at);
        let others =
            ["lookout.db", "lookout.db-wal", "lookout.db.bak", "lookout.db.", "other.db.1"];
        for path in aside.iter().cloned().chain(others.map(at)) {
            fs::write(path, "").expect("written");
        }
        assert_eq!(kept_aside(&at("lookout.db")), aside);
        assert_eq!(kept_aside(&at("gone/lookout.db")), Vec::<PathBuf>::new());
    }
}
