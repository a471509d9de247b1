//! Replaces the journal by a copy of a backup; the old journal is kept under another name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use crate::files::lock::Lock;
use crate::files::sqlite::{WAL, with_suffix};
use crate::files::{directory, regular_file};
use crate::journal::{Reader, connection, old_copies, schema, verification, writer_lock};

/// An open backup: it is opened early, because its directory may be readable only by root.
#[derive(Debug)]
pub struct BackupFile {
    path: PathBuf,
    database: File,
    /// A copy made by hand may have a log.
    log: Option<File>,
}

/// A verified copy of a backup in the journal's directory, ready to replace the journal.
#[derive(Debug)]
pub struct Staged {
    pub(super) directory: TempDir,
    /// The id of the backup.
    pub backup_id: String,
    /// The id of the restored journal.
    pub id: String,
    /// Whether events were pruned from it, so that it needs its store.
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
        let log = match File::open(with_suffix(&place, WAL)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            log => Some(log.with_context(failed)?),
        };
        Ok(Self { path: path.to_owned(), database, log })
    }

    /// Copies it into the directory of the journal at `journal`, and examines the copy.
    ///
    /// # Errors
    ///
    /// It is not a valid backup; nothing was changed.
    pub fn stage(mut self, journal: &Path) -> Result<Staged> {
        let directory = staging_directory(journal)?;
        let failed = || format!("cannot write to `{}`", directory.path().display());
        let place = directory.path().join(NAME);
        copy(&mut self.database, &place).with_context(failed)?;
        if let Some(log) = &mut self.log {
            copy(log, &with_suffix(&place, WAL)).with_context(failed)?;
        }
        let backup = self.path.display().to_string();
        let invalid = || format!("`{backup}` is not a valid backup, so nothing was changed");
        let (backup_id, id, is_pruned) = examine(&place).with_context(invalid)?;
        Ok(Staged { directory, backup_id, id, is_pruned })
    }
}

/// The prefix of directories with copies that have not replaced a journal yet.
const PREFIX: &str = ".restore-";

/// The name of the copy in such a directory.
pub(super) const NAME: &str = "journal";

/// Creates a directory next to the journal at `path`, for a copy that will replace it.
pub(super) fn staging_directory(path: &Path) -> Result<TempDir> {
    connection::create_directory_of(path)?;
    let dir = directory::of(path);
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(dir);
    made.with_context(|| format!("cannot write to `{}`", dir.display()))
}

fn copy(from: &mut File, to: &Path) -> io::Result<()> {
    regular_file::create_private(to)?;
    let mut to = File::options().write(true).open(to)?;
    io::copy(from, &mut to)?;
    to.sync_all()
}

/// Verifies the copy at `path`, moves its log into it, and gives it a new id. Returns the old id, the
/// new one, and whether events were pruned.
fn examine(path: &Path) -> Result<(String, String, bool)> {
    let missing = "it holds no journal of Lookout";
    drop(connection::open_reader(path)?.context(missing)?);
    let copy = connection::open_writer(path)?;
    drop(copy);
    ensure_sound(path)?;
    let copy = connection::open_writer(path)?;
    let query = "SELECT id, pruned FROM journal";
    let (backup_id, is_pruned) = copy.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let id = schema::new_id(&copy)?;
    schema::set_id(&copy, &id)?;
    connection::close(copy)?;
    Ok((backup_id, id, is_pruned))
}

/// Verifies the whole journal at `path`.
///
/// # Errors
///
/// What is wrong with it.
pub fn ensure_sound(path: &Path) -> Result<()> {
    let reader = Reader::open(path)?.context("it holds no journal of Lookout")?;
    let verdict = verification::verify(&reader)?;
    if let Some(structure) = verdict.structure {
        bail!(structure);
    }
    let damaged = verdict.events + verdict.quarantined;
    ensure!(damaged == 0, "rows in it are damaged: {damaged}");
    Ok(())
}

impl Staged {
    /// Opens it for reading.
    pub(super) fn reader(&self) -> Result<Reader> {
        Reader::open(&self.directory.path().join(NAME))?.context("the copy vanished")
    }

    /// Replaces the journal at `journal`. The caller holds the writers' lock exclusively. The old
    /// journal is renamed first; `before_replacing` gets its new path.
    ///
    /// # Errors
    ///
    /// A file can't be moved.
    pub fn replace(
        self,
        journal: &Path,
        _exclusive: &Lock,
        before_replacing: impl FnOnce(Option<&Path>) -> Result<()>,
    ) -> Result<Option<PathBuf>> {
        let old = old_copies::rename_journal(journal)?;
        before_replacing(old.as_deref())?;
        let failed = || format!("cannot put the journal `{}` in place", journal.display());
        fs::rename(self.directory.path().join(NAME), journal).with_context(failed)?;
        directory::sync(directory::of(journal))?;
        Ok(old)
    }
}

/// Keeps all writers from the journal at `path`, until the lock is dropped. Removes the copies of
/// earlier restores that were killed: they hold all names.
///
/// # Errors
///
/// Another process writes the journal.
pub fn lock_for_restore(path: &Path) -> Result<Lock> {
    let lock = writer_lock::acquire_exclusive(path)?;
    let dir = directory::of(path);
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
