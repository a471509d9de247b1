//! The worker of one target: compares, saves, sends.
//!
//! A difference is added to the outbox in memory, and the outbox is saved at once. Nothing is
//! sent while the outbox is not saved. So a crash loses no fresh fact, and repeats at most the
//! one request that was in flight.
//!
//! Another process may forget somebody in the stored outbox, while all of it is in memory here.
//! So the worker checks the store before it compares or sends, and the store refuses to save an
//! outbox from before that. An [`Update`] may bring new settings as well; before anything else is
//! sent, the names that they hide are removed from the outbox.

mod rate_limit;
mod sender;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

pub use self::rate_limit::random_seed;
pub use self::sender::Sender;
use crate::notify::difference::compare;
use crate::notify::metrics::Loss;
use crate::notify::outbox::{Outbox, OutboxStore, Ownership, Tombstone, without_forgotten};
use crate::notify::snapshot::Snapshot;
use crate::notify::target::Target;
use crate::time::clock;
use crate::time::moment::Moment;

/// How long a request that is in flight may take once the worker has to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait after the outbox could not be saved.
const SAVE_RETRY: Duration = Duration::from_secs(1);

/// How much longer than a request the lease has to last.
const LEASE_MARGIN: Duration = Duration::from_secs(2);

/// What a worker works with; each update replaces the one before.
#[derive(Clone)]
pub struct Update {
    /// The target, from the settings of `snapshot`.
    pub target: Arc<Target>,
    /// Who is where; `None` until that is known.
    pub snapshot: Option<Arc<Snapshot>>,
}

/// The worker of one target.
pub struct Worker {
    pub store: OutboxStore,
    /// New snapshots and settings.
    pub updates: watch::Receiver<Update>,
    pub sender: Sender,
    pub shutdown: CancellationToken,
}

/// Why an active worker ended.
enum End {
    Shutdown,
    /// Another process sends now.
    LeaseLost,
}

impl Worker {
    /// Runs until shutdown.
    pub async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        loop {
            let outbox = tokio::select! {
                () = shutdown.cancelled() => break,
                outbox = self.acquire() => outbox,
            };
            self.sender.resume(outbox);
            // It may have been saved with other settings.
            self.sender.redact_unpublished();
            self.sender.metrics.running(&self.sender.target.label, true);
            let end = ActiveWorker::new(&mut self).run().await;
            self.sender.metrics.running(&self.sender.target.label, false);
            match end {
                End::Shutdown => break,
                End::LeaseLost => {
                    let label = &self.sender.target.label;
                    tracing::warn!("chat {label}: another process sends its messages now");
                }
            }
        }
        self.store.release().await;
    }

    /// Waits until this process may send.
    async fn acquire(&mut self) -> Outbox {
        let mut logged = String::new();
        loop {
            let reason = match self.store.acquire().await {
                Ok(Some(outbox)) => return outbox,
                Ok(None) => "another process sends its messages; this one is on standby".to_owned(),
                Err(error) => format!("messages wait: {error:#}"),
            };
            if reason != logged {
                tracing::info!("chat {}: {reason}", self.sender.target.label);
                logged = reason;
            }
            sleep(self.sender.timing.poll_interval).await;
        }
    }
}

/// A worker while its process may send.
struct ActiveWorker<'a> {
    worker: &'a mut Worker,
    save_at: Instant,
    is_save_failing: bool,
    renew_at: Instant,
    /// Whether the store was just seen to hold nothing newer.
    is_verified: bool,
    has_update: bool,
    compare_at: Option<Moment>,
}

impl<'a> ActiveWorker<'a> {
    fn new(worker: &'a mut Worker) -> Self {
        let now = Instant::now();
        Self {
            save_at: now,
            is_save_failing: false,
            renew_at: now + worker.sender.timing.poll_interval,
            is_verified: false,
            has_update: true,
            compare_at: None,
            worker,
        }
    }

    async fn run(mut self) -> End {
        let shutdown = self.worker.shutdown.clone();
        loop {
            if !self.verify().await {
                return End::LeaseLost;
            }
            self.compare(clock::now());
            if !self.save().await {
                return End::LeaseLost;
            }
            if self.is_verified && self.can_send() {
                self.worker.sender.send_next(clock::now());
            }
            let sender = &self.worker.sender;
            let (count, since) = sender.outbox.backlog();
            sender.metrics.waiting(&sender.target.label, count, since);
            let wake_at = self.wake_at();
            tokio::select! {
                () = shutdown.cancelled() => return self.drain().await,
                changed = self.worker.updates.changed() => match changed {
                    Ok(()) => self.has_update = true,
                    // The notifier is gone.
                    Err(_) => return self.drain().await,
                },
                outcome = self.worker.sender.outcome() => {
                    self.worker.sender.complete(outcome, clock::now());
                }
                () = sleep_until(wake_at) => {}
            }
        }
    }

