//! Reads quarantined deliveries again, after an upgrade.

use std::thread;

use crate::commands::counted::counted;
use crate::config::Settings;
use crate::journal;

/// Makes events of the quarantined deliveries that this version can read. A failure is logged: they
/// stay in quarantine, and the next start tries again.
pub(super) fn reread_quarantine(settings: &Settings) {
    match journal::reread_quarantine(&settings.journal.path, &settings.redaction()) {
        Ok(0) => {}
        Ok(read) => {
            let read =
                counted(read as u64, "quarantined delivery is", "quarantined deliveries are");
            tracing::info!("{read} readable by this version, and events now");
        }
        Err(error) => {
            tracing::warn!("cannot read quarantined deliveries again: {error:#}");
        }
    }
}

/// The same beside other work: deliveries are accepted meanwhile.
pub(super) fn reread_quarantine_in_background(settings: &Settings) {
    let settings = settings.clone();
    let spawned = thread::Builder::new()
        .name("quarantine".to_owned())
        .spawn(move || reread_quarantine(&settings));
    if let Err(error) = spawned {
        tracing::warn!("cannot read quarantined deliveries again: {error}");
    }
}
