//! The tables of the store, their version, and how it is opened.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// The version of the tables, in `user_version`.
const VERSION: i64 = 2;

/// Identifies a store, in `application_id`: "LkSt".
const APPLICATION_ID: i64 = 0x4c6b_5374;

/// How long a connection waits for a lock. A rebuild may hold it that long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The page cache, in KiB. It holds everything that one publication reads.
const CACHE_KIB: i64 = 8 << 10;

/// Each `checksum` covers the rest of its row: see [`row_checksum`](super::chunks::row_checksum).
/// Ids of `facts` and `sessions` combine the meeting's id with a number: see
/// [`chunk_id`](super::chunks::chunk_id). `who` is the id of a name, or the negative id of an
/// account.
const CREATE_TABLES: &str = "
CREATE TABLE store (
    journal    TEXT NOT NULL,
    former     TEXT NOT NULL,
    position   INTEGER NOT NULL,
    last_key   BLOB,
    archive    BLOB NOT NULL,
    understood INTEGER NOT NULL,
    reread     INTEGER,
    edition    INTEGER NOT NULL
);
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, seen_at INTEGER, seen_stamp_ms INTEGER, checksum INTEGER NOT NULL);
CREATE TABLE account (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, checksum INTEGER NOT NULL);
CREATE TABLE meeting (
    id         INTEGER PRIMARY KEY,
    uuid       TEXT NOT NULL UNIQUE,
    number     TEXT,
    number_at  INTEGER,
    first_seen INTEGER,
    last_seen  INTEGER,
    first_fact INTEGER NOT NULL,
    last_fact  INTEGER NOT NULL,
    checksum   INTEGER NOT NULL
);
CREATE INDEX meeting_by_number ON meeting (number, first_seen);
CREATE TABLE facts (id INTEGER PRIMARY KEY, events BLOB NOT NULL);
CREATE TABLE sessions (
    id       INTEGER PRIMARY KEY,
    reach    INTEGER NOT NULL,
    has_open INTEGER NOT NULL,
    of       BLOB NOT NULL
);
CREATE INDEX sessions_by_reach ON sessions (reach);
CREATE INDEX sessions_open ON sessions (id) WHERE has_open;
CREATE TABLE attended (who INTEGER, meeting INTEGER, reach INTEGER NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (who, meeting)) WITHOUT ROWID;
CREATE INDEX attended_by_reach ON attended (who, reach);
CREATE TABLE account_of (who INTEGER, account INTEGER, PRIMARY KEY (account, who)) WITHOUT ROWID;
CREATE TABLE last_visit (who INTEGER, number TEXT, found BLOB NOT NULL, PRIMARY KEY (who, number)) WITHOUT ROWID;
CREATE TABLE outdated (who INTEGER, number TEXT, PRIMARY KEY (who, number)) WITHOUT ROWID;
CREATE TABLE future (event BLOB PRIMARY KEY, source INTEGER NOT NULL) WITHOUT ROWID;
";

/// Added in version 2. The rows of older stores come with the reread of all events, because their facts
/// are of an older version, too.
const CREATE_WAITING: &str =
    "CREATE TABLE waiting (meeting INTEGER PRIMARY KEY, of BLOB NOT NULL);";

/// Opens the store at `path`, which is created if it is missing; `None` if it has another version.
pub(super) fn open(path: &Path) -> Result<Option<Connection>> {
    make_private(path)?;
    let connection = Connection::open(path)?;
    // SQLite opens a file for reading if it cannot open it for writing, such as without a free file
    // descriptor, and never tries again.
    ensure!(!connection.is_readonly("main")?, "it can only be opened for reading at the moment");
    configure_durable(&connection)?;
    ready(connection)
}

/// Opens a new store at `path` that is filled, copied and removed. It need not survive a failure, so
/// nothing is logged, synced or overwritten.
pub(super) fn open_temporary(path: &Path) -> Result<Connection> {
    make_private(path)?;
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "memory")?;
    connection.pragma_update(None, "synchronous", "off")?;
    configure(&connection)?;
    ready(connection)?.context("a new database has no version")
}

/// Creates a store in memory.
pub(super) fn in_memory() -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    ready(connection)?.context("a new database has no version")
}

/// Creates the file at `path`, if it is missing, readable by its owner only.
pub(super) fn make_private(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    drop(file.with_context(|| format!("`{}`", path.display()))?);
    Ok(())
}

fn configure(connection: &Connection) -> Result<()> {
    // Without this, SQLite replans a query for each value it compares.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

fn configure_durable(connection: &Connection) -> Result<()> {
    configure(connection)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // After a power cut, lost commits are read from the journal again. The store is synced before
    // events are removed there.
    connection.pragma_update(None, "synchronous", "normal")?;
    // `forget` must leave no bytes in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    Ok(())
}

fn ready(mut connection: Connection) -> Result<Option<Connection>> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match version(&transaction)? {
        0 => create(&transaction)?,
        1 => add_waiting(&transaction)?,
        VERSION => {}
        _ => return Ok(None),
    }
    transaction.commit()?;
    Ok(Some(connection))
}

fn create(db: &Connection) -> Result<()> {
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    ensure!(tables == 0, "it is the database of another program");
    db.execute_batch(CREATE_TABLES)?;
    db.execute("INSERT INTO store VALUES ('', '', 0, NULL, x'', 0, NULL, 0)", [])?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    add_waiting(db)
}

fn add_waiting(db: &Connection) -> Result<()> {
    db.execute_batch(CREATE_WAITING)?;
    Ok(db.pragma_update(None, "user_version", VERSION)?)
}

fn version(connection: &Connection) -> Result<i64> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
