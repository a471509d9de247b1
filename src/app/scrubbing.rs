//! Searches the whole journal for damage once a day, slowly.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use prometheus_client::metrics::gauge::Gauge;

use crate::journal::{self, ChecksumWriter, Journal, Scrub, Scrubbed};
use crate::telemetry::health::Health;
use crate::time::clock;

/// From the end of one search to the start of the next.
const SCRUB_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Rows in one step: few, so that writers never wait long.
const ROWS_PER_STEP: usize = 300;

/// Between two steps. Ten million rows take less than an hour.
const STEP_INTERVAL: Duration = Duration::from_millis(100);

/// Between two attempts at a journal that can't be opened, or does not exist yet.
const RETRY_INTERVAL: Duration = Duration::from_secs(60);

/// Metrics of damage.
#[derive(Debug, Clone)]
pub struct Metrics {
    damaged: Gauge,
    scrubbed_at: Gauge,
}

impl Metrics {
    /// Registers the metrics with `health`.
    pub fn register(health: &Health) -> Self {
        let scrubbed_at = "When the journal was last looked through for damage to its end";
        Self {
            damaged: health
                .register("events_damaged", "Stored events and deliveries found damaged"),
            scrubbed_at: health.register("journal_scrubbed_timestamp_seconds", scrubbed_at),
        }
    }
}

/// Searches the journal at `path` now and once a day, in a thread of its own, until `health` is
/// dropped. Rows without a checksum get one through `journal`, if this process writes it.
pub fn start(path: &Path, health: &Arc<Health>, metrics: Metrics, journal: Option<&Journal>) {
    let scrubber = Scrubber {
        path: path.to_owned(),
        health: Arc::downgrade(health),
        metrics,
        checksums: journal.map(Journal::checksum_writer),
    };
    let spawned = thread::Builder::new().name("scrub".to_owned()).spawn(move || scrubber.run());
    if let Err(error) = spawned {
        tracing::warn!("cannot search the journal for damage: {error}");
    }
}

struct Scrubber {
    path: PathBuf,
    health: Weak<Health>,
    metrics: Metrics,
    checksums: Option<ChecksumWriter>,
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
                        structure = self.finish(found);
                        next += SCRUB_INTERVAL;
                    }
                    Err(error) => {
                        next += RETRY_INTERVAL;
                        let text = format!("{error:#}");
                        if text != failure {
                            tracing::warn!("the journal cannot be searched for damage: {text}");
                        }
                        failure = text;
                    }
                }
            }
            self.report(structure.as_deref(), &health);
            drop(health);
            thread::sleep(STEP_INTERVAL);
        }
    }

    fn step(&self, scrub: &mut Scrub) -> Result<Option<Scrubbed>> {
        let (checksums, found) = scrub.step(&self.path, ROWS_PER_STEP)?;
        if let Some(writer) = self.checksums.as_ref().filter(|_| !checksums.is_empty()) {
            writer.add(checksums);
        }
        Ok(found)
    }

    /// Reports the result of a search; returns what is wrong with the database.
    fn finish(&self, found: Scrubbed) -> Option<String> {
        self.metrics.scrubbed_at.set(clock::now().seconds());
        let path = self.path.display();
        match &found.structure {
            Some(structure) => tracing::error!(
                "the journal `{path}` {structure}; stop Lookout and run `lookout repair`"
            ),
            None => {
                tracing::debug!("the journal was searched for damage: {} damaged rows", found.rows)
            }
        }
        found.structure
    }

    /// Reports all damage found so far, by this part or another.
    fn report(&self, structure: Option<&str>, health: &Health) {
        let damaged = journal::damaged_row_count(&self.path);
        self.metrics.damaged.set(i64::try_from(damaged).unwrap_or(i64::MAX));
        let rows = (damaged > 0).then(|| {
            format!(
                "{damaged} stored events or deliveries are damaged and left out; run `lookout repair`"
            )
        });
        let structure = structure.map(|structure| format!("{structure}; run `lookout repair`"));
        health.set_warnings("damage", rows.into_iter().chain(structure).collect());
    }
}
