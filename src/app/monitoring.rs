//! The health of the running process and the metrics of all its parts.

use std::sync::Arc;

use prometheus_client::metrics::gauge::Gauge;

use crate::app::scrubbing;
use crate::telemetry::health::Health;
use crate::{generator, intake, notify, zoom_api};

/// Every process registers the metrics of all parts, also of those that it does not run.
#[derive(Debug)]
pub struct Monitoring {
    /// What `/readyz` and `/metrics` report.
    pub health: Arc<Health>,
    /// Metrics of the intake.
    pub intake: intake::Metrics,
    /// Metrics of publishing.
    pub generator: generator::Metrics,
    /// How many events wait in the journal for the archive.
    pub archive_backlog: Gauge,
    /// Metrics of the daily search for damage.
    pub scrubbing: scrubbing::Metrics,
    /// Metrics of messages to chats.
    pub notify: notify::Metrics,
    /// Metrics of questions to Zoom's API.
    pub zoom_api: zoom_api::Metrics,
}

impl Default for Monitoring {
    fn default() -> Self {
        let health = Arc::new(Health::default());
        Self {
            intake: intake::Metrics::register(Arc::clone(&health)),
            generator: generator::Metrics::register(&health),
            archive_backlog: health.register("archive_backlog", "Events that wait for the archive"),
            scrubbing: scrubbing::Metrics::register(&health),
            notify: notify::Metrics::register(Arc::clone(&health)),
            zoom_api: zoom_api::Metrics::register(&health),
            health,
        }
    }
}
