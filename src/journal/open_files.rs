//! The files of an open journal, and whether they are still those at its path.
//!
//! SQLite goes on using files that were removed or replaced, and what it stores in them is lost when
//! the process ends. So readers and the writer compare the files that they opened with those at
//! the path.
//!
//! All connections of a process to one database share one mapping of `-shm` while one of them is
//! open. If files change under an open database, all connections have to close before one opens
//! again; [`OpenFiles::mark_outdated`] makes them do so.
//!
//! When a process closes any descriptor of a database or a `-shm`, it loses all locks that SQLite
//! holds on that file. So this module examines a database only by its path, and closes its
//! descriptor of a `-shm` after the last connection: declare an [`OpenFiles`] field after its
//! connection.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::files::FileId;
use crate::files::sqlite::{SHM, WAL, with_suffix};

/// The journals that are open in this process, by their database.
static OPEN: Mutex<BTreeMap<FileId, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// The files that a connection uses. Clones and other connections to the same database share them.
#[derive(Debug, Clone)]
pub struct OpenFiles(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    wal: PathBuf,
    shm: PathBuf,
    ids: Ids,
    is_outdated: AtomicBool,
    handles: OnceLock<Handles>,
}

#[derive(Debug)]
struct Ids {
    database: Option<FileId>,
    wal: Option<FileId>,
    shm: Option<FileId>,
}

/// Descriptors of the log and its index.
#[derive(Debug)]
pub struct Handles {
    /// The log.
    pub wal: File,
    /// The index of the log.
    pub shm: File,
}

impl OpenFiles {
    /// The files of the journal at `path`, to which a connection was just opened.
    ///
    /// # Errors
    ///
    /// They can't be examined.
    pub fn of(path: &Path) -> io::Result<Self> {
        // SQLite follows links before it names the log and its index.
        let database = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (wal, shm) = (with_suffix(&database, WAL), with_suffix(&database, SHM));
        let ids =
            Ids { database: FileId::of(path)?, wal: FileId::of(&wal)?, shm: FileId::of(&shm)? };
        let Some(id) = ids.database else { return Ok(Self::new(path, wal, shm, ids)) };
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, shared| shared.strong_count() > 0);
        if let Some(known) = open.get(&id).and_then(Weak::upgrade).map(Self) {
            if known.0.ids.wal.is_some() || ids.wal.is_none() {
                return Ok(known);
            }
            // It was not in WAL mode before; its readers have to open the log.
            known.mark_outdated();
        }
        let files = Self::new(path, wal, shm, ids);
        open.insert(id, Arc::downgrade(&files.0));
        Ok(files)
    }

    fn new(path: &Path, wal: PathBuf, shm: PathBuf, ids: Ids) -> Self {
        let (is_outdated, handles) = (AtomicBool::new(false), OnceLock::new());
        Self(Arc::new(Shared { path: path.to_owned(), wal, shm, ids, is_outdated, handles }))
    }

    /// Whether the connection has to close: the path has other files or none, or they were
    /// marked as outdated.
    ///
    /// # Errors
    ///
    /// They can't be examined.
    pub fn are_outdated(&self) -> io::Result<bool> {
        // A database that was not in WAL mode had no log.
        let has_log = || Ok::<_, io::Error>(self.has_wal()? && self.has_shm()?);
        Ok(self.0.is_outdated.load(Ordering::Relaxed)
            || !self.has_database()?
            || self.0.ids.wal.is_some() && !has_log()?)
    }

    /// Makes all connections of this process to these files close.
    pub fn mark_outdated(&self) {
        self.0.is_outdated.store(true, Ordering::Relaxed);
    }

    /// Where the log is.
    pub fn wal(&self) -> &Path {
        &self.0.wal
    }

    /// Where the index of the log is.
    pub fn shm(&self) -> &Path {
        &self.0.shm
    }

    /// Where the database is.
    pub fn database(&self) -> &Path {
        &self.0.path
    }

    /// Whether the database at its path is the one that is open.
    pub fn has_database(&self) -> io::Result<bool> {
        Ok(FileId::of(&self.0.path)? == self.0.ids.database)
    }

    /// Whether the log at its path is the one that is open.
    pub fn has_wal(&self) -> io::Result<bool> {
        Ok(FileId::of(&self.0.wal)? == self.0.ids.wal)
    }

    /// Whether the index of the log at its path is the one that is open.
    pub fn has_shm(&self) -> io::Result<bool> {
        Ok(FileId::of(&self.0.shm)? == self.0.ids.shm)
    }

    /// Descriptors of log and index.
    ///
    /// # Errors
    ///
    /// They can't be opened, or were replaced.
    pub fn handles(&self) -> io::Result<&Handles> {
        if let Some(handles) = self.0.handles.get() {
            return Ok(handles);
        }
        let Shared { wal, shm, ids, .. } = &*self.0;
        let handles = Handles { wal: File::open(wal)?, shm: File::open(shm)? };
        let wal_id = Some(FileId::from(&handles.wal.metadata()?));
        let shm_id = Some(FileId::from(&handles.shm.metadata()?));
        if (wal_id, shm_id) != (ids.wal, ids.shm) {
            return Err(io::Error::other("the files beside the database were replaced"));
        }
        Ok(self.0.handles.get_or_init(|| handles))
    }
}

/// Whether this process has an outdated connection to the database at `path`, which has to close
/// before another one opens.
///
/// # Errors
///
/// The database can't be examined.
pub fn has_outdated_connections(path: &Path) -> io::Result<bool> {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = FileId::of(path)?.and_then(|id| open.get(&id)).and_then(Weak::upgrade);
    Ok(shared.is_some_and(|shared| shared.is_outdated.load(Ordering::Relaxed)))
}
