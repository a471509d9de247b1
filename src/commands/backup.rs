//! `lookout backup FILE`: a copy of the journal, beside a running `serve`.

use std::path::Path;

use anyhow::Result;

use crate::commands::owner;
use crate::config::Settings;
use crate::generator;

/// Copies the journal, as it is now, to `to`: events, keys, receipts and what could not be read.
pub fn run(settings: &Settings, to: &Path) -> Result<()> {
    owner::become_journals(settings)?;
    generator::back_up(settings, to)?;
    tracing::info!("the journal as it is now is in `{}`", to.display());
    Ok(())
}
