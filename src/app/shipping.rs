//! Shipping of journalled events to the archive, in a task.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::archive::{Archive, Majority, Shipper, Waiters};
use crate::config::{Acknowledge, Settings};
use crate::journal::{Journal, Shipped};
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// How long to ship the remaining events when everything else has stopped. The rest is shipped after
/// the next start.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Running shipping.
#[derive(Debug)]
pub struct Shipping {
    /// The destination.
    pub archive: Archive,
    /// How far the journal is shipped.
    pub shipped: watch::Receiver<Shipped>,
    waiters: Arc<Waiters>,
    stop_on_drop: DropGuard,
    task: JoinHandle<()>,
}

impl Shipping {
    /// Starts shipping, if the settings have an archive. It need not be reachable yet.
    pub fn start(settings: &Settings, journal: &Arc<Journal>, waiting: Gauge) -> Option<Self> {
        let archive = Archive::new(settings.archive.as_ref()?, Handle::current());
        let waiters = Arc::new(Waiters::default());
        let shutdown = CancellationToken::new();
        let stop_on_drop = shutdown.clone().drop_guard();
        let (tell, shipped) = watch::channel(Shipped::default());
        let shipper = Shipper {
            shipped: tell,
            archive: archive.clone(),
            journal: Arc::clone(journal),
            path: settings.journal.path.clone(),
            waiters: Arc::clone(&waiters),
            waiting,
            keep_quarantined: settings.journal.keep_quarantined,
            shutdown,
        };
        let task = tokio::spawn(async move {
            let _guard = AbortOnPanic::guard("shipping to the archive");
            shipper.run().await;
        });
        Some(Self { archive, waiters, shipped, stop_on_drop, task })
    }

    /// What the intake waits for before it acknowledges an event, if the settings require the archive.
    pub fn majority(&self, settings: &Settings) -> Option<Majority> {
        let acknowledge = settings.archive.as_ref()?.acknowledge;
        let (archive, waiters) = (self.archive.clone(), Arc::clone(&self.waiters));
        (acknowledge == Acknowledge::Archive).then_some(Majority { archive, waiters })
    }

    /// Ships the remaining events within [`DRAIN_TIMEOUT`], and stops.
    pub async fn stop(self) {
        drop(self.stop_on_drop);
        if timeout(DRAIN_TIMEOUT, self.task).await.is_err() {
            tracing::info!("the remaining events are shipped to the archive after the next start");
        }
    }
}
