//! Outboxes on this machine: a small database beside the journal.
//!
//! It is a file of its own, so that no delivery from Zoom ever waits for a chat. The process that
//! holds the lock file may send; another process waits for the lock. Without the lock, a process
//! may only [change] the outboxes, to remove names. That increments the edition, and the process
//! that sends can't save anything before it has seen the change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::ownership::{Ownership, Record};
use crate::files::lock::{self, Lock};
use crate::files::{directory, regular_file, sibling};
use crate::journal::overwrite_unallocated;

const EXTENSION: &str = "notify.db";

/// The version of the schema, stored in `user_version`.
const VERSION: i64 = 2;

/// How long a connection waits for the lock of another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// `id` is a hash, so that the URL of a webhook is not stored. `kept` is the outbox as JSON.
const CREATE: &str =
    "CREATE TABLE targets (id TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID;";

/// Since version 2: counts the changes by processes that do not send.
const ADD_EDITION: &str = "ALTER TABLE targets ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;";

/// The database; opened when it is first used.
#[derive(Debug)]
pub struct LocalStore {
    path: PathBuf,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Released when dropped, also by a crash.
    _lock: Lock,
}

/// The path of the database beside the journal at `journal`.
pub fn database_path(journal: &Path) -> PathBuf {
    let path = sibling::path(journal, EXTENSION);
    // Continues with the file of an older version, so that nothing is announced again.
    let former = sibling::former_path(journal, EXTENSION);
    let is_used = |path: &Path| path.try_exists().unwrap_or(true);
    former.filter(|former| is_used(former) && !is_used(&path)).unwrap_or(path)
}

impl LocalStore {
    /// The database beside the journal at `journal`.
    pub fn new(journal: &Path) -> Self {
        Self { path: database_path(journal), open: None }
    }

    /// Takes the lock, and loads the outbox `id`. `None` while another process sends.
    pub fn acquire(&mut self, id: &str) -> Result<Option<Record>> {
        let Self { path, open } = self;
        let open = match open {
            Some(open) => open,
            none => match lock::try_acquire(&path.with_extension("lock"))? {
                Some(lock) => none.insert(Open { connection: connect(path)?, _lock: lock }),
                None => return Ok(None),
            },
        };
        record(&open.connection, id).map(Some).with_context(|| failed(path))
    }

    /// Saves `text` as the outbox `id`, synced to disk, if its edition is still `edition`.
    pub fn save(&mut self, id: &str, edition: i64, text: &str) -> Result<Ownership<Record>> {
        let statement = "INSERT INTO targets (id, kept, edition) VALUES (?1, ?2, ?3)
                         ON CONFLICT (id) DO UPDATE SET kept = excluded.kept
                         WHERE edition = excluded.edition";
        let saved = self
            .connection()?
            .prepare_cached(statement)
            .and_then(|mut it| it.execute(params![id, text, edition]));
        match saved.with_context(|| failed(&self.path))? {
            0 => self.ownership(id, edition),
            _ => Ok(Ownership::Held),
        }
    }

    /// Whether the edition of the outbox `id` is still `edition`.
    pub fn ownership(&self, id: &str, edition: i64) -> Result<Ownership<Record>> {
        let found = record(self.connection()?, id).with_context(|| failed(&self.path))?;
        Ok(if found.edition == edition { Ownership::Held } else { Ownership::Changed(found) })
    }

    fn connection(&self) -> Result<&Connection> {
        let open = self.open.as_ref().context("the outbox was used before `acquire`")?;
        Ok(&open.connection)
    }
}

fn record(connection: &Connection, id: &str) -> rusqlite::Result<Record> {
    let query = "SELECT edition, kept FROM targets WHERE id = ?1";
    let found = connection
        .prepare_cached(query)?
        .query_row([id], |row| Ok(Record { edition: row.get("edition")?, text: row.get("kept")? }));
    found.optional().map(Option::unwrap_or_default)
}

/// Replaces each outbox beside the journal at `journal` by what `change_one` returns, also while a
/// process sends, and creates those of `ids`. The old text is erased from the files.
pub fn change(
    journal: &Path,
    ids: &[String],
    mut change_one: impl FnMut(Option<&str>) -> Result<String>,
) -> Result<()> {
    let path = database_path(journal);
    if !path.try_exists().with_context(|| failed(&path))? {
        return Ok(());
    }
    let mut connection = connect(&path)?;
    let mut change = || -> Result<()> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut all: BTreeSet<String> = ids.iter().cloned().collect();
        for id in transaction.prepare("SELECT id FROM targets")?.query_map([], |row| row.get(0))? {
            all.insert(id?);
        }
        let statement = "INSERT INTO targets (id, kept, edition) VALUES (?1, ?2, 1)
                         ON CONFLICT (id) DO UPDATE SET kept = excluded.kept, edition = edition + 1";
        for id in all {
            let text = change_one(record(&transaction, &id)?.text.as_deref())?;
            transaction.execute(statement, [&id, &text])?;
        }
        Ok(transaction.commit()?)
    };
    change().and_then(|()| overwrite_unallocated(&path, connection)).with_context(|| failed(&path))
}

