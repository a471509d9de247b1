//! The next delivery to send, and when it is due.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::simulate::post::Delivery;

use super::Pacing;

/// A delivery and the moment at which it should be sent.
#[derive(Debug)]
pub(super) struct Task {
    pub delivery: Delivery,
    pub due: Instant,
}

/// Deliveries for many hands, until they, their number or the time run out.
pub(super) struct Supply {
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

impl Supply {
    pub(super) fn new(
        deliveries: impl Iterator<Item = Delivery> + Send + 'static,
        pacing: Pacing,
        events: Option<u64>,
        duration: Option<Duration>,
    ) -> Self {
        let began = Instant::now();
        let rest = Rest { deliveries: Box::new(deliveries), taken: 0 };
        Self {
            rest: Mutex::new(rest),
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
        let delivery = rest.deliveries.next()?;
        let due = self.due(rest.taken, &delivery).unwrap_or(now);
        if self.ends.is_some_and(|ends| due >= ends) {
            return None;
        }
        rest.taken += 1;
        Some(Task { delivery, due })
    }

    /// When the `place`-th delivery should be sent; `None`: at once.
    fn due(&self, place: u64, delivery: &Delivery) -> Option<Instant> {
        let wait = match self.pacing {
            Pacing::Answered => return None,
            Pacing::Every(gap) => gap.checked_mul(u32::try_from(place).ok()?)?,
            Pacing::Told { from_ms } => {
                Duration::from_millis(u64::try_from(delivery.at_ms - from_ms).unwrap_or(0))
            }
        };
        self.began.checked_add(wait)
    }
}

impl fmt::Debug for Supply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supply").field("pacing", &self.pacing).finish_non_exhaustive()
    }
}
