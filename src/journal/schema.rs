//! The tables of the journal, their version, and how a connection is opened.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::journal::log;

/// The version this program writes, kept in `user_version`.
const VERSION: i64 = 3;

/// From this version on rows have checksums.
const WITH_CHECKSUMS: i64 = 3;

/// SQLite before this could corrupt a WAL that two connections write.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a connection waits for another one's lock.
pub(super) const BUSY: Duration = Duration::from_secs(2);

/// `keys` remembers every delivery for ever; the other two may be pruned. Rows of
/// `events` are read in the order of `id` (what is new) or of `at` (a replay), and
/// removed in the order of `received_ms`.
const CREATE: &str = "
CREATE TABLE journal (id TEXT NOT NULL, pruned INTEGER NOT NULL);
INSERT INTO journal VALUES (lower(hex(randomblob(16))), 0);
CREATE TABLE keys (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    key         BLOB NOT NULL,
    request_id  TEXT,
    document    TEXT NOT NULL
);
CREATE INDEX events_at ON events (at, id);
CREATE INDEX events_received ON events (received_ms);
CREATE TABLE quarantine (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_ms INTEGER NOT NULL,
    key         BLOB NOT NULL,
    request_id  TEXT,
    body        BLOB NOT NULL
);
";

/// Steps from one version to the next: `MIGRATIONS[0]` leads from 1 to 2, and so on.
const MIGRATIONS: [&str; (VERSION - 1) as usize] = [
    "
-- How far each archive has everything.
CREATE TABLE shipped (
    archive     TEXT PRIMARY KEY,
    event       INTEGER NOT NULL,
    quarantined INTEGER NOT NULL
) WITHOUT ROWID;
",
    "
-- Of rows from before, scrubbing fills them in: no row is touched now, however many there are.
ALTER TABLE events ADD COLUMN checksum INTEGER;
ALTER TABLE quarantine ADD COLUMN checksum INTEGER;
",
];

/// Opens the journal for writing; creates it, its directory and its tables if need be.
pub fn open_writer(path: &Path) -> Result<Connection> {
    ensure!(
        rusqlite::version_number() >= OLDEST_SQLITE,
        "this program was built with SQLite {}, which can damage a journal; build it with 3.51.3 or later",
        rusqlite::version()
    );
    create_directory_of(path)?;
    refuse_a_directory(path)?;
    let failed = || format!("cannot open the journal `{}`", path.display());
    create_for_ourselves(path).with_context(failed)?;
    log::make_it_last(path).map_err(explained).with_context(|| cannot_write(path))?;
    let connection = Connection::open(path).map_err(|error| explained(error.into()));
    let connection = connection.with_context(failed)?;
    configure(&connection, path)?;
    sync_directory(directory_of(path))?;
    Ok(connection)
}

/// The directory of the journal at `path`.
pub fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates the directory of the journal at `path` if need be.
pub fn create_directory_of(path: &Path) -> Result<()> {
    let dir = directory_of(path);
    create_directory(dir).with_context(|| {
        let dir = dir.display();
        format!("cannot create `{dir}`, the directory of `journal.path`; name another")
    })
}

/// SQLite's error in a sentence: its own texts say everything twice, and nothing of what to do.
pub fn explained(error: anyhow::Error) -> anyhow::Error {
    let Some(rusqlite::Error::SqliteFailure(failure, text)) = error.downcast_ref() else {
        return error;
    };
    match (failure.code, text) {
        (ErrorCode::CannotOpen, _) => {
            anyhow!("this user may not open it; correct its owner and mode, and its directory's")
        }
        (ErrorCode::NotADatabase, _) => {
            anyhow!("it is no database; move it away, or name another file in `journal.path`")
        }
        (ErrorCode::DatabaseCorrupt, _) => {
            anyhow!("it is damaged; stop Lookout and run `lookout repair`")
        }
        (ErrorCode::ReadOnly, _) => {
            anyhow!("this user may not write it; correct its owner and mode, and its directory's")
        }
        (ErrorCode::DatabaseBusy, _) => {
            anyhow!("another program keeps it locked; `fuser` tells which one has it open")
        }
        (ErrorCode::DiskFull, _) => anyhow!("the disk is full; make room"),
        (_, Some(text)) => anyhow!("{text}"),
        (_, None) => anyhow!("{failure}"),
    }
}

