//! Syncs the store, and prunes the journal of what the store and the archive hold safely.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Connections;
use crate::generator::site_generator::Generator;
use crate::journal::{Journal, PruneLimits, Shipped};
use crate::time::clock;

/// How often to prune.
const PRUNE_INTERVAL: Duration = Duration::from_secs(10);

/// The store is synced at once when it is new or refilled, then after so many new events …
const SYNC_EVENTS: u64 = 5_000;

/// … or after so long, if there is any new event.
const SYNC_INTERVAL: Duration = Duration::from_secs(600);

/// The wait after a failed sync. Usually another process is reading the store.
const SYNC_RETRY: Duration = Duration::from_secs(5);

/// Knows when to sync and when to prune.
pub(super) struct Housekeeping {
    /// `None` where another process writes the journal, and prunes it.
    journal: Option<Arc<Journal>>,
    shipped: Option<watch::Receiver<Shipped>>,
    prune_at: Instant,
    sync_at: Instant,
    is_sync_working: bool,
}

impl Housekeeping {
    /// Nothing to prune yet; the first events are synced at once.
    pub(super) fn new(connections: &Connections) -> Self {
        let now = Instant::now();
        Self {
            journal: connections.journal.clone(),
            shipped: connections.shipped.clone(),
            prune_at: now + PRUNE_INTERVAL,
            sync_at: now,
            is_sync_working: true,
        }
    }

    /// Does what is due.
    pub(super) fn run(&mut self, generator: &mut Generator, at: Instant) {
        let log = generator.log_mut();
        let unsynced = log.unsynced();
        // Otherwise nothing could be pruned until the interval is over.
        let is_refilled = log.synced_id() == 0;
        let is_early = self.is_sync_working && (is_refilled || unsynced >= SYNC_EVENTS);
        if unsynced > 0 && (is_early || at >= self.sync_at) {
            self.sync(generator);
        }
        if let Some(journal) = &self.journal
            && at >= self.prune_at
        {
            self.prune_at = at + PRUNE_INTERVAL;
            journal.prune(self.pruning(generator));
        }
    }

    /// Syncs the store. Logs the first of several failures.
    pub(super) fn sync(&mut self, generator: &mut Generator) {
        let synced = generator.log_mut().sync();
        let wait = if synced.is_ok() { SYNC_INTERVAL } else { SYNC_RETRY };
        self.sync_at = Instant::now() + wait;
        let was_working = std::mem::replace(&mut self.is_sync_working, synced.is_ok());
        if let Err(error) = synced
            && was_working
        {
            tracing::warn!("{error:#}; until that works, the journal is not pruned");
        }
    }

    /// What may go: never an event that the store could lose in a power cut.
    fn pruning(&self, generator: &mut Generator) -> PruneLimits {
        let shipped = self.shipped.as_ref().map(|shipped| *shipped.borrow());
        let due = PruneLimits::due(generator.settings(), shipped, clock::now_ms());
        let synced_id = generator.log_mut().synced_id();
        PruneLimits { events_up_to: due.events_up_to.min(synced_id), ..due }
    }
}
