//! Prunes the journal where no generator runs, as in `lookout intake`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::Settings;
use crate::journal::{Journal, PruneLimits, Shipped};
use crate::time::clock;

/// How often to prune.
const PRUNE_INTERVAL: Duration = Duration::from_secs(10);

/// Starts a task that prunes expired events and quarantined deliveries. With an archive, it prunes only
/// what was shipped. Without one, events stay, because only a generator knows which it has read.
pub(super) fn start(
    settings: Settings,
    journal: Arc<Journal>,
    shipped: Option<watch::Receiver<Shipped>>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut ticks = interval(PRUNE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let shipped = shipped.as_ref().map(|shipped| *shipped.borrow());
            let due = PruneLimits::due(&settings, shipped, clock::now_ms());
            let events_before_ms = due.events_before_ms.filter(|_| shipped.is_some());
            journal.prune(PruneLimits { events_before_ms, ..due });
        }
    })
}
