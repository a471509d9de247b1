//! Opens the journal, and parses its quarantined deliveries again after an upgrade.

use std::sync::Arc;
use std::thread;

use anyhow::Result;

use crate::app::counted::counted;
use crate::config::Settings;
use crate::generator;
use crate::journal::{self, Journal, Reprocessed};

/// Stores the quarantined deliveries that this version can parse as events, and removes
/// `privacy.drop_fields` from the others. Logs a failure: they stay in quarantine, and the next start
/// tries again.
pub fn reread_quarantine(settings: &Settings) {
    match journal::reprocess_quarantine(&settings.journal.path, &settings.redaction()) {
        Ok(Reprocessed { events, redacted }) => {
            if events > 0 {
                let events =
                    counted(events, "quarantined delivery is", "quarantined deliveries are");
                tracing::info!("{events} now readable and stored as events");
            }
            if redacted > 0 {
                let redacted =
                    counted(redacted, "quarantined delivery is", "quarantined deliveries are");
                tracing::info!("{redacted} now stored without `privacy.drop_fields`");
            }
        }
        Err(error) => {
            tracing::warn!("cannot read quarantined deliveries again: {error:#}");
        }
    }
}

/// Opens the journal, and parses its quarantined deliveries again in the background, while new ones
/// are accepted. Removes temporary files that a killed process left.
pub(super) fn open_journal(settings: &Settings) -> Result<Arc<Journal>> {
    generator::sweep(&settings.journal.path);
    let journal = Journal::open(&settings.journal.path)?;
    reread_quarantine_in_background(settings);
    Ok(Arc::new(journal))
}

fn reread_quarantine_in_background(settings: &Settings) {
    let settings = settings.clone();
    let spawned = thread::Builder::new()
        .name("quarantine".to_owned())
        .spawn(move || reread_quarantine(&settings));
    if let Err(error) = spawned {
        tracing::warn!("cannot read quarantined deliveries again: {error}");
    }
}
