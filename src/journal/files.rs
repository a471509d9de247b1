//! The files of an open journal, and whether they are still those at its path.
//!
//! SQLite keeps using files that were removed or replaced, and whatever it stores there is gone
//! with the process. So readers and the writer compare what they opened with what is there.
//!
//! All connections of a process to one database share one mapping of `-shm`, for as long as one of
//! them is open. Where files changed under an open database, all of them have to close before one
//! opens again; [`OpenFiles::abandon`] tells them to.
//!
//! Closing any descriptor of a database or a `-shm` drops the locks that SQLite holds on it in this
//! process. So this module only looks at a database by its path, and closes its descriptor of a
//! `-shm` after the last connection: declare an [`OpenFiles`] behind its connection.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

/// Device and inode.
pub type Id = (u64, u64);

/// The journals that are open in this process, by the inode of the database.
static OPEN: Mutex<BTreeMap<Id, Weak<Shared>>> = Mutex::new(BTreeMap::new());

/// The files that a connection uses. Clones and other connections to the same database share them.
#[derive(Debug, Clone)]
pub struct OpenFiles(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    wal: PathBuf,
    shm: PathBuf,
    ids: Ids,
    is_abandoned: AtomicBool,
    handles: OnceLock<Handles>,
}

#[derive(Debug)]
struct Ids {
    database: Option<Id>,
    wal: Option<Id>,
    shm: Option<Id>,
}

/// Descriptors of the files beside the database.
#[derive(Debug)]
pub struct Handles {
    /// The log.
    pub wal: File,
    /// The index of the log.
    pub shm: File,
}

impl OpenFiles {
    /// The files of the journal at `path`, to which a connection was just opened.
    pub fn of(path: &Path) -> Self {
        // SQLite follows links before it names the files beside a database.
        let database = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let (wal, shm) = (beside(&database, "-wal"), beside(&database, "-shm"));
        let ids = Ids { database: id_at(path), wal: id_at(&wal), shm: id_at(&shm) };
        let Some(id) = ids.database else { return Self::new(path, wal, shm, ids) };
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, shared| shared.strong_count() > 0);
        if let Some(known) = open.get(&id).and_then(Weak::upgrade).map(Self) {
            if known.0.ids.wal.is_some() || ids.wal.is_none() {
                return known;
            }
            // It is in WAL mode only by now, and its readers are to open what is beside it.
            known.abandon();
        }
        let files = Self::new(path, wal, shm, ids);
        open.insert(id, Arc::downgrade(&files.0));
        files
    }

    fn new(path: &Path, wal: PathBuf, shm: PathBuf, ids: Ids) -> Self {
        let (is_abandoned, handles) = (AtomicBool::new(false), OnceLock::new());
        Self(Arc::new(Shared { path: path.to_owned(), wal, shm, ids, is_abandoned, handles }))
    }

    /// Whether other files are at the path by now, or none, or the writer gave these up: a
    /// connection to these has to be closed.
    pub fn are_outdated(&self) -> bool {
        // A database that is in WAL mode only by now had no files beside it.
        let has_log = |files: &Self| files.has_wal() && files.has_shm();
        self.0.is_abandoned.load(Ordering::Relaxed)
            || !self.has_database()
            || self.0.ids.wal.is_some() && !has_log(self)
    }

    /// Tells all connections of this process to close.
    pub fn abandon(&self) {
        self.0.is_abandoned.store(true, Ordering::Relaxed);
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
    pub fn has_database(&self) -> bool {
        id_at(&self.0.path) == self.0.ids.database
    }

    /// Whether the log at its path is the one that is open.
    pub fn has_wal(&self) -> bool {
        id_at(&self.0.wal) == self.0.ids.wal
    }

    /// Whether the index of the log at its path is the one that is open.
    pub fn has_shm(&self) -> bool {
        id_at(&self.0.shm) == self.0.ids.shm
    }

    /// Descriptors of log and index.
    ///
    /// # Errors
    ///
    /// They can't be opened, or are others by now.
    pub fn handles(&self) -> io::Result<&Handles> {
        if let Some(handles) = self.0.handles.get() {
            return Ok(handles);
        }
        let Shared { wal, shm, ids, .. } = &*self.0;
        let handles = Handles { wal: File::open(wal)?, shm: File::open(shm)? };
        let wal_id = Some(id(&handles.wal.metadata()?));
        let shm_id = Some(id(&handles.shm.metadata()?));
        if (wal_id, shm_id) != (ids.wal, ids.shm) {
            return Err(io::Error::other("the files beside the database were replaced"));
        }
        Ok(self.0.handles.get_or_init(|| handles))
    }
}

/// Whether a connection of this process to the database at `path` is open that has to close
/// before another may open.
pub fn is_being_abandoned(path: &Path) -> bool {
    let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = id_at(path).and_then(|id| open.get(&id)).and_then(Weak::upgrade);
    shared.is_some_and(|shared| shared.is_abandoned.load(Ordering::Relaxed))
}

/// The file that SQLite calls like the database at `path`, with `ending`.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn id_at(path: &Path) -> Option<Id> {
    fs::metadata(path).ok().as_ref().map(id)
}

fn id(metadata: &Metadata) -> Id {
    (metadata.dev(), metadata.ino())
}
