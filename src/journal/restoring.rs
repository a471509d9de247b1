//! Putting a copy in the journal's place; what was there is kept beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::files::lock::Lock;
use crate::journal::files::beside;
use crate::journal::{Reader, leaving, log, schema, verifying, writers};

/// A backup that is open: it may lie where only root may read.
#[derive(Debug)]
pub struct BackupFile {
    path: PathBuf,
    database: File,
    /// What a copy made by hand may have beside it.
    log: Option<File>,
}

/// A sound copy of a backup in the journal's directory, not yet in place.
#[derive(Debug)]
pub struct Staged {
    pub(super) directory: TempDir,
    /// The id that the backup has.
    pub backup_id: String,
    /// The id that the restored journal gets.
    pub id: String,
    /// Whether events were removed from it, so that its checkpoint belongs to it.
    pub is_pruned: bool,
}

impl BackupFile {
    /// Opens the backup at `path`.
    ///
    /// # Errors
    ///
    /// It can't be read, or is the journal at `journal` itself.
    pub fn open(path: &Path, journal: &Path) -> Result<Self> {
        let failed = || format!("cannot read the backup `{}`", path.display());
        let place = fs::canonicalize(path).with_context(failed)?;
        if fs::canonicalize(journal).is_ok_and(|journal| journal == place) {
            bail!("`{}` is the journal itself; name a backup", path.display());
        }
        let database = File::open(&place).with_context(failed)?;
        ensure!(
            database.metadata().with_context(failed)?.is_file(),
            "`{}` is no file, and so no backup",
            path.display()
        );
        let log = match File::open(beside(&place, "-wal")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            log => Some(log.with_context(failed)?),
        };
        Ok(Self { path: path.to_owned(), database, log })
    }

    /// Copies it into the directory of the journal at `journal`, and examines the copy.
    ///
    /// # Errors
    ///
    /// It is no sound backup; nothing was changed.
    pub fn stage(mut self, journal: &Path) -> Result<Staged> {
        let directory = staging_directory(journal)?;
        let failed = || format!("cannot write to `{}`", directory.path().display());
        let place = directory.path().join(NAME);
        copy(&mut self.database, &place).with_context(failed)?;
        if let Some(log) = &mut self.log {
            copy(log, &beside(&place, "-wal")).with_context(failed)?;
        }
        let backup = self.path.display().to_string();
        let unsound = || format!("`{backup}` is no sound backup, so nothing was changed");
        let (backup_id, id, is_pruned) = examine(&place).with_context(unsound)?;
        Ok(Staged { directory, backup_id, id, is_pruned })
    }
}

/// How directories of copies are named that are not in place yet.
const PREFIX: &str = ".restore-";

/// The name of a copy in a directory of its own.
pub(super) const NAME: &str = "journal";

/// A directory for a copy of the journal at `path`, which may be moved in its place.
pub(super) fn staging_directory(path: &Path) -> Result<TempDir> {
    schema::create_directory_of(path)?;
    let dir = schema::directory_of(path);
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(dir);
    made.with_context(|| format!("cannot write to `{}`", dir.display()))
}

fn copy(from: &mut File, to: &Path) -> io::Result<()> {
    schema::create_for_ourselves(to)?;
    let mut to = File::options().write(true).open(to)?;
    io::copy(from, &mut to)?;
    to.sync_all()
}

/// Both ids of the copy at `path`, and whether it was pruned, once it is sound and in one file.
fn examine(path: &Path) -> Result<(String, String, bool)> {
    let missing = "it holds no journal of Lookout";
    drop(schema::open_reader(path)?.context(missing)?);
    let copy = schema::open_writer(path)?;
    drop(copy);
    ensure_sound(path)?;
    let copy = schema::open_writer(path)?;
    let query = "SELECT id, pruned FROM journal";
    let (backup_id, is_pruned) = copy.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let id = schema::new_id(&copy)?;
    schema::set_id(&copy, &id)?;
    close(copy)?;
    Ok((backup_id, id, is_pruned))
}

/// Examines all of the journal at `path`.
///
/// # Errors
///
/// What is wrong with it.
pub fn ensure_sound(path: &Path) -> Result<()> {
    let reader = Reader::open(path)?.context("it holds no journal of Lookout")?;
    let verdict = verifying::verify(&reader)?;
    if let Some(structure) = verdict.structure {
        bail!(structure);
    }
    let damaged = verdict.events + verdict.quarantined;
    ensure!(damaged == 0, "rows in it are damaged: {damaged}");
    Ok(())
}

/// Closes `connection`, which leaves no file beside its database.
pub(super) fn close(connection: Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error.into())
}

impl Staged {
    /// Reads it.
    pub(super) fn reader(&self) -> Result<Reader> {
        Reader::open(&self.directory.path().join(NAME))?.context("the copy vanished")
    }

    /// Puts it in the place of the journal at `journal`, with nobody else writing there, and calls
    /// `meanwhile` with where the journal that was there is now.
    ///
    /// # Errors
    ///
    /// Somebody writes the journal, or it can't be moved.
    pub fn put_in_place(
        self,
        journal: &Path,
        _alone: &Lock,
        meanwhile: impl FnOnce(Option<&Path>) -> Result<()>,
    ) -> Result<Option<PathBuf>> {
        let aside = move_aside(journal)?;
        meanwhile(aside.as_deref())?;
        let failed = || format!("cannot put the journal `{}` in place", journal.display());
        fs::rename(self.directory.path().join(NAME), journal).with_context(failed)?;
        schema::sync_directory(schema::directory_of(journal))?;
        Ok(aside)
    }
}

/// Keeps all writers from the journal at `path`. What an earlier restore left unfinished, because
/// it was killed, goes: it holds all names.
///
/// # Errors
///
/// Somebody writes it.
pub fn lock_alone(path: &Path) -> Result<Lock> {
    let lock = writers::exclude(path)?;
    let dir = schema::directory_of(path);
    let failed = || format!("cannot clear up `{}`", dir.display());
    for entry in fs::read_dir(dir).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_unfinished && entry.file_type().with_context(failed)?.is_dir() {
            fs::remove_dir_all(entry.path()).with_context(failed)?;
        }
    }
    Ok(lock)
}

/// Gives the journal at `path` and the files beside it another name; `None` where there is none.
/// The database goes last: until then, it is found again.
pub fn move_aside(path: &Path) -> Result<Option<PathBuf>> {
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    // What is in its log belongs to it; where it is damaged, the log goes along.
    if log::make_it_last(path).is_ok() {
        drop(Connection::open(path).map(close));
    }
    let aside = leaving::free_name(path);
    for ending in ["-shm", "-wal", ""] {
        let (from, to) = (beside(path, ending), beside(&aside, ending));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot move `{}`", from.display()));
            }
            _ => {}
        }
    }
    Ok(Some(aside))
}
