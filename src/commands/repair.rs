//! `lookout repair [FILE]`: replaces a damaged journal by a new one. Its undamaged rows are copied; its
//! damaged rows are restored from the backup FILE or from the archive.

use std::path::Path;

use anyhow::{Result, ensure};
use tokio::runtime::Handle;

use crate::app::counted::counted;
use crate::app::privileges;
use crate::commands::restore;
use crate::config::Settings;
use crate::generator::{self, Repaired};

/// Repairs the journal. If some rows can't be restored, it restores the others, and then fails.
pub fn run(settings: &Settings, from: Option<&Path>, runtime: &Handle) -> Result<()> {
    let backup = from.map(|from| restore::open_backup(settings, from)).transpose()?;
    privileges::become_journal_owner(settings)?;
    let journal = settings.journal.path.display();
    let Repaired::Replaced { old_path, damaged, lost } =
        generator::repair(settings, backup, runtime)?
    else {
        tracing::info!("`{journal}` is not damaged; nothing was changed");
        return Ok(());
    };
    let restored = (damaged - lost) as u64;
    let restored = counted(restored, "damaged row was restored", "damaged rows were restored");
    tracing::info!("`{journal}` was repaired: {restored}; start Lookout again");
    if let Some(old_path) = old_path {
        tracing::info!(
            "the damaged journal is kept as `{}`; it contains all names, so remove it once you have checked that \
             nothing is missing",
            old_path.display()
        );
    }
    if from.is_some() {
        tracing::info!(
            "the backup may have names that were forgotten after it was made; run `lookout forget` again for each"
        );
    }
    ensure!(
        lost == 0,
        "{} could not be restored, as neither the archive nor a backup has what is missing; if you have an export, add \
         its events with `lookout import`",
        counted(lost as u64, "row", "rows")
    );
    Ok(())
}
