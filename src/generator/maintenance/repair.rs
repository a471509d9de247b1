//! Repairs a damaged journal.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::runtime::Handle;

use super::replacement::{NewStore, replace_journal};
use super::restore::Backup;
use crate::archive::{self, Archive, Archived};
use crate::config::Settings;
use crate::journal::{self, Reader, Salvage};

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repaired {
    /// Nothing is damaged.
    Undamaged,
    /// The journal was replaced by a new one.
    Replaced {
        /// Where the damaged journal is kept.
        old_path: Option<PathBuf>,
        /// The number of damaged rows.
        damaged: usize,
        /// The number of those that could not be restored.
        lost: usize,
    },
}

/// Makes a new journal from the undamaged rows of the damaged one, from `backup`, and from the archive
/// if there is one. The damaged journal is kept under another name.
///
/// # Errors
///
/// Another process writes the journal, the backup is damaged, or the archive can't be read;
/// nothing was changed then.
pub fn repair(settings: &Settings, backup: Option<Backup>, runtime: &Handle) -> Result<Repaired> {
    let path = &settings.journal.path;
    let journal_lock = journal::lock_for_restore(path)?;
    if is_sound(path)? {
        return Ok(Repaired::Undamaged);
    }
    let mut salvage = Salvage::begin(path)?;
    let damaged = salvage.missing();
    if let Some(backup) = backup {
        salvage.fill_from_backup(&backup.stage(path)?)?;
    }
    if let Some(archive) = settings.archive.as_ref().filter(|_| salvage.missing() > 0) {
        fill_from_archive(&mut salvage, &Archive::new(archive, runtime.clone()), runtime)?;
    }
    let lost = salvage.missing();
    let staged = salvage.finish()?;
    // The store never read the damaged rows.
    let new_store = if staged.is_pruned { NewStore::Old } else { NewStore::Empty };
    let old_path = replace_journal(staged, settings, &journal_lock, new_store)?;
    Ok(Repaired::Replaced { old_path, damaged, lost })
}

fn is_sound(path: &Path) -> Result<bool> {
    match Reader::open(path) {
        Ok(reader) => {
            let reader =
                reader.with_context(|| format!("there is no journal at `{}`", path.display()))?;
            Ok(journal::verify(&reader)?.is_sound())
        }
        // If it is not damage that prevents opening, the salvage reports it.
        Err(_) => Ok(false),
    }
}

fn fill_from_archive(salvage: &mut Salvage, archive: &Archive, runtime: &Handle) -> Result<()> {
    let mut outcome = Ok(());
    let walk = archive::walk(archive, |archived, _| {
        if outcome.is_ok() {
            outcome = match archived {
                Archived::Event(entry) => salvage.offer_event(entry),
                Archived::Quarantined(odd) => salvage.offer_quarantined(odd),
            };
        }
        None
    });
    runtime.block_on(walk).context("the archive cannot be read; correct that, or name a backup")?;
    outcome
}
