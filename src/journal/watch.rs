//! The writer's watch over the journal's files, before and after each commit.
//!
//! A removed log, a backup that was copied over the database, or a log that was cut short: SQLite
//! notices none of it, goes on, and what it stores is gone with the process. So before an answer
//! goes out, the files at the path have to be those that were written, and to hold what was
//! written.
//!
//! Other processes write and checkpoint, too (`import`, `forget`). A database that changed is
//! sound where SQLite says that a checkpoint changed it, or where `forget` counted that it [overwrote
//! what belongs to nothing](super::unallocated), and where a new connection reads from it what ours does.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::journal::files::OpenFiles;
use crate::journal::wal_index::WalIndex;
use crate::journal::{damage, schema, unallocated};

/// Other processes may write while both connections are asked.
const ATTEMPTS: usize = 5;

/// What happened to the files of an open journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// Another database is at the path, or none.
    #[error("the journal was removed or replaced")]
    DatabaseReplaced,
    /// Something else than SQLite wrote the database.
    #[error("something was copied over the journal")]
    DatabaseOverwritten,
    /// Another log or index is beside the database, or none; ours is whole.
    #[error("the files beside the journal (`-wal`, `-shm`) were removed or replaced")]
    LogReplaced,
    /// Something else than SQLite wrote the log.
    #[error("the log beside the journal (`-wal`) was cut short or overwritten")]
    LogOverwritten,
}

/// What is compared of a file.
type Stamp = (u64, i64, i64, i64, i64);

/// What was seen last.
#[derive(Debug, Clone, Copy)]
struct Seen {
    database: Option<Stamp>,
    log: Option<Stamp>,
    index: Option<WalIndex>,
    /// How often `forget` had overwritten something.
    overwritten: Option<i64>,
}

/// The files of an open journal, and how they were when it was used last.
#[derive(Debug)]
pub struct Watch {
    files: OpenFiles,
    seen: Option<Seen>,
}

impl Watch {
    /// Begins to watch the files of the journal at `path`, which was just opened.
    pub fn begin(path: &Path) -> Result<Self> {
        let files = OpenFiles::of(path);
        files.handles()?;
        Ok(Self { files, seen: None })
    }

    /// What it watches.
    pub fn files(&self) -> &OpenFiles {
        &self.files
    }

    /// Frames of the log that wait for a checkpoint.
    pub fn frames_to_checkpoint(&self) -> u32 {
        let index = self.seen.and_then(|seen| seen.index);
        index.map_or(0, |index| if index.backfilled < index.frames { index.frames } else { 0 })
    }

    /// The state of the log as its index has it.
    pub fn index(&self) -> Option<WalIndex> {
        WalIndex::read(&self.files.handles().ok()?.shm).ok()?
    }

    /// The same, and whether the log is as the index has it.
    fn log(&self) -> Option<(WalIndex, bool)> {
        let index = self.index()?;
        Some((index, index.describes(&self.files.handles().ok()?.wal)))
    }

    /// Whether the files are those that `connection` uses, and hold what it wrote.
    pub fn verify(&mut self, connection: &Connection) -> Result<(), Tampered> {
        if self.seen.is_some_and(|seen| seen.is_still(&self.files)) {
            return Ok(());
        }
        let seen = self.look(connection)?;
        if self.seen.is_some_and(|before| before.database != seen.database) {
            match is_same(connection, self.files.database()) {
                Some(true) => {}
                Some(false) => return Err(Tampered::DatabaseOverwritten),
                // It is asked again the next time.
                None => return Ok(()),
            }
        }
        self.seen = Some(seen);
        Ok(())
    }

    fn look(&self, connection: &Connection) -> Result<Seen, Tampered> {
        if !self.files.has_database() {
            return Err(Tampered::DatabaseReplaced);
        }
        let seen = loop {
            let seen = self.take_stamps(connection);
            if let Some(index) = seen.index
                && self.is_overwritten(&seen, &index)
            {
                return Err(Tampered::DatabaseOverwritten);
            }
            match self.log() {
                // Somebody else commits or checkpoints.
                Some((index, _)) if seen.index != Some(index) => {}
                Some((index, false)) if self.index() == Some(index) => {
                    return Err(Tampered::LogOverwritten);
                }
                Some((_, false)) => {}
                _ => break seen,
            }
        };
        if !self.files.has_wal() || !self.files.has_shm() {
            return Err(Tampered::LogReplaced);
        }
        Ok(seen)
    }

    /// The stamps of both files, and the index as it was at that moment.
    fn take_stamps(&self, connection: &Connection) -> Seen {
        loop {
            let before = stamp(self.files.database());
            let index = self.index();
            let overwritten = unallocated::times(connection).ok();
            let database = stamp(self.files.database());
            if before == database {
                return Seen { database, log: stamp(self.files.wal()), index, overwritten };
            }
        }
    }

    fn is_overwritten(&self, seen: &Seen, index: &WalIndex) -> bool {
        self.seen.is_some_and(|before| {
            let is_explained =
                before.index.is_none_or(|before| index.was_backfilled_since(&before));
            let is_by_forget = seen.overwritten > before.overwritten;
            before.database != seen.database && !is_explained && !is_by_forget
        })
    }
}

impl Seen {
    fn is_still(&self, files: &OpenFiles) -> bool {
        let are_there = files.has_database() && files.has_wal() && files.has_shm();
        are_there && stamp(files.database()) == self.database && stamp(files.wal()) == self.log
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let data = fs::metadata(path).ok()?;
    Some((data.len(), data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec()))
}

/// Whether a new connection reads from the database at `path` what `connection` does; `None`
/// where it can't be told, as without a free descriptor.
fn is_same(connection: &Connection, path: &Path) -> Option<bool> {
    let mut verdict = None;
    for _ in 0..ATTEMPTS {
        let fresh = schema::connect_reader(path).and_then(|fresh| last_stored(&fresh));
        verdict = match (last_stored(connection), fresh) {
            (Ok(ours), Ok(fresh)) => Some(ours == fresh),
            (Ok(_), Err(error)) if says_other_database(&error) => Some(false),
            // What rots is damaged for both.
            _ => None,
        };
        if verdict == Some(true) {
            break;
        }
    }
    verdict
}

/// Whether `error` is about what is in the file, and not about reading it.
fn says_other_database(error: &rusqlite::Error) -> bool {
    // Such as a table that is not there.
    let is_about_content = matches!(error.sqlite_error_code(), None | Some(ErrorCode::Unknown));
    is_about_content || damage::is_damage(error)
}

/// Which journal it is, and the last event and delivery in it.
fn last_stored(connection: &Connection) -> rusqlite::Result<(String, Last, Last)> {
    let id = connection.query_row("SELECT id FROM journal", [], |row| row.get(0))?;
    let last = |query: &str| {
        connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    };
    let event = last("SELECT id, key FROM events ORDER BY id DESC LIMIT 1")?;
    Ok((id, event, last("SELECT id, key FROM quarantine ORDER BY id DESC LIMIT 1")?))
}

type Last = Option<(i64, Vec<u8>)>;
