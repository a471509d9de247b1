//! The checkpoint beside the journal: a cache that may be deleted at any time, as long as
//! the journal holds every event (`journal.keep`).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::roster::checkpoint::{self, Header};
use crate::roster::{Roster, Rules};
use crate::site::Position;

/// Where the checkpoint of the journal at `path` lies.
pub fn place(path: &Path) -> PathBuf {
    path.with_extension("checkpoint")
}

/// The roster of `journal_id`, and the last event it had taken in, if there is a
/// checkpoint of this version, journal and rules.
pub fn read(path: &Path, journal_id: &str, rules: &Rules) -> Option<(Roster, u64)> {
    let place = place(path);
    let bytes = fs::read(&place).ok()?;
    match checkpoint::decode(&bytes, journal_id, rules.fingerprint()) {
        Ok((roster, header)) => Some((roster, header.position)),
        Err(ignored) => {
            tracing::info!(
                "`{}` is ignored, and all events are read again: {ignored}",
                place.display()
            );
            None
        }
    }
}

/// Replaces the checkpoint.
pub fn write(path: &Path, position: &Position, roster: &Roster) -> Result<()> {
    let place = place(path);
    let header = Header { journal: position.journal.clone(), position: position.last_event };
    let bytes = checkpoint::encode(roster, &header);
    let dir = place.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".checkpoint-").tempfile_in(dir)?;
        file.write_all(&bytes)?;
        // Bodies may be removed once they are in here, so it has to last, and its name as well.
        file.as_file().sync_data()?;
        file.persist(&place)?;
        fs::File::open(dir)?.sync_all()
    };
    write().with_context(|| format!("cannot write the checkpoint `{}`", place.display()))
}
