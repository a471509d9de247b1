//! The archive's part in `serve`: what is journalled is shipped.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::archive::{Archive, Majority, Shipper, Waiters};
use crate::config::{Acknowledge, Settings};
use crate::journal::{Journal, Shipped};
use crate::server::Trigger;
use crate::telemetry::abort_on_panic::AbortOnPanic;

/// What still waits when everything else has ended is shipped for so long; the rest is
/// shipped after the next start.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Shipping under way.
#[derive(Debug)]
pub struct Shipping {
    /// Where to.
    pub archive: Archive,
    /// How far it got.
    pub shipped: watch::Receiver<Shipped>,
    waiters: Arc<Waiters>,
    trigger: Trigger,
    task: JoinHandle<()>,
}

impl Shipping {
    /// Begins to ship, if there is an archive. It need not be there yet.
    pub fn start(settings: &Settings, journal: &Arc<Journal>, waiting: Gauge) -> Option<Self> {
        let archive = Archive::new(settings.archive.as_ref()?, Handle::current());
        let waiters = Arc::new(Waiters::default());
        let (trigger, shutdown) = Trigger::new();
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
        Some(Self { archive, waiters, shipped, trigger, task })
    }

    /// Whose word an answer to Zoom waits for, if it does.
    pub fn majority(&self, settings: &Settings) -> Option<Majority> {
        let acknowledge = settings.archive.as_ref()?.acknowledge;
        let (archive, waiters) = (self.archive.clone(), Arc::clone(&self.waiters));
        (acknowledge == Acknowledge::Archive).then_some(Majority { archive, waiters })
    }

    /// Ships what is left, if that is quick, and ends.
    pub async fn stop(self) {
        self.trigger.pull();
        if timeout(LAST_CHANCE, self.task).await.is_err() {
            tracing::info!("the rest is shipped to the archive after the next start");
        }
    }
}
