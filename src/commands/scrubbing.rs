//! Looks through the whole journal for damage once a day, slowly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::journal::{self, Journal, Scrub, Scrubbed, Sealer};
use crate::telemetry::health::Health;
use crate::time::clock;

/// From the end of one look to the next.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Rows in one step: few, so that nobody waits for it.
const STEP: usize = 300;

/// Between two steps. Ten million rows take less than an hour.
const PAUSE: Duration = Duration::from_millis(100);

/// Between two attempts at a journal that can't be opened, or is not there yet.
const RETRY: Duration = Duration::from_secs(60);

/// Looks through the journal at `path` now and once a day, in a thread of its own, for as long as
/// there is `health` to tell. Rows without checksum get one from `journal`, where this process
/// writes it.
pub(super) fn start(path: &Path, health: &Arc<Health>, journal: Option<&Journal>) {
    let scrubber = Scrubber {
        path: path.to_owned(),
        health: Arc::downgrade(health),
        sealer: journal.map(Journal::sealer),
    };
    let spawned = thread::Builder::new().name("scrub".to_owned()).spawn(move || scrubber.run());
    if let Err(error) = spawned {
        tracing::warn!("cannot look through the journal for damage: {error}");
    }
}

struct Scrubber {
    path: PathBuf,
    health: Weak<Health>,
    sealer: Option<Sealer>,
}

impl Scrubber {
    fn run(self) {
        let mut scrub = Scrub::default();
        let mut failure = String::new();
        let mut structure = None;
        let mut next = Instant::now();
        while let Some(health) = self.health.upgrade() {
            if Instant::now() >= next {
                let step = self.step(&mut scrub);
                next = Instant::now();
                match step {
                    Ok(None) => failure.clear(),
                    Ok(Some(found)) => {
                        structure = self.ended(found, &health);
                        next += EVERY;
                    }
                    Err(error) => {
                        next += RETRY;
                        let text = format!("{error:#}");
                        if text != failure {
                            tracing::warn!("the journal cannot be looked through: {text}");
                        }
                        failure = text;
                    }
                }
            }
            tell(&self.path, structure.as_deref(), &health);
            drop(health);
            thread::sleep(PAUSE);
        }
    }

    fn step(&self, scrub: &mut Scrub) -> Result<Option<Scrubbed>> {
        let (seals, found) = scrub.step(&self.path, STEP)?;
        if let Some(sealer) = self.sealer.as_ref().filter(|_| !seals.is_empty()) {
            sealer.seal(seals);
        }
        Ok(found)
    }

    /// Tells what a look found; returns what is wrong with the database.
    fn ended(&self, found: Scrubbed, health: &Health) -> Option<String> {
        health.journal_scrubbed(clock::now().seconds());
        let path = self.path.display();
        match &found.structure {
            Some(structure) => tracing::error!(
                "the journal `{path}` {structure}; stop Lookout and run `lookout repair`"
            ),
            None => tracing::debug!("the journal was looked through: {} damaged", found.rows),
        }
        found.structure
    }
}

/// Counts and reports what is damaged, whoever found it.
fn tell(path: &Path, structure: Option<&str>, health: &Health) {
    let damaged = journal::damage_found(path);
    health.events_damaged(damaged as u64);
    let rows = (damaged > 0).then(|| {
        format!(
            "{damaged} stored events or deliveries are damaged and left out; run `lookout repair`"
        )
    });
    let structure = structure.map(|structure| format!("{structure}; run `lookout repair`"));
    health.warn("damage", rows.into_iter().chain(structure).collect());
}
