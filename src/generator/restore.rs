//! Putting a backup in the journal's place, and its checkpoint with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::config::Settings;
use crate::generator::checkpoint;
use crate::journal::{self, BackupFile, Staged};
use crate::lock::Lock;
use crate::roster::checkpoint::relabel;

/// A backup and the checkpoints that may belong to it, read.
#[derive(Debug)]
pub struct Backup {
    file: BackupFile,
    checkpoints: Vec<Vec<u8>>,
}

/// What a restore did.
#[derive(Debug)]
pub struct Restored {
    /// Where the journal is that was there before.
    pub aside: Option<PathBuf>,
    /// Old events are missing: they were removed before the backup was made, and the checkpoint
    /// that has them is not beside it.
    pub lacks_checkpoint: bool,
}

impl Backup {
    /// Reads the backup at `path`, which may lie where only root may read.
    ///
    /// # Errors
    ///
    /// It can't be read, or is the journal itself.
    pub fn open(settings: &Settings, path: &Path) -> Result<Self> {
        let file = BackupFile::open(path, &settings.journal.path)?;
        let checkpoints = checkpoint::all_bytes(path);
        Ok(Self { file, checkpoints })
    }

    /// Puts it in the journal's place. The journal that was there, and its checkpoint, are kept
    /// under another name.
    ///
    /// # Errors
    ///
    /// It is no sound backup, or somebody writes the journal; nothing was changed then.
    pub fn restore(self, settings: &Settings) -> Result<Restored> {
        let path = &settings.journal.path;
        let alone = journal::lock_alone(path)?;
        let staged = self.file.stage(path)?;
        let is_its_own = |bytes: &&Vec<u8>| checkpoint::is_of_journal(bytes, &staged.backup_id);
        let kept = self.checkpoints.iter().find(is_its_own);
        let kept = kept.map(|bytes| relabel(bytes, &staged.id)).transpose()?;
        let lacks_checkpoint = staged.is_pruned && kept.is_none() && settings.archive.is_none();
        let aside = put_in_place(staged, settings, &alone, kept)?;
        Ok(Restored { aside, lacks_checkpoint })
    }

    /// A sound copy of it beside the journal at `path`.
    pub(super) fn stage(self, path: &Path) -> Result<Staged> {
        self.file.stage(path)
    }
}

/// Puts `staged` in the journal's place, and `kept` in the place of its checkpoint. Returns where
/// the journal is that was there.
pub(super) fn put_in_place(
    staged: Staged,
    settings: &Settings,
    alone: &Lock,
    kept: Option<Vec<u8>>,
) -> Result<Option<PathBuf>> {
    let path = &settings.journal.path;
    let _lock = checkpoint::lock(path)?;
    staged.put_in_place(path, alone, |aside| {
        let place = checkpoint::place(path);
        if let Some(aside) = aside
            && place.exists()
        {
            let failed = || format!("cannot move the checkpoint `{}`", place.display());
            fs::rename(&place, checkpoint::place(aside)).with_context(failed)?;
        }
        kept.map_or(Ok(()), |kept| checkpoint::put_in_place(path, &kept))
    })
}
