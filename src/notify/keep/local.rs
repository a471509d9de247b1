//! What is kept on this machine: a small database beside the journal.
//!
//! It is not the journal's own file, so that no delivery of Zoom's ever waits for a chat. Who
//! holds the lock beside it may send; another process waits until it is gone.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use crate::journal::{create_for_ourselves, sync_directory};

/// The version this program writes, kept in `user_version`.
const VERSION: i64 = 1;

/// How long a connection waits for another one's lock.
const BUSY: Duration = Duration::from_secs(2);

/// `id` is a hash, so that no address of a webhook stands here.
const CREATE: &str =
    "CREATE TABLE targets (id TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID;";

/// The database, opened when first needed.
#[derive(Debug)]
pub struct Local {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Given back when dropped, also by a crash.
    _lock: File,
}

/// Where it lies beside the journal at `path`.
pub fn place(path: &Path) -> PathBuf {
    path.with_extension("notify.db")
}

impl Local {
    /// The database beside the journal at `journal`.
    pub fn beside(journal: &Path) -> Self {
        Self { path: place(journal), open: None }
    }

    /// What is kept of `id`, if nobody else sends.
    pub fn take(&mut self, id: &str) -> Result<Option<Option<String>>> {
        let Self { path, open } = self;
        let open = match open {
            Some(open) => open,
            none => match lock(path)? {
                Some(lock) => none.insert(Open { connection: connect(path)?, _lock: lock }),
                None => return Ok(None),
            },
        };
        let query = "SELECT kept FROM targets WHERE id = ?1";
        let kept = open.connection.query_row(query, [id], |row| row.get(0)).optional();
        kept.map(Some).with_context(|| failed(path))
    }

    /// Keeps `text` for `id`, on disk.
    pub fn keep(&mut self, id: &str, text: &str) -> Result<()> {
        let open = self.open.as_ref().context("nothing is kept before it was taken")?;
        let statement = "INSERT INTO targets (id, kept) VALUES (?1, ?2)
                         ON CONFLICT (id) DO UPDATE SET kept = excluded.kept";
        let kept = open
            .connection
            .prepare_cached(statement)
            .and_then(|mut it| it.execute(params![id, text]));
        kept.map(drop).with_context(|| failed(&self.path))
    }
}

/// What is kept of `ids`, without disturbing whoever sends.
pub fn look(journal: &Path, ids: &[String]) -> Result<Vec<(String, String)>> {
    let path = place(journal);
    if !path.try_exists().with_context(|| failed(&path))? {
        return Ok(Vec::new());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let look = || -> rusqlite::Result<_> {
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY)?;
        let mut query = connection.prepare("SELECT kept FROM targets WHERE id = ?1")?;
        let mut found = Vec::new();
        for id in ids {
            let kept: Option<String> = query.query_row([id], |row| row.get(0)).optional()?;
            found.extend(kept.map(|kept| (id.clone(), kept)));
        }
        Ok(found)
    };
    look().with_context(|| failed(&path))
}

/// The lock, unless another process has it.
fn lock(path: &Path) -> Result<Option<File>> {
    let path = path.with_extension("lock");
    let failed = || format!("cannot lock `{}`", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).with_context(failed)?;
    let file = File::options().create(true).append(true).open(&path).with_context(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(failed),
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let open = || -> Result<Connection> {
        create_for_ourselves(path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
        )?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > VERSION {
            bail!(
                "it has version {version}, this program knows {VERSION}; run the newer Lookout that wrote it"
            );
        }
        if version == 0 {
            let create = format!("BEGIN; {CREATE} PRAGMA user_version = {VERSION}; COMMIT;");
            connection.execute_batch(&create)?;
        }
        sync_directory(path.parent().unwrap_or(Path::new(".")))?;
        Ok(connection)
    };
    open().with_context(|| failed(path))
}

fn failed(path: &Path) -> String {
    format!("cannot use `{}`, where it is kept what chats were told", path.display())
}
