//! What is kept on this machine: a small database beside the journal.
//!
//! It is not the journal's own file, so that no delivery of Zoom's ever waits for a chat. Who
//! holds the lock beside it may send; another process waits until it is gone. Without the
//! lock, somebody may only [change] what is kept, to leave something out for good: that counts up
//! the edition, and who sends can't keep anything before having seen the change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::archive::{Record, Standing};
use crate::files::beside;
use crate::files::lock::{self, Lock};
use crate::journal::{create_for_ourselves, overwrite_unallocated, sync_directory};

const EXTENSION: &str = "notify.db";

/// The version this program writes, kept in `user_version`.
const VERSION: i64 = 2;

/// How long a connection waits for another one's lock.
const BUSY: Duration = Duration::from_secs(2);

/// `id` is a hash, so that no address of a webhook stands here.
const CREATE: &str =
    "CREATE TABLE targets (id TEXT PRIMARY KEY, kept TEXT NOT NULL) WITHOUT ROWID;";

/// Version 2 counts how often somebody changed what is kept who does not send.
const ADD_EDITION: &str = "ALTER TABLE targets ADD COLUMN edition INTEGER NOT NULL DEFAULT 0;";

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
    _lock: Lock,
}

/// Where it lies beside the journal at `path`.
pub fn place(path: &Path) -> PathBuf {
    let place = beside::beside(path, EXTENSION);
    // What an older version told the chats is not told again.
    let former = beside::formerly_beside(path, EXTENSION);
    former.filter(|former| former.exists() && !place.exists()).unwrap_or(place)
}

impl Local {
    /// The database beside the journal at `journal`.
    pub fn beside(journal: &Path) -> Self {
        Self { path: place(journal), open: None }
    }

    /// What is kept of `id`, if nobody else sends.
    pub fn take(&mut self, id: &str) -> Result<Option<Record>> {
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

    /// Keeps `text` for `id`, on disk, if its edition is this.
    pub fn keep(&mut self, id: &str, edition: i64, text: &str) -> Result<Standing> {
        let statement = "INSERT INTO targets (id, kept, edition) VALUES (?1, ?2, ?3)
                         ON CONFLICT (id) DO UPDATE SET kept = excluded.kept
                         WHERE edition = excluded.edition";
        let kept = self
            .connection()?
            .prepare_cached(statement)
            .and_then(|mut it| it.execute(params![id, text, edition]));
        match kept.with_context(|| failed(&self.path))? {
            0 => self.standing(id, edition),
            _ => Ok(Standing::Ours),
        }
    }

    /// Whether the edition of `id` is still this.
    pub fn standing(&self, id: &str, edition: i64) -> Result<Standing> {
        let found = record(self.connection()?, id).with_context(|| failed(&self.path))?;
        Ok(if found.edition == edition { Standing::Ours } else { Standing::Changed(found) })
    }

    fn connection(&self) -> Result<&Connection> {
        let open = self.open.as_ref().context("nothing is kept before it was taken")?;
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

/// Puts what `each` makes of them in the place of all texts beside the journal at `journal`, and
/// of those of `ids` where there is none yet, also while somebody sends. What was there before
/// is nowhere in the files then.
pub fn change(
    journal: &Path,
    ids: &[String],
    mut each: impl FnMut(Option<&str>) -> Result<String>,
) -> Result<()> {
    let path = place(journal);
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
            let text = each(record(&transaction, &id)?.text.as_deref())?;
            transaction.execute(statement, [&id, &text])?;
        }
        Ok(transaction.commit()?)
    };
    change().and_then(|()| overwrite_unallocated(&path, connection)).with_context(|| failed(&path))
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
        let create = if version == 0 { CREATE } else { "" };
        if version < VERSION {
            let steps = format!("{create} {ADD_EDITION} PRAGMA user_version = {VERSION};");
            connection.execute_batch(&format!("BEGIN; {steps} COMMIT;"))?;
        }
        sync_directory(path.parent().unwrap_or(Path::new(".")))?;
        Ok(connection)
    };
    open().with_context(|| failed(path))
}

fn failed(path: &Path) -> String {
    format!("cannot use `{}`, where it is kept what chats were told", path.display())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn what_somebody_else_changed_is_seen_before_anything_is_kept_over_it() {
        let dir = TempDir::new().expect("a directory");
        let journal = dir.path().join("lookout.db");
        let ids = ["a".to_owned(), "b".to_owned()];
        change(&journal, &ids, |_| panic!("there is nothing")).expect("nothing to do");
        let mut local = Local::beside(&journal);
        assert_eq!(local.take("a").expect("taken"), Some(Record::default()));
        assert_eq!(local.keep("a", 0, "Ada is in").expect("kept"), Standing::Ours);
        let forget = |text: Option<&str>| Ok(text.unwrap_or("nothing").replace("Ada", "-"));
        change(&journal, &ids, forget).expect("changed");
        // Neither over what was there nor where there was nothing.
        for (id, text) in [("a", "- is in"), ("b", "nothing")] {
            let changed = Standing::Changed(Record { edition: 1, text: Some(text.to_owned()) });
            assert_eq!(local.standing(id, 0).expect("read"), changed, "{id}");
            assert_eq!(local.keep(id, 0, "Ada is in").expect("not kept"), changed, "{id}");
            assert_eq!(local.keep(id, 1, "Bo is in").expect("kept"), Standing::Ours, "{id}");
        }
    }

    #[test]
    fn journals_in_one_directory_share_nothing_and_go_on_with_what_an_older_version_kept() {
        let dir = TempDir::new().expect("a directory");
        let (lounge, cafe) = (dir.path().join("rooms.lounge"), dir.path().join("rooms.cafe"));
        for journal in [&lounge, &cafe] {
            assert_eq!(place(journal).parent(), Some(dir.path()));
        }
        assert_ne!(place(&lounge), place(&cafe));
        let old = connect(&dir.path().join("rooms.notify.db")).expect("made");
        old.execute("INSERT INTO targets (id, kept) VALUES ('a', 'Ada is in')", [])
            .expect("filled");
        drop(old);
        let kept = Local::beside(&lounge).take("a").expect("taken").expect("nobody else sends");
        assert_eq!(kept.text.as_deref(), Some("Ada is in"));
    }

    #[test]
    fn a_file_of_the_first_version_goes_on() {
        let dir = TempDir::new().expect("a directory");
        let journal = dir.path().join("lookout.db");
        let old = Connection::open(place(&journal)).expect("made");
        let fill = "INSERT INTO targets VALUES ('a', 'Ada is in'); PRAGMA user_version = 1;";
        old.execute_batch(&format!("{CREATE} {fill}")).expect("filled");
        drop(old);
        let kept = Local::beside(&journal).take("a").expect("taken").expect("nobody else sends");
        assert_eq!(kept, Record { edition: 0, text: Some("Ada is in".to_owned()) });
    }
}
