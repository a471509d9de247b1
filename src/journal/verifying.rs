//! Whether a journal is sound: SQLite's structures, and the checksums of all rows.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use rusqlite::{Connection, ErrorCode};

use crate::journal::damage::Table;
use crate::journal::{Reader, damage, scrubbing};

/// How thoroughly SQLite looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Pages and rows.
    Quick,
    /// Indexes against their tables, too.
    Full,
}

/// What was found wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What SQLite finds wrong with the database.
    pub structure: Option<String>,
    /// Damaged events.
    pub events: usize,
    /// Damaged quarantined deliveries.
    pub quarantined: usize,
    /// There was time for a part only.
    pub is_partial: bool,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.structure.is_none() && self.events + self.quarantined == 0
    }
}

/// Examines the whole database behind `connection`.
///
/// # Errors
///
/// What is wrong with it.
pub fn ensure_sound(connection: &Connection, depth: Depth) -> Result<()> {
    let query = match depth {
        Depth::Quick => "PRAGMA quick_check(1)",
        Depth::Full => "PRAGMA integrity_check(1)",
    };
    let found: String = connection.query_row(query, [], |row| row.get(0)).map_err(|error| {
        if damage::is_damage(&error) { anyhow!("it is damaged: {error}") } else { error.into() }
    })?;
    let found = found.lines().next_back().unwrap_or_default();
    ensure!(found == "ok", "it is damaged: {found}");
    Ok(())
}

/// Examines everything that `reader` reads.
///
/// # Errors
///
/// It can't be read for another reason than damage.
pub fn verify(reader: &Reader) -> Result<Verdict> {
    let structure = ensure_sound(reader.connection(), Depth::Full).err();
    counted(reader, structure, || true)
}

/// Examines what `reader` reads, the newest events first, for `limit` at most, half of it for
/// SQLite's structures.
///
/// # Errors
///
/// It can't be read for another reason than damage.
pub fn verify_for(reader: &Reader, limit: Duration) -> Result<Verdict> {
    let begun = Instant::now();
    let examined = interrupted_after(reader.connection(), limit / 2, || {
        ensure_sound(reader.connection(), Depth::Quick)
    });
    let is_partial = examined.as_ref().is_err_and(is_interrupted);
    let structure = examined.err().filter(|_| !is_partial);
    let mut was_cut = false;
    let verdict = counted(reader, structure, || {
        was_cut = begun.elapsed() >= limit;
        !was_cut
    })?;
    Ok(Verdict { is_partial: is_partial || was_cut, ..verdict })
}

fn counted(
    reader: &Reader,
    structure: Option<anyhow::Error>,
    goes_on: impl FnMut() -> bool,
) -> Result<Verdict> {
    let damaged = scrubbing::damaged_until(reader, goes_on);
    let structure = structure.map(|error| format!("{error:#}"));
    // Not even its first page may be readable.
    let damaged = match damaged {
        Err(error) if structure.is_none() => return Err(error),
        damaged => damaged.unwrap_or_default(),
    };
    let of = |table| damaged.iter().filter(|(of, _)| *of == table).count();
    let (events, quarantined) = (of(Table::Events), of(Table::Quarantine));
    Ok(Verdict { structure, events, quarantined, is_partial: false })
}

fn interrupted_after<T>(connection: &Connection, limit: Duration, work: impl FnOnce() -> T) -> T {
    let handle = connection.get_interrupt_handle();
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let outcome = work();
        drop(done);
        outcome
    })
}

fn is_interrupted(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<rusqlite::Error>();
    error.and_then(rusqlite::Error::sqlite_error_code) == Some(ErrorCode::OperationInterrupted)
}
