//! The damaged rows that this process has found in its journals.
//!
//! Many readers may find the same damaged row: it is logged once, and all parts of the process count
//! the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::ErrorCode;

/// The most damaged rows that are logged; others are only counted.
const MAX_LOGGED: usize = 20;

static FOUND: Mutex<BTreeMap<PathBuf, BTreeSet<RowId>>> = Mutex::new(BTreeMap::new());

/// A table with bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Events.
    Events,
    /// Quarantined deliveries.
    Quarantine,
}

/// A row of the journal: its table and its place.
pub type RowId = (Table, u64);

impl Table {
    /// Its name in the database.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Quarantine => "quarantine",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "event",
            Self::Quarantine => "quarantined delivery",
        })
    }
}

/// Records that a row of the journal at `path` is damaged.
pub(super) fn report(path: &Path, row: RowId) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let found = found.entry(path.to_owned()).or_default();
    if !found.insert(row) || found.len() > MAX_LOGGED {
        return;
    }
    let (table, id) = row;
    tracing::error!(
        "{table} {id} of the journal `{}` is damaged and left out; `lookout check --deep` counts all that are, \
         `lookout repair` restores them",
        path.display()
    );
}

/// How many rows of the journal at `path` are known to be damaged.
pub fn damaged_row_count(path: &Path) -> usize {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.get(path).map_or(0, BTreeSet::len)
}

/// The rows of the journal at `path` that are known to be damaged.
pub fn damaged_rows(path: &Path) -> BTreeSet<RowId> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned().unwrap_or_default()
}

/// Records the result of a scrub of the whole journal at `path`.
pub(super) fn replace(path: &Path, rows: BTreeSet<RowId>) {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), rows);
}

/// Whether SQLite failed because a page is damaged.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