/// Reads the outboxes `ids`, without the lock.
pub fn read(journal: &Path, ids: &[String]) -> Result<Vec<(String, String)>> {
    let path = database_path(journal);
    if !path.try_exists().with_context(|| failed(&path))? {
        return Ok(Vec::new());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read = || -> rusqlite::Result<_> {
        let connection = Connection::open_with_flags(&path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let mut query = connection.prepare("SELECT kept FROM targets WHERE id = ?1")?;
        let mut found = Vec::new();
        for id in ids {
            let kept: Option<String> = query.query_row([id], |row| row.get(0)).optional()?;
            found.extend(kept.map(|kept| (id.clone(), kept)));
        }
        Ok(found)
    };
    read().with_context(|| failed(&path))
}

fn connect(path: &Path) -> Result<Connection> {
    let open = || -> Result<Connection> {
        regular_file::create_private(path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
        )?;
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version > VERSION {
            bail!(
                "it has version {version}, this program knows {VERSION}; run the newer Lookout that wrote it"
            );
        }
        let create = if version == 0 { CREATE } else { "" };
        if version < VERSION {
            let steps = format!("{create} {ADD_EDITION} PRAGMA user_version = {VERSION};");
            connection.execute_batch(&format!("BEGIN; {steps} COMMIT;"))?;
        }
        directory::sync(directory::of(path))?;
        Ok(connection)
    };
    open().with_context(|| failed(path))
}

fn failed(path: &Path) -> String {
    format!("cannot use the outbox database `{}`", path.display())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_change_by_another_process_is_seen_before_it_is_overwritten() {
        let dir = TempDir::new().expect("a directory");
        let journal = dir.path().join("lookout.db");
        let ids = ["a".to_owned(), "b".to_owned()];
        change(&journal, &ids, |_| panic!("there is nothing")).expect("nothing to do");
        let mut local = LocalStore::new(&journal);
        assert_eq!(local.acquire("a").expect("taken"), Some(Record::default()));
        assert_eq!(local.save("a", 0, "Ada is in").expect("kept"), Ownership::Held);
        let forget = |text: Option<&str>| Ok(text.unwrap_or("nothing").replace("Ada", "-"));
        change(&journal, &ids, forget).expect("changed");
        // One was there before, the other was not.
        for (id, text) in [("a", "- is in"), ("b", "nothing")] {
            let changed = Ownership::Changed(Record { edition: 1, text: Some(text.to_owned()) });
            assert_eq!(local.ownership(id, 0).expect("read"), changed, "{id}");
            assert_eq!(local.save(id, 0, "Ada is in").expect("not kept"), changed, "{id}");
            assert_eq!(local.save(id, 1, "Bo is in").expect("kept"), Ownership::Held, "{id}");
        }
    }

    #[test]
    fn journals_in_one_directory_share_nothing_and_continue_the_file_of_an_older_version() {
        let dir = TempDir::new().expect("a directory");
        let (lounge, cafe) = (dir.path().join("rooms.lounge"), dir.path().join("rooms.cafe"));
        for journal in [&lounge, &cafe] {
            assert_eq!(database_path(journal).parent(), Some(dir.path()));
        }
        assert_ne!(database_path(&lounge), database_path(&cafe));
        let old = connect(&dir.path().join("rooms.notify.db")).expect("made");
        old.execute("INSERT INTO targets (id, kept) VALUES ('a', 'Ada is in')", [])
            .expect("filled");
        drop(old);
        let kept =
            LocalStore::new(&lounge).acquire("a").expect("taken").expect("nobody else sends");
        assert_eq!(kept.text.as_deref(), Some("Ada is in"));
    }

    #[test]
    fn a_file_of_the_first_version_is_upgraded() {
        let dir = TempDir::new().expect("a directory");
        let journal = dir.path().join("lookout.db");
        let old = Connection::open(database_path(&journal)).expect("made");
        let fill = "INSERT INTO targets VALUES ('a', 'Ada is in'); PRAGMA user_version = 1;";
        old.execute_batch(&format!("{CREATE} {fill}")).expect("filled");
        drop(old);
        let kept =
            LocalStore::new(&journal).acquire("a").expect("taken").expect("nobody else sends");
        assert_eq!(kept, Record { edition: 0, text: Some("Ada is in".to_owned()) });
    }
}
