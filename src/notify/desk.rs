//! Looking after one target: whose turn it is to send, when to look, when to keep.
//!
//! What is said is worked out in memory and kept at once; nothing is sent before it is
//! kept, and nothing more while something is not. So a crash loses nothing that is fresh,
//! and repeats at most the one request that was under way.
//!
//! Somebody may be forgotten in what is kept while all of it is in memory here. So it is asked
//! for that before anything is worked out or sent, and nothing is kept that was worked out before.
//! Settings may change as well: a [`Brief`] brings them with what is to be looked at, and nothing
//! is sent any more before whoever may not be named by them was taken out of it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::notify::digest::digest;
use crate::notify::forgotten;
use crate::notify::keep::{Keeper, Standing};
use crate::notify::kept::Kept;
use crate::notify::metrics::{Loss, Metrics};
use crate::notify::pace::{Pace, Rhythm};
use crate::notify::request::Outcome;
use crate::notify::sending::{Flight, Sending};
use crate::notify::snapshot::Snapshot;
use crate::notify::target::Target;
use crate::server::Shutdown;
use crate::time::clock;
use crate::time::moment::Moment;

/// A request under way is waited for so long when it is time to stop.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// What could not be kept is kept again so much later.
const KEEP_AGAIN: Duration = Duration::from_secs(1);

/// The lease has to last so much longer than a request.
const MARGIN: Duration = Duration::from_secs(2);

/// Who is told, and of what. A newer one holds from then on.
#[derive(Clone)]
pub struct Brief {
    /// Who is told, by the settings of `snapshot`.
    pub target: Arc<Target>,
    /// Who is where; `None` before that is known.
    pub snapshot: Option<Arc<Snapshot>>,
}

/// Looks after one target.
pub struct Desk {
    /// Who is told.
    pub target: Arc<Target>,
    /// Where it is kept what was told.
    pub keeper: Keeper,
    /// What it goes by.
    pub briefs: watch::Receiver<Brief>,
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
    /// Whether what is kept was just seen to be as we know it.
    is_checked: bool,
    /// Look now, or then.
    is_news: bool,
    look_at: Option<Moment>,
}

impl<'a> Work<'a> {
    fn new(desk: &'a mut Desk, kept: Kept) -> Self {
        let (now, look_after) = (Instant::now(), desk.pace.look_after);
        let mut work = Self {
            desk,
            sending: Sending::new(kept),
            flight: None,
            keep_at: now,
            keep_fails: false,
            renew_at: now + look_after,
            is_checked: false,
            is_news: true,
            look_at: None,
        };
        // It was kept by settings that may have been others.
        work.hide();
        work
    }