    /// Adds what is to be announced to the outbox, if anything may have changed.
    fn compare(&mut self, now: Moment) {
        if !self.is_compare_due(now) {
            return;
        }
        self.has_update = false;
        let Update { target, snapshot } = self.worker.updates.borrow_and_update().clone();
        let sender = &mut self.worker.sender;
        if !Arc::ptr_eq(&target, &sender.target) {
            sender.target = target;
            sender.redact_unpublished();
        }
        let Some(snapshot) = snapshot else { return };
        let mut presence = Cow::Borrowed(&snapshot.presence);
        let outbox = &mut sender.outbox;
        if !outbox.tombstones.is_empty() {
            let before = outbox.tombstones.len();
            outbox.tombstones.retain(|tombstone| tombstone.is_needed(&presence, now));
            sender.is_saved &= outbox.tombstones.len() == before;
            presence = Cow::Owned(without_forgotten(&presence, &outbox.tombstones));
        }
        let difference = compare(outbox.state.as_ref(), &presence, &sender.target.rules, now);
        let is_same = outbox.state.as_ref().is_some_and(|it| it.is_stored_as(&difference.state));
        sender.is_saved &= is_same && difference.messages.is_empty();
        let dropped = outbox.push(difference.messages, now);
        outbox.state = Some(difference.state);
        self.compare_at = difference.compare_at;
        if dropped > 0 {
            let label = &sender.target.label;
            sender.metrics.lost(label, Loss::TooMany, dropped);
            tracing::error!("chat {label}: dropped the {dropped} oldest messages, too many wait");
        }
    }

    fn is_compare_due(&self, now: Moment) -> bool {
        self.has_update
            || self.worker.updates.has_changed().unwrap_or(false)
            || self.compare_at.is_some_and(|due| due <= now)
    }

    /// Checks the store if that is due, or before a comparison or request; whether this process
    /// may still send.
    async fn verify(&mut self) -> bool {
        self.is_verified = false;
        let is_due = Instant::now() >= self.renew_at;
        if !is_due && !self.is_compare_due(clock::now()) && !self.can_send() {
            return true;
        }
        let ownership = self.worker.store.renew().await;
        self.observe(ownership)
    }

    /// Saves the outbox if it changed; whether this process may still send.
    async fn save(&mut self) -> bool {
        if self.worker.sender.is_saved || Instant::now() < self.save_at {
            return true;
        }
        let ownership = self.worker.store.save(&self.worker.sender.outbox).await;
        self.worker.sender.is_saved = matches!(ownership, Ok(Ownership::Held));
        self.observe(ownership)
    }

    /// Handles what the store answered; whether this process may still send.
    fn observe(&mut self, ownership: Result<Ownership<Vec<Tombstone>>>) -> bool {
        self.renew_at = Instant::now() + self.worker.sender.timing.poll_interval;
        self.is_verified = matches!(ownership, Ok(Ownership::Held));
        match ownership {
            Err(error) => {
                self.save_at = Instant::now() + SAVE_RETRY;
                if !std::mem::replace(&mut self.is_save_failing, true) {
                    let label = &self.worker.sender.target.label;
                    tracing::warn!("chat {label}: messages wait: {error:#}");
                }
                return true;
            }
            Ok(Ownership::Lost) => return false,
            Ok(Ownership::Held) => {}
            Ok(Ownership::Changed(tombstones)) => {
                self.worker.sender.apply_tombstones(&tombstones);
                (self.save_at, self.has_update) = (Instant::now(), true);
            }
        }
        if std::mem::take(&mut self.is_save_failing) {
            let label = &self.worker.sender.target.label;
            tracing::info!("chat {label}: messages are sent again");
        }
        true
    }

    /// Whether something waits that may be sent now.
    fn can_send(&self) -> bool {
        let sender = &self.worker.sender;
        let next_start = sender.rate_limit.next_start();
        sender.is_idle()
            && next_start.is_none_or(|next| next <= Instant::now().into_std())
            && self.worker.store.is_held_for(sender.timing.request_timeout + LEASE_MARGIN)
    }

    /// When there may be something to do next.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let sender = &self.worker.sender;
        let compare_at = self.compare_at.map(|at| {
            let wait_ms = at.seconds().saturating_mul(1000).saturating_sub(clock::now_ms());
            now + Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))
        });
        let save_at = (!sender.is_saved).then_some(self.save_at);
        let send_at = sender.is_idle().then(|| {
            let next = sender.rate_limit.next_start().map_or(now, Instant::from_std);
            // If it is due, only the lease is too short: it has to be renewed first.
            if next <= now { self.renew_at } else { next }
        });
        [compare_at, save_at, send_at, Some(self.renew_at)]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now)
    }

    /// Waits for the request in flight, saves the outcome, and ends.
    async fn drain(self) -> End {
        let Worker { sender, store, .. } = self.worker;
        if sender.is_in_flight()
            && let Ok(outcome) = timeout(DRAIN_TIMEOUT, sender.outcome()).await
        {
            sender.complete(outcome, clock::now());
        }
        if !sender.is_saved {
            let mut ownership = store.save(&sender.outbox).await;
            if let Ok(Ownership::Changed(tombstones)) = &ownership {
                sender.apply_tombstones(tombstones);
                ownership = store.save(&sender.outbox).await;
            }
            if let Err(error) = ownership {
                let label = &sender.target.label;
                tracing::warn!("chat {label}: cannot save what was sent: {error:#}");
            }
        }
        End::Shutdown
    }
}
