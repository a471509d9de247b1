//! Detects that something other than SQLite changed the files of an open journal.
//!
//! SQLite does not notice a removed log, a backup copied over the database, or a truncated log. It
//! goes on, and what it stores is lost when the process ends. So before and after each commit,
//! and before any answer, the writer checks that the files at the path are those that it opened,
//! and hold what it wrote.
//!
//! Other processes (`import`, `forget`) write and checkpoint as well. A changed database is accepted
//! if SQLite's index shows that a checkpoint changed it, or if `forget` counted that it [overwrote
//! unallocated bytes](super::unallocated), and if a new connection reads the same from it as ours.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::files::metadata;
use crate::journal::open_files::OpenFiles;
use crate::journal::wal_index::WalIndex;
use crate::journal::{connection, damage, unallocated};

/// How many times to compare two connections: other processes may write in between.
const ATTEMPTS: usize = 5;

/// What happened to the files of an open journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// The path has another database or none.
    #[error("the journal was removed or replaced")]
    DatabaseReplaced,
    /// Something other than SQLite wrote the database.
    #[error("something was copied over the journal")]
    DatabaseOverwritten,
    /// The log or its index was replaced or removed; the ones that are open are intact.
    #[error("the files beside the journal (`-wal`, `-shm`) were removed or replaced")]
    LogReplaced,
    /// Something other than SQLite wrote the log.
    #[error("the log beside the journal (`-wal`) was cut short or overwritten")]
    LogOverwritten,
}

/// Why the files of a journal are not known to be intact.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// They were changed.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// They may be intact, but can't be examined now.
    #[error("the files of the journal cannot be examined: {0}")]
    Unknown(#[from] io::Error),
}

/// Length, modification time and change time of a file.
type Stamp = (u64, i64, i64, i64, i64);

/// The state of the files at one moment.
#[derive(Debug, Clone, Copy)]
struct FileState {
    database: Option<Stamp>,
    log: Option<Stamp>,
    index: Option<WalIndex>,
    /// How many times `forget` has overwritten unallocated bytes.
    overwrite_count: Option<i64>,
}

/// The files of an open journal, and their state at the last check.
#[derive(Debug)]
pub struct TamperCheck {
    files: OpenFiles,
    last: Option<FileState>,
}

impl TamperCheck {
    /// Starts with the files of the journal at `path`, to which a connection was just opened.
    pub fn new(path: &Path) -> Result<Self> {
        let files = OpenFiles::of(path)?;
        files.handles()?;
        Ok(Self { files, last: None })
    }

    /// The files that are checked.
    pub fn files(&self) -> &OpenFiles {
        &self.files
    }

    /// How many frames of the log wait for a checkpoint.
    pub fn frames_to_checkpoint(&self) -> u32 {
        let index = self.last.and_then(|last| last.index);
        index.map_or(0, |index| if index.backfilled < index.frames { index.frames } else { 0 })
    }

    /// The state of the log according to its index.
    pub fn index(&self) -> Option<WalIndex> {
        WalIndex::read(&self.files.handles().ok()?.shm).ok()?
    }

    /// The log's [index](Self::index), and whether the log matches it.
    fn log(&self) -> io::Result<Option<(WalIndex, bool)>> {
        let Some(index) = self.index() else { return Ok(None) };
        Ok(Some((index, index.describes(&self.files.handles()?.wal)?)))
    }

    /// Checks that the files at the path are those of `connection`, and hold what it wrote.
    pub fn verify(&mut self, connection: &Connection) -> Result<(), NotVerified> {
        if let Some(last) = self.last
            && last.is_unchanged(&self.files)?
        {
            return Ok(());
        }
        let now = self.examine(connection)?;
        if self.last.is_some_and(|last| last.database != now.database) {
            match reads_the_same(connection, self.files.database()) {
                Some(true) => {}
                Some(false) => return Err(Tampered::DatabaseOverwritten.into()),
                // The next check compares again.
                None => return Ok(()),
            }
        }
        self.last = Some(now);
        Ok(())
    }

    fn examine(&self, connection: &Connection) -> Result<FileState, NotVerified> {
        if !self.files.has_database()? {
            return Err(Tampered::DatabaseReplaced.into());
        }
        let state = loop {
            let state = self.state(connection)?;
            if let Some(index) = state.index
                && self.is_overwritten(&state, &index)
            {
                return Err(Tampered::DatabaseOverwritten.into());
            }
            match self.log()? {
                // Another process commits or checkpoints.
                Some((index, _)) if state.index != Some(index) => {}
                Some((index, false)) if self.index() == Some(index) => {
                    return Err(Tampered::LogOverwritten.into());
                }
                Some((_, false)) => {}
                _ => break state,
            }
        };
        if !self.files.has_wal()? || !self.files.has_shm()? {
            return Err(Tampered::LogReplaced.into());
        }
        Ok(state)
    }

    /// The state of the files at one moment.
    fn state(&self, connection: &Connection) -> io::Result<FileState> {
        loop {
            let before = stamp(self.files.database())?;
            let index = self.index();
            let overwrite_count = unallocated::overwrite_count(connection).ok();
            let database = stamp(self.files.database())?;
            if before == database {
                let log = stamp(self.files.wal())?;
                return Ok(FileState { database, log, index, overwrite_count });
            }
        }
    }

    /// Whether the database changed, but neither by a checkpoint nor by `forget`.
    fn is_overwritten(&self, now: &FileState, index: &WalIndex) -> bool {
        self.last.is_some_and(|last| {
            let is_by_checkpoint = last.index.is_none_or(|last| index.was_backfilled_since(&last));
            let is_by_forget = now.overwrite_count > last.overwrite_count;
            last.database != now.database && !is_by_checkpoint && !is_by_forget
        })
    }
}

impl FileState {
    fn is_unchanged(&self, files: &OpenFiles) -> io::Result<bool> {
        Ok(files.has_database()?
            && files.has_wal()?
            && files.has_shm()?
            && stamp(files.database())? == self.database
            && stamp(files.wal())? == self.log)
    }
}

fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    let data = metadata::of(path)?;
    Ok(data
        .map(|data| (data.len(), data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec())))
}

/// Whether a new connection reads the same from the database at `path` as `connection`; `None` if
/// that can't be determined, for example without a free file descriptor.
fn reads_the_same(connection: &Connection, path: &Path) -> Option<bool> {
    let mut verdict = None;
    for _ in 0..ATTEMPTS {
        let fresh = connection::connect_reader(path).and_then(|fresh| last_stored(&fresh));
        verdict = match (last_stored(connection), fresh) {
            (Ok(ours), Ok(fresh)) => Some(ours == fresh),
            (Ok(_), Err(error)) if is_about_content(&error) => Some(false),
            // Damage affects both.
            _ => None,
        };
        if verdict == Some(true) {
            break;
        }
    }
    verdict
}

/// Whether `error` is about the content of the file, such as a missing table, not about reading it.
fn is_about_content(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), None | Some(ErrorCode::Unknown)) || damage::is_damage(error)
}

/// The id of the journal, and the last event and quarantined delivery in it.
fn last_stored(connection: &Connection) -> rusqlite::Result<(String, Last, Last)> {
    let id = connection.query_row("SELECT id FROM journal", [], |row| row.get(0))?;
    let last = |query: &str| {
        connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    let event = last("SELECT id, key FROM events ORDER BY id DESC LIMIT 1")?;
    Ok((id, event, last("SELECT id, key FROM quarantine ORDER BY id DESC LIMIT 1")?))
}

type Last = Option<(i64, Vec<u8>)>;
