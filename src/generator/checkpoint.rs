//! The checkpoint beside the journal: a cache that may be deleted at any time, as long as
//! the journal holds every event (`journal.keep`).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::archive;
use crate::roster::checkpoint::{self, Header};
use crate::roster::{Roster, Rules};

/// A roster, and what it had taken in.
pub struct Checkpoint {
    /// The facts.
    pub roster: Roster,
    /// The journal's last event.
    pub last_id: u64,
    /// How far the archive was read, if it was.
    pub archive: Option<archive::Position>,
}

/// Where the checkpoint of the journal at `path` lies.
pub fn place(path: &Path) -> PathBuf {
    path.with_extension("checkpoint")
}

/// The checkpoint of `journal_id`, if there is one of this version, journal and rules.
pub fn read(path: &Path, journal_id: &str, rules: &Rules) -> Option<Checkpoint> {
    let place = place(path);
    let bytes = fs::read(&place).ok()?;
    match checkpoint::decode(&bytes, journal_id, rules.fingerprint()) {
        Ok((roster, Header { position: last_id, archive, .. })) => {
            let archive = postcard::from_bytes(&archive).ok()?;
            Some(Checkpoint { roster, last_id, archive })
        }
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
pub fn write(
    path: &Path,
    journal_id: &str,
    last_id: u64,
    archive: Option<&archive::Position>,
    roster: &Roster,
) -> Result<()> {
    let place = place(path);
    let archive = postcard::to_stdvec(&archive).context("a position always encodes")?;
    let header = Header { journal: journal_id.to_owned(), position: last_id, archive };
    let bytes = checkpoint::encode(roster, &header);
    let dir = place.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        // There is none yet on a machine that only reads an archive.
        fs::create_dir_all(dir)?;
        let mut file = tempfile::Builder::new().prefix(".checkpoint-").tempfile_in(dir)?;
        file.write_all(&bytes)?;
        // Bodies may be removed once they are in here, so it has to last, and its name as well.
        file.as_file().sync_data()?;
        file.persist(&place)?;
        fs::File::open(dir)?.sync_all()
    };
    write().with_context(|| format!("cannot write the checkpoint `{}`", place.display()))
}
