//! `lookout backup FILE`: copies the journal, also while `serve` runs.
//!
//! Run as root it stays root, unlike other commands: a backup is often in a directory where only
//! root may write, and SQLite gives the files that it creates next to the journal to the journal's owner.

use std::path::Path;

use anyhow::Result;

use crate::config::Settings;
use crate::generator;

/// Copies the journal to `to`: events, keys, receipts and quarantined deliveries.
pub fn run(settings: &Settings, to: &Path) -> Result<()> {
    generator::back_up(settings, to)?;
    tracing::info!("the journal was copied to `{}`", to.display());
    Ok(())
}
