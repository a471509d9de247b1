//! Looking after one target: whose turn it is to send, when to look, when to keep.
//!
//! What is said is worked out in memory and kept at once; nothing is sent before it is
//! kept, and nothing more while something is not. So a crash loses nothing that is fresh,
//! and repeats at most the one request that was under way.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::clock;
use crate::http::Shutdown;
use crate::moment::Moment;
use crate::notify::digest::digest;
use crate::notify::keep::Keeper;
use crate::notify::kept::Kept;
use crate::notify::metrics::{Loss, Metrics};
use crate::notify::pace::{Pace, Rhythm};
use crate::notify::request::Outcome;
use crate::notify::sending::{Flight, Sending};
use crate::notify::snapshot::Presences;
use crate::notify::target::Target;

/// A request under way is waited for so long when it is time to stop.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// What could not be kept is kept again so much later.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

/// The lease has to last so much longer than a request.
const MARGIN: Duration = Duration::from_secs(2);

/// Looks after one target.
pub struct Desk {
    /// Who is told.
    pub target: Target,
    /// Where it is kept what was told.
    pub keeper: Keeper,
    /// Who is where.
    pub presences: Presences,
    /// How fast.
    pub pace: Pace,
    /// When the next attempt may be made.
    pub rhythm: Rhythm,
    /// What is counted.
    pub metrics: Metrics,
    /// When to end.
    pub shutdown: Shutdown,
}

/// Why it is not ours to send any more.
enum Over {
    Stopped,
    Lost,
}

impl Desk {
    /// Looks after the target until it is time to stop.
    pub async fn run(mut self) {
        let shutdown = self.shutdown.clone();
        loop {
            let kept = tokio::select! {
                () = shutdown.clone().wait() => break,
                kept = self.turn() => kept,
            };
            self.metrics.running(&self.target.label, true);
            let over = Work::new(&mut self, kept).run().await;
            self.metrics.running(&self.target.label, false);
            match over {
                Over::Stopped => break,
                Over::Lost => {
                    tracing::warn!("chat {} is told by another process now", self.target.label);
                }
            }
        }
        self.keeper.release().await;
    }

    /// Waits until it is ours to send.
    async fn turn(&mut self) -> Kept {
        let mut told = String::new();
        loop {
            let waits = match self.keeper.take().await {
                Ok(Some(kept)) => return kept,
                Ok(None) => "another process tells it; this one is ready to".to_owned(),
                Err(error) => format!("messages wait: {error:#}"),
            };
            if waits != told {
                tracing::info!("chat {}: {waits}", self.target.label);
                told = waits;
            }
            sleep(self.pace.look_after).await;
        }
    }
}

/// A target while it is ours to send.
struct Work<'a> {
    desk: &'a mut Desk,
    sending: Sending,
    flight: Option<Flight>,
    keep_at: Instant,
    keep_fails: bool,
    renew_at: Instant,
    /// Look now, or then.
    is_news: bool,
    look_at: Option<Moment>,
}

impl<'a> Work<'a> {
    fn new(desk: &'a mut Desk, kept: Kept) -> Self {
        let (now, look_after) = (Instant::now(), desk.pace.look_after);
        Self {
            desk,
            sending: Sending::new(kept),
            flight: None,
            keep_at: now,
            keep_fails: false,
            renew_at: now + look_after,
            is_news: true,
            look_at: None,
        }
    }

