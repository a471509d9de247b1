//! Connections to a journal, for reading or for writing.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::files::{directory, regular_file};
use crate::journal::{schema, wal};

/// Older versions of SQLite could corrupt a log that two connections write.
const SQLITE_MIN: i32 = 3_051_003;

/// Opens the journal for writing; creates it, its directory and its tables if they are missing.
pub fn open_writer(path: &Path) -> Result<Connection> {
    ensure!(
        rusqlite::version_number() >= SQLITE_MIN,
        "this program was built with SQLite {}, which can damage a journal; build it with 3.51.3 or later",
        rusqlite::version()
    );
    create_directory_of(path)?;
    refuse_directory(path)?;
    let failed = || format!("cannot open the journal `{}`", path.display());
    let cannot_write = || format!("cannot write the journal `{}`", path.display());
    // It says what everybody did, including people who are not published. SQLite gives the
    // files next to it the same mode.
    regular_file::create_private(path).with_context(failed)?;
    wal::make_durable(path).map_err(explained).with_context(cannot_write)?;
    let connection = Connection::open(path).map_err(|error| explained(error.into()));
    let connection = connection.with_context(failed)?;
    connection.busy_timeout(wal::BUSY_TIMEOUT)?;
    plan_queries_once(&connection)?;
    // `secure_delete` overwrites what is removed, so that no personal data stays in the file.
    // `BEGIN` fails here if this user may not write the journal.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; \
             BEGIN IMMEDIATE",
        )
        .map_err(|error| explained(error.into()))
        .with_context(cannot_write)?;
    schema::migrate(&connection, path)?;
    connection.execute_batch("COMMIT")?;
    directory::sync(directory::of(path))?;
    Ok(connection)
}

/// Creates the directory of the journal at `path` if it is missing.
pub fn create_directory_of(path: &Path) -> Result<()> {
    let dir = directory::of(path);
    directory::create(dir).with_context(|| {
        let dir = dir.display();
        format!("cannot create `{dir}`, the directory of `journal.path`; name another")
    })
}

/// A lock is not released in time.
#[derive(Debug, thiserror::Error)]
#[error("another program keeps it locked; `fuser` tells which one has it open")]
pub struct Busy;

/// Replaces an error of SQLite by a sentence that says what to do: SQLite's own texts repeat
/// themselves and don't say it.
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
        (ErrorCode::DatabaseBusy, _) => Busy.into(),
        (ErrorCode::DiskFull, _) => anyhow!("the disk is full; make room"),
        // Whoever runs for long has to recognise it.
        (ErrorCode::FileLockingProtocolFailed, _) => error,
        (_, Some(text)) => anyhow!("{text}"),
        (_, None) => anyhow!("{failure}"),
    }
}

fn refuse_directory(path: &Path) -> Result<()> {
    let shown = path.display();
    ensure!(
        !path.is_dir(),
        "`journal.path` leads to a directory, `{shown}`; name a file in it, such as `{shown}/lookout.db`"
    );
    Ok(())
}

/// Opens the journal for reading only; `None` if there is none yet.
pub fn open_reader(path: &Path) -> Result<Option<Connection>> {
    let context = || format!("cannot read the journal `{}`", path.display());
    // `try_exists` fails if this user may not look; that does not mean that there is no journal.
    if !path.try_exists().with_context(context)? {
        return Ok(None);
    }
    refuse_directory(path)?;
    let open = || {
        let connection = connect_reader(path)?;
        let version = schema::version(&connection)?;
        Ok::<_, anyhow::Error>((connection, version))
    };
    let (connection, version) = open().map_err(explained).with_context(context)?;
    if version == 0 {
        return Ok(None);
    }
    schema::refuse_newer(version, path)?;
    Ok(Some(connection))
}

/// Opens the database at `path` for reading only, without a look at its content.
pub fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(wal::BUSY_TIMEOUT)?;
    plan_queries_once(&connection)?;
    Ok(connection)
}

/// Makes SQLite plan a prepared query once, not again for each value that it compares.
fn plan_queries_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Closes `connection` so that no log stays next to its database.
pub fn close(connection: Connection) -> Result<()> {
    wal::try_truncate(&connection)?;
    connection.close().map_err(|(_, error)| error.into())
}
