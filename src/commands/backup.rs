//! `lookout backup FILE`: a copy of the journal, beside a running `serve`.
//!
//! Run as root it stays root, unlike other commands: SQLite gives what it makes beside the
//! journal to the journal's owner, and a backup mostly lies where only root may write.

use std::path::Path;

use anyhow::Result;

use crate::config::Settings;
use crate::generator;

/// Copies the journal, as it is now, to `to`: events, keys, receipts and what could not be read.
pub fn run(settings: &Settings, to: &Path) -> Result<()> {
    generator::back_up(settings, to)?;
    tracing::info!("the journal as it is now is in `{}`", to.display());
    Ok(())
}
