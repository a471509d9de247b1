//! Turns events into deliveries, which may be late, duplicated or lost.

use lookout::simulate::{PerMille, Rng};
use lookout::time::moment::Moment;

use super::body::{self, Envelope, Guest, Meeting, Timestamp};
use super::event::{IdForm, ZoomEvent};
use super::ids;
use super::plan::RoomPlan;
use super::probabilities::Probabilities;
use super::time_queue::TimeQueue;

/// One webhook request of Zoom, without its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When it is sent, in story time: milliseconds since the epoch.
    pub at_ms: i64,
    /// The exact body.
    pub body: String,
    /// `x-zm-request-id`; a delivery sent again keeps it.
    pub request_id: String,
}

/// Deliveries that wait for their time.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    probabilities: Probabilities,
    start_ms: i64,
    queue: TimeQueue<Delivery>,
}

/// Where and when an event occurs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Occurrence<'a> {
    pub room: &'a RoomPlan,
    pub meeting: &'a Meeting,
    pub at_ms: i64,
}

/// From an event to its `event_ts`, in milliseconds; measured.
const EVENT_TS_DELAY_MS: (i64, i64) = (0, 1_500);
/// The extra delay of a late leave.
const LATE_LEAVE_MS: (i64, i64) = (60_000, 90_000);
/// The extra delay of a late delivery.
const DELAY_MS: (i64, i64) = (5_000, 60_000);
/// Between the copies of two subscriptions of one app.
const SECOND_SUBSCRIPTION_MS: (i64, i64) = (0, 3_000);
/// When Zoom retries, counted from the first attempt.
const RETRIES_MS: [i64; 3] = [5 * 60_000, 25 * 60_000, 85 * 60_000];

impl Outbox {
    /// An outbox that sends nothing before `start`.
    pub(super) fn new(start: Moment, probabilities: Probabilities) -> Self {
        Self { probabilities, start_ms: start.seconds() * 1000, queue: TimeQueue::new() }
    }

    /// How many deliveries were added so far.
    pub(super) fn added(&self) -> u64 {
        self.queue.pushed()
    }

    /// How many deliveries are pending.
    #[cfg(test)]
    pub(super) fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Takes the next delivery, if no event at `now_ms` or later can have an earlier one.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<Delivery> {
        let earliest_new_ms = now_ms + EVENT_TS_DELAY_MS.0 + self.probabilities.travel_ms.0;
        let first = self.queue.first_at_ms()?;
        if first > earliest_new_ms.max(self.start_ms - 1) {
            return None;
        }
        self.queue.pop().map(|(_, delivery)| delivery)
    }

    /// Adds the deliveries of an event, if it is not lost.
    pub(super) fn emit(
        &mut self,
        rng: &mut Rng,
        occurrence: Occurrence<'_>,
        event: ZoomEvent<'_>,
        guest: Option<Guest<'_>>,
    ) {
        if rng.happens(self.loss(event)) {
            return;
        }
        let mut event_ts = occurrence.at_ms + within(rng, EVENT_TS_DELAY_MS);
        if matches!(event, ZoomEvent::Left { .. }) && rng.happens(self.probabilities.late_leave) {
            event_ts += within(rng, LATE_LEAVE_MS);
        }
        let is_text = rng.happens(self.probabilities.event_ts_as_text);
        let is_number = event.id_form_varies() && rng.happens(self.probabilities.id_as_number);
        let envelope = Envelope {
            room: occurrence.room,
            meeting: occurrence.meeting,
            at: Moment::from_millis(occurrence.at_ms),
            timestamp: if is_text {
                Timestamp::Text(event_ts)
            } else {
                Timestamp::Number(event_ts)
            },
            id_form: if is_number { IdForm::Number } else { IdForm::Text },
        };
        let body = body::write(event, &envelope, guest);
        self.push(rng, event_ts, body);
    }

    fn loss(&self, event: ZoomEvent<'_>) -> PerMille {
        match event {
            ZoomEvent::Started => self.probabilities.lost_started,
            ZoomEvent::Ended => self.probabilities.lost_ended,
            ZoomEvent::Left { .. } => self.probabilities.lost_leave,
            ZoomEvent::SharingEnded => self.probabilities.lost_sharing_ended,
            _ => PerMille(0),
        }
    }

    fn push(&mut self, rng: &mut Rng, event_ts: i64, body: String) {
        let mut at_ms = event_ts + within(rng, self.probabilities.travel_ms);
        if rng.happens(self.probabilities.delayed) {
            at_ms += within(rng, DELAY_MS);
        }
        if at_ms < self.start_ms {
            at_ms = self.start_ms + within(rng, (0, 800));
        }
        let delivery = Delivery { at_ms, body, request_id: ids::uuid(rng) };
        if rng.happens(self.probabilities.duplicated) {
            let again_ms = if rng.happens(self.probabilities.retried) {
                *rng.pick(&RETRIES_MS)
            } else {
                within(rng, SECOND_SUBSCRIPTION_MS)
            };
            let at_ms = at_ms + again_ms;
            self.queue.push(at_ms, Delivery { at_ms, ..delivery.clone() });
        }
        self.queue.push(at_ms, delivery);
    }
}

fn within(rng: &mut Rng, (min, max): (i64, i64)) -> i64 {
    rng.between(min..=max)
}
