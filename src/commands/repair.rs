//! `lookout repair [FILE]`: writes a new journal from the sound rows of a damaged one, and from the
//! archive or a backup for the others.

use std::path::Path;

use anyhow::{Result, ensure};
use tokio::runtime::Handle;

use crate::app::counted::counted;
use crate::app::privileges;
use crate::commands::restore;
use crate::config::Settings;
use crate::generator::{self, Repaired};

/// Repairs the journal; fails if something could not be restored, after restoring the rest.
pub fn run(settings: &Settings, from: Option<&Path>, runtime: &Handle) -> Result<()> {
    let backup = from.map(|from| restore::open_backup(settings, from)).transpose()?;
    privileges::become_journal_owner(settings)?;
    let journal = settings.journal.path.display();
    let Repaired::Renewed { aside, damaged, lost } = generator::repair(settings, backup, runtime)?
    else {
        tracing::info!("`{journal}` is sound; nothing was changed");
        return Ok(());
    };
    let restored = (damaged - lost) as u64;
    let restored = counted(restored, "damaged row was restored", "damaged rows were restored");
    tracing::info!("`{journal}` is sound again: {restored}; start Lookout again");
    if let Some(aside) = aside {
        tracing::info!(
            "the damaged journal is `{}`; remove it once nothing is missing, as it contains all names",
            aside.display()
        );
    }
    if from.is_some() {
        tracing::info!("forget again each person that was forgotten after the backup was made");
    }
    ensure!(
        lost == 0,
        "{} could not be restored: neither the archive nor the backup has more; events that it kept elsewhere come \
         back by `lookout import`",
        counted(lost as u64, "row", "rows")
    );
    Ok(())
}
