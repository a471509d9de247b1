//! `lookout restore FILE`: replaces the journal by a backup, and keeps the old journal.
//!
//! Run as root, it opens a backup that only root can replace as root, because other users may have
//! no right to read it. It then becomes the journal's owner, so that the new journal belongs to
//! that user, and that user's links can't mislead root.

use std::path::Path;

use anyhow::Result;

use crate::app::privileges;
use crate::config::Settings;
use crate::files::controller::controller;
use crate::generator::{Backup, Restored};

/// Replaces the journal by the backup at `from`.
pub fn run(settings: &Settings, from: &Path) -> Result<()> {
    let backup = open_backup(settings, from)?;
    let Restored { old_path, lacks_store } = backup.restore(settings)?;
    let journal = settings.journal.path.display();
    tracing::info!("`{journal}` was restored from `{}`; start Lookout again", from.display());
    if lacks_store {
        tracing::warn!(
            "events were pruned before the backup was made (`journal.keep`), and its `.presence` file is not next to \
             it, so these events are not shown; put that file there and run this again"
        );
    }
    if let Some(old_path) = old_path {
        tracing::info!(
            "the old journal is kept as `{}`; it contains all names, so remove it once you have checked that nothing \
             is missing",
            old_path.display()
        );
    }
    Ok(())
}

/// Opens the backup at `from`, and becomes the journal's owner.
pub(super) fn open_backup(settings: &Settings, from: &Path) -> Result<Backup> {
    if !matches!(controller(from), Ok(None)) {
        privileges::become_journal_owner(settings)?;
        return Backup::open(settings, from);
    }
    let backup = Backup::open(settings, from)?;
    privileges::become_journal_owner(settings)?;
    Ok(backup)
}
