//! `lookout restore FILE`: puts a backup in the journal's place, and keeps what was there.
//!
//! Run as root, it opens the backup as root where only root can replace it, because nobody else may
//! read there, and then becomes the journal's owner: so the journal is theirs, and no link of
//! theirs leads root anywhere.

use std::path::Path;

use anyhow::Result;

use crate::commands::owner;
use crate::config::Settings;
use crate::files::controller::controller;
use crate::generator::{Backup, Restored};

/// Puts the backup at `from` in the journal's place.
pub fn run(settings: &Settings, from: &Path) -> Result<()> {
    let backup = open_backup(settings, from)?;
    let Restored { aside, lacks_store } = backup.restore(settings)?;
    let journal = settings.journal.path.display();
    tracing::info!("`{journal}` is what `{}` was; start Lookout again", from.display());
    if lacks_store {
        tracing::warn!(
            "events were removed before the backup was made (`journal.keep`), and its `.presence` is not beside \
             it, so what happened then is not shown; with that file there, run this again"
        );
    }
    if let Some(aside) = aside {
        tracing::info!(
            "the journal that was there is `{}`; remove it once nothing is missing, as it holds all names",
            aside.display()
        );
    }
    Ok(())
}

/// Opens the backup at `from`, and becomes the journal's owner.
pub(super) fn open_backup(settings: &Settings, from: &Path) -> Result<Backup> {
    if !matches!(controller(from), Ok(None)) {
        owner::become_journals(settings)?;
        return Backup::open(settings, from);
    }
    let backup = Backup::open(settings, from)?;
    owner::become_journals(settings)?;
    Ok(backup)
}
