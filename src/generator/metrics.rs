//! Metrics of publishing.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use crate::telemetry::health::Health;
use crate::time::clock;

/// Counts publications.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    publications: Counter,
    published_at: Gauge,
}

impl Metrics {
    /// Registers the metrics with `health`.
    pub fn register(health: &Health) -> Self {
        Self {
            publications: health.register("publications", "Times the site was published"),
            published_at: health
                .register("published_timestamp_seconds", "When the site was published"),
        }
    }

    /// Counts a publication, now.
    pub(super) fn published(&self) {
        self.publications.inc();
        self.published_at.set(clock::now().seconds());
    }
}
