//! What was found damaged in the journals that this process reads.
//!
//! Many readers come and go, and each may meet the same damaged row: it is logged once, and all
//! parts of the process count the same rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::ErrorCode;

/// Beyond so many damaged rows they are only counted.
const LOGGED: usize = 20;

static FOUND: Mutex<BTreeMap<PathBuf, BTreeSet<Place>>> = Mutex::new(BTreeMap::new());

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Events.
    Events,
    /// Quarantined deliveries.
    Quarantine,
}

/// A row of the journal.
pub type Place = (Table, u64);

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

/// Notes that the row at `place` of the journal at `path` is damaged.
pub(super) fn report(path: &Path, place: Place) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let found = found.entry(path.to_owned()).or_default();
    if !found.insert(place) || found.len() > LOGGED {
        return;
    }
    let (table, id) = place;
    tracing::error!(
        "{table} {id} of the journal `{}` is damaged and left out; `lookout check --deep` counts all that are, \
         `lookout repair` restores them",
        path.display()
    );
}

/// How many rows of the journal at `path` were found damaged.
pub fn found(path: &Path) -> usize {
    let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found.get(path).map_or(0, BTreeSet::len)
}

/// All rows of the journal at `path` that were found damaged.
pub fn places(path: &Path) -> BTreeSet<Place> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned().unwrap_or_default()
}

/// Takes `places` for all that is damaged in the journal at `path`, after looking at all of it.
pub(super) fn replace(path: &Path, places: BTreeSet<Place>) {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), places);
}

/// Whether a page could not be read because it is damaged.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error_code();
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}
