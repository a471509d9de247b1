//! The next delivery to send, and when it is due.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::simulate::outbox::Delivery;

use super::Pacing;

/// A delivery and when to send it.
#[derive(Debug)]
pub(super) struct Task {
    pub delivery: Delivery,
    pub due: Instant,
}

/// Hands out deliveries to several workers, up to a number of events or a time.
pub(super) struct Queue {
    rest: Mutex<Rest>,
    pacing: Pacing,
    events: Option<u64>,
    began: Instant,
    ends: Option<Instant>,
}

struct Rest {
    deliveries: Box<dyn Iterator<Item = Delivery> + Send>,
    taken: u64,
}

impl Queue {
    pub(super) fn new(
        deliveries: impl Iterator<Item = Delivery> + Send + 'static,
        pacing: Pacing,
        events: Option<u64>,
        duration: Option<Duration>,
    ) -> Self {
        let began = Instant::now();
        Self {
            rest: Mutex::new(Rest { deliveries: Box::new(deliveries), taken: 0 }),
            pacing,
            events,
            began,
            ends: duration.and_then(|duration| began.checked_add(duration)),
        }
    }

    /// Takes the next delivery.
    pub(super) fn next(&self) -> Option<Task> {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        if self.events.is_some_and(|events| rest.taken >= events) {
            return None;
        }
        let now = Instant::now();
        if self.ends.is_some_and(|ends| now >= ends) {
            return None;
        }
        let due = self.due(rest.taken).unwrap_or(now);
        if self.ends.is_some_and(|ends| due >= ends) {
            return None;
        }
        let delivery = rest.deliveries.next()?;
        rest.taken += 1;
        Some(Task { delivery, due })
    }

    /// When to send the delivery of this `index`; `None`: at once.
    fn due(&self, index: u64) -> Option<Instant> {
        match self.pacing {
            Pacing::AsAnswered => None,
            Pacing::Every(gap) => {
                self.began.checked_add(gap.checked_mul(u32::try_from(index).ok()?)?)
            }
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("pacing", &self.pacing).finish_non_exhaustive()
    }
}
