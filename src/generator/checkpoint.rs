//! The checkpoint beside the journal: a cache that may be deleted at any time.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::roster::{Roster, Rules, checkpoint};

/// A roster, and how far it had read.
pub struct Found {
    pub roster: Roster,
    pub last_id: u64,
}

/// Where the checkpoint of the journal at `path` lies.
pub fn place(path: &Path) -> PathBuf {
    path.with_extension("checkpoint")
}

/// The checkpoint, if there is one of this version, journal and rules.
pub fn read(path: &Path, journal_id: &str, rules: &Rules) -> Option<Found> {
    let bytes = fs::read(place(path)).ok()?;
    let (roster, last_id) = checkpoint::decode(&bytes, journal_id, rules)?;
    Some(Found { roster, last_id })
}

/// Replaces the checkpoint.
pub fn write(
    path: &Path,
    journal_id: &str,
    rules: &Rules,
    last_id: u64,
    roster: &Roster,
) -> Result<()> {
    let place = place(path);
    let bytes = checkpoint::encode(roster, journal_id, rules, last_id);
    let dir = place.parent().unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".checkpoint-").tempfile_in(dir)?;
        file.write_all(&bytes)?;
        // Bodies may be removed once they are in here, so it has to last.
        file.as_file().sync_data()?;
        file.persist(&place)?;
        std::io::Result::Ok(())
    };
    write().with_context(|| format!("cannot write the checkpoint `{}`", place.display()))
}