    async fn run(mut self) -> Over {
        let shutdown = self.desk.shutdown.clone();
        loop {
            self.look(clock::now());
            if !self.keep_and_renew().await {
                return Over::Lost;
            }
            self.begin();
            let (count, since) = self.sending.kept.waiting();
            self.desk.metrics.waiting(&self.desk.target.label, count, since);
            let wake = self.wake();
            tokio::select! {
                () = shutdown.clone().wait() => return self.finish().await,
                changed = self.desk.presences.changed() => match changed {
                    Ok(()) => self.is_news = true,
                    // Whoever tells is gone, and it is about to end.
                    Err(_) => sleep(KEEP_AGAIN).await,
                },
                outcome = landed(&mut self.flight) => self.settle(outcome),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Works out what is to be said, if anything may have changed.
    fn look(&mut self, now: Moment) {
        let is_due = self.look_at.is_some_and(|due| due <= now);
        if !is_due && !std::mem::take(&mut self.is_news) {
            return;
        }
        let presence = self.desk.presences.borrow_and_update().as_ref().map(Arc::clone);
        let Some(presence) = presence else { return };
        let kept = &mut self.sending.kept;
        let digest = digest(kept.told.as_ref(), &presence, &self.desk.target.rules, now);
        let is_same = kept.told.as_ref().is_some_and(|told| told.is_kept_as(&digest.told));
        self.sending.is_kept &= is_same && digest.messages.is_empty();
        let too_many = kept.add(digest.messages, now);
        kept.told = Some(digest.told);
        self.look_at = digest.look_at;
        if too_many > 0 {
            self.desk.metrics.lost(&self.desk.target.label, Loss::TooMany, too_many);
            tracing::error!(
                "chat {}: {too_many} messages are given up, too many wait",
                self.desk.target.label
            );
        }
    }

    /// Keeps what changed; whether it is still ours to send.
    async fn keep_and_renew(&mut self) -> bool {
        let now = Instant::now();
        let keeper = &mut self.desk.keeper;
        let outcome = if !self.sending.is_kept && now >= self.keep_at {
            keeper.keep(&self.sending.kept).await
        } else if now >= self.renew_at {
            keeper.renew().await
        } else {
            return true;
        };
        let was_change = !self.sending.is_kept;
        self.renew_at = Instant::now() + self.desk.pace.look_after;
        match outcome {
            Ok(is_ours) => {
                self.sending.is_kept |= was_change;
                if std::mem::take(&mut self.keep_fails) {
                    tracing::info!("chat {}: messages are sent again", self.desk.target.label);
                }
                is_ours
            }
            Err(error) => {
                self.keep_at = Instant::now() + KEEP_AGAIN;
                if !std::mem::replace(&mut self.keep_fails, true) {
                    tracing::warn!("chat {}: messages wait: {error:#}", self.desk.target.label);
                }
                true
            }
        }
    }

    /// Begins the next request, if there is one and it may be sent.
    fn begin(&mut self) {
        if self.flight.is_some() || !self.may_send() {
            return;
        }
        self.flight = self.sending.next(self.desk, clock::now());
        if self.flight.is_some() {
            self.desk.rhythm.begins(Instant::now().into_std());
        }
    }

    fn may_send(&self) -> bool {
        let is_time = self.desk.rhythm.next().is_none_or(|next| next <= Instant::now().into_std());
        self.sending.is_kept
            && is_time
            && self.desk.keeper.is_ours_for(self.desk.pace.time_out + MARGIN)
    }

    fn settle(&mut self, outcome: Option<Outcome>) {
        let Some(flight) = self.flight.take() else { return };
        self.sending.settle(self.desk, &flight, outcome, clock::now());
    }

    /// When there may be something to do.
    fn wake(&self) -> Instant {
        let now = Instant::now();
        let in_ms = |moment: Moment| {
            let wait = moment.seconds().saturating_mul(1000).saturating_sub(clock::now_ms());
            now + Duration::from_millis(u64::try_from(wait).unwrap_or(0))
        };
        let look = self.look_at.map(in_ms);
        let keep = (!self.sending.is_kept).then_some(self.keep_at);
        let idle =
            self.flight.is_none() && self.sending.is_kept && self.sending.kept.waiting().0 > 0;
        let send = idle.then(|| {
            let next = self.desk.rhythm.next().map_or(now, Instant::from_std);
            // The lease has to be renewed first.
            if next <= now { self.renew_at } else { next }
        });
        [look, keep, send].into_iter().flatten().chain([self.renew_at]).min().unwrap_or(now)
    }

    /// Waits for the request under way, keeps what came of it, and ends.
    async fn finish(mut self) -> Over {
        if self.flight.is_some()
            && let Ok(outcome) = timeout(LAST_CHANCE, landed(&mut self.flight)).await
        {
            self.settle(outcome);
        }
        if !self.sending.is_kept
            && let Err(error) = self.desk.keeper.keep(&self.sending.kept).await
        {
            tracing::warn!("chat {}: what was told is not kept: {error:#}", self.desk.target.label);
        }
        Over::Stopped
    }
}

/// What came of the request under way, if there is one; `None` where its task panicked.
async fn landed(flight: &mut Option<Flight>) -> Option<Outcome> {
    match flight {
        Some(flight) => (&mut flight.task).await.ok(),
        None => std::future::pending().await,
    }
}