/// Creates `dir` and what is missing above it. Each has to last over a power cut, or what is
/// synced in it is nowhere.
fn create_directory(dir: &Path) -> Result<()> {
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    let above = dir.parent().unwrap_or(Path::new(""));
    create_directory(above)?;
    match fs::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => sync_directory(above),
    }
}

fn refuse_a_directory(path: &Path) -> Result<()> {
    let shown = path.display();
    ensure!(
        !path.is_dir(),
        "`journal.path` leads to a directory, `{shown}`; name a file in it, such as `{shown}/lookout.db`"
    );
    Ok(())
}

/// Makes a journal that nobody else may read: it tells what everybody did, also who is
/// not published. SQLite gives the files beside it the same mode.
pub fn create_for_ourselves(path: &Path) -> io::Result<()> {
    match File::options().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens the journal for reading only; `None` where there is none yet.
pub fn open_reader(path: &Path) -> Result<Option<Connection>> {
    let context = || format!("cannot read the journal `{}`", path.display());
    // Not to be allowed to look is no sign that there is nothing.
    if !path.try_exists().with_context(context)? {
        return Ok(None);
    }
    refuse_a_directory(path)?;
    let open = || {
        let connection = connect_reader(path)?;
        let version = version(&connection)?;
        Ok::<_, anyhow::Error>((connection, version))
    };
    let (connection, version) = open().map_err(explained).with_context(context)?;
    if version == 0 {
        return Ok(None);
    }
    refuse_newer(version, path)?;
    Ok(Some(connection))
}

/// A connection to the database at `path`, whatever is in it, for reading only.
pub fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    keep_plans(&connection)?;
    Ok(connection)
}

/// Plans a prepared query once, not anew for each value that it compares.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn configure(connection: &Connection, path: &Path) -> Result<()> {
    connection.busy_timeout(BUSY)?;
    keep_plans(connection)?;
    // What is removed is overwritten: nothing of a person stays in the file by accident.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;",
        )
        .map_err(|error| explained(error.into()))
        .with_context(|| cannot_write(path))?;
    migrate(connection, path)
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the journal `{}`", path.display())
}

fn migrate(connection: &Connection, path: &Path) -> Result<()> {
    // Whoever may not write it learns so here.
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(|error| explained(error.into()))
        .with_context(|| cannot_write(path))?;
    let from = version(connection)?;
    refuse_newer(from, path)?;
    if from == 0 {
        connection.execute_batch(CREATE)?;
    }
    for step in MIGRATIONS.iter().skip(from.max(1) as usize - 1) {
        connection.execute_batch(step)?;
    }
    if from != VERSION {
        connection.pragma_update(None, "user_version", VERSION)?;
    }
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Whether rows of the journal behind `connection` have checksums.
pub fn has_checksums(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(version(connection)? >= WITH_CHECKSUMS)
}

/// An id that no journal has.
pub fn new_id(connection: &Connection) -> rusqlite::Result<String> {
    connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))
}

/// Makes it another journal: what was kept of the one it was does not count any more.
pub fn set_id(connection: &Connection, id: &str) -> rusqlite::Result<()> {
    connection.execute("UPDATE journal SET id = ?1", [id]).map(drop)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn refuse_newer(version: i64, path: &Path) -> Result<()> {
    if version > VERSION {
        bail!(
            "the journal `{}` has version {version}, this program knows {VERSION}; run the newer Lookout that wrote it",
            path.display()
        );
    }
    Ok(())
}

/// Makes the names of new files last over a power cut.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .with_context(|| format!("cannot sync the directory `{}`", dir.display()))
}