    async fn run(mut self) -> Over {
        let shutdown = self.desk.shutdown.clone();
        loop {
            if !self.check().await {
                return Over::Lost;
            }
            self.look(clock::now());
            if !self.keep().await {
                return Over::Lost;
            }
            self.begin();
            let (count, since) = self.sending.kept.waiting();
            self.desk.metrics.waiting(&self.desk.target.label, count, since);
            let wake = self.wake();
            tokio::select! {
                () = shutdown.clone().wait() => return self.finish().await,
                changed = self.desk.briefs.changed() => match changed {
                    Ok(()) => self.is_news = true,
                    // Whoever tells is gone.
                    Err(_) => return self.finish().await,
                },
                outcome = landed(&mut self.flight) => self.settle(outcome),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Works out what is to be said, if anything may have changed.
    fn look(&mut self, now: Moment) {
        if !self.is_look_due(now) {
            return;
        }
        self.is_news = false;
        let Brief { target, snapshot } = self.desk.briefs.borrow_and_update().clone();
        if !Arc::ptr_eq(&target, &self.desk.target) {
            self.desk.target = target;
            self.hide();
        }
        let Some(snapshot) = snapshot else { return };
        let mut presence = Cow::Borrowed(&snapshot.presence);
        let kept = &mut self.sending.kept;
        if !kept.forgotten.is_empty() {
            let before = kept.forgotten.len();
            kept.forgotten.retain(|mark| mark.is_needed(&presence, now));
            self.sending.is_kept &= kept.forgotten.len() == before;
            presence = Cow::Owned(forgotten::without(&presence, &kept.forgotten));
        }
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

    fn is_look_due(&self, now: Moment) -> bool {
        let is_news = self.is_news || self.desk.briefs.has_changed().unwrap_or(false);
        is_news || self.look_at.is_some_and(|due| due <= now)
    }

    /// Takes out of what waits whoever the target may not be told of.
    fn hide(&mut self) {
        let publish = &self.desk.target.rules.privacy.publish;
        self.sending.hide(publish, self.flight.as_mut());
    }

    /// Asks, where that matters, whether somebody was forgotten; whether it is still ours to send.
    async fn check(&mut self) -> bool {
        self.is_checked = false;
        let is_time = Instant::now() >= self.renew_at;
        if !is_time && !self.is_look_due(clock::now()) && !self.wants_to_send() {
            return true;
        }
        let standing = self.desk.keeper.renew().await;
        self.notice(standing)
    }

    /// Keeps what changed; whether it is still ours to send.
    async fn keep(&mut self) -> bool {
        if self.sending.is_kept || Instant::now() < self.keep_at {
            return true;
        }
        let standing = self.desk.keeper.keep(&self.sending.kept).await;
        self.sending.is_kept = matches!(standing, Ok(Standing::Ours));
        self.notice(standing)
    }

    /// Whether it is still ours to send, as what is kept says.
    fn notice(&mut self, standing: Result<Standing>) -> bool {
        self.renew_at = Instant::now() + self.desk.pace.look_after;
        self.is_checked = matches!(standing, Ok(Standing::Ours));
        let label = &self.desk.target.label;
        match standing {
            Err(error) => {
                self.keep_at = Instant::now() + KEEP_AGAIN;
                if !std::mem::replace(&mut self.keep_fails, true) {
                    tracing::warn!("chat {label}: messages wait: {error:#}");
                }
                return true;
            }
            Ok(Standing::Lost) => return false,
            Ok(Standing::Ours) => {}
            Ok(Standing::Forgets(marks)) => {
                self.sending.adopt(&marks, self.flight.as_mut());
                (self.keep_at, self.is_news) = (Instant::now(), true);
            }
        }
        if std::mem::take(&mut self.keep_fails) {
            tracing::info!("chat {label}: messages are sent again");
        }
        true
    }

    /// Begins the next request, if there is one and it may be sent.
    fn begin(&mut self) {
        if !self.is_checked || !self.wants_to_send() {
            return;
        }
        self.flight = self.sending.next(self.desk, clock::now());
        if self.flight.is_some() {
            self.desk.rhythm.begins(Instant::now().into_std());
        }
    }

    /// Whether something waits, and may be sent.
    fn wants_to_send(&self) -> bool {
        let is_time = self.desk.rhythm.next().is_none_or(|next| next <= Instant::now().into_std());
        self.flight.is_none()
            && self.sending.is_kept
            && self.sending.kept.waiting().0 > 0
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
        if !self.sending.is_kept {
            self.keep_at_the_end().await;
        }
        Over::Stopped
    }

    async fn keep_at_the_end(&mut self) {
        let keeper = &mut self.desk.keeper;
        let mut standing = keeper.keep(&self.sending.kept).await;
        if let Ok(Standing::Forgets(marks)) = &standing {
            self.sending.adopt(marks, None);
            standing = keeper.keep(&self.sending.kept).await;
        }
        if let Err(error) = standing {
            tracing::warn!("chat {}: what was told is not kept: {error:#}", self.desk.target.label);
        }
    }
}

/// What came of the request under way, if there is one; `None` where its task panicked.
async fn landed(flight: &mut Option<Flight>) -> Option<Outcome> {
    match flight {
        Some(flight) => (&mut flight.task).await.ok(),
        None => std::future::pending().await,
    }
}
