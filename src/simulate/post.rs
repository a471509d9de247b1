//! From a scene to the deliveries that tell it: stamped, delayed, doubled or lost.

use crate::time::moment::Moment;

use super::body::{self, Guest, Meeting, Setting, Stamp};
use super::cast;
use super::dice::{Dice, PerMille};
use super::odds::Odds;
use super::plan::RoomPlan;
use super::scene::{IdForm, Scene};
use super::timeline::Timeline;

/// One HTTP request as Zoom would send it, but for the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When it is sent, in story time: milliseconds since the epoch.
    pub at_ms: i64,
    /// The exact body.
    pub body: String,
    /// `x-zm-request-id`; a delivery sent again keeps it.
    pub request_id: String,
}

/// Deliveries made and not yet sent.
#[derive(Debug, Clone)]
pub(super) struct Post {
    odds: Odds,
    opens_ms: i64,
    outbox: Timeline<Delivery>,
}

/// A place and time for a scene.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub room: &'a RoomPlan,
    pub meeting: &'a Meeting,
    pub fact_ms: i64,
}

/// From the fact to its stamp, in milliseconds; measured.
const STAMPED_AFTER_MS: (i64, i64) = (0, 1_500);
/// A leave that comes late.
const LATE_LEAVE_MS: (i64, i64) = (60_000, 90_000);
/// Any delivery that comes late.
const DELAY_MS: (i64, i64) = (5_000, 60_000);
/// Between the two copies that two subscriptions of one app send.
const TWIN_MS: (i64, i64) = (0, 3_000);
/// When Zoom tries again, counted from the first time.
const RETRIES_MS: [i64; 3] = [5 * 60_000, 25 * 60_000, 85 * 60_000];

impl Post {
    /// A post that sends nothing before `opens`.
    pub(super) fn new(opens: Moment, odds: Odds) -> Self {
        Self { odds, opens_ms: opens.seconds() * 1000, outbox: Timeline::new() }
    }

    /// How many deliveries were made.
    pub(super) fn made(&self) -> u64 {
        self.outbox.count_put()
    }

    /// How many deliveries wait for their time.
    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.outbox.len()
    }

    /// Takes the next delivery that nothing happening at `now_ms` or later can precede.
    pub(super) fn take_due(&mut self, now_ms: i64) -> Option<Delivery> {
        let earliest_of_later = now_ms + STAMPED_AFTER_MS.0 + self.odds.travel_ms.0;
        let first = self.outbox.first_at_ms()?;
        if first > earliest_of_later.max(self.opens_ms - 1) {
            return None;
        }
        self.outbox.take_first().map(|(_, delivery)| delivery)
    }

    /// Tells a scene, unless that telling is lost.
    pub(super) fn tell(
        &mut self,
        dice: &mut Dice,
        place: Place<'_>,
        scene: Scene<'_>,
        guest: Option<Guest<'_>>,
    ) {
        if dice.happens(self.chance_of_loss(scene)) {
            return;
        }
        let mut stamp_ms = place.fact_ms + within(dice, STAMPED_AFTER_MS);
        if matches!(scene, Scene::Left { .. }) && dice.happens(self.odds.late_leave) {
            stamp_ms += within(dice, LATE_LEAVE_MS);
        }
        let text = dice.happens(self.odds.stamp_as_text);
        let number = scene.id_form_varies() && dice.happens(self.odds.number_as_number);
        let setting = Setting {
            room: place.room,
            meeting: place.meeting,
            at: Moment::from_millis(place.fact_ms),
            stamp: if text { Stamp::Text(stamp_ms) } else { Stamp::Number(stamp_ms) },
            id_form: if number { IdForm::Number } else { IdForm::Text },
        };
        let body = body::write(scene, &setting, guest);
        self.send(dice, stamp_ms, body);
    }

    fn chance_of_loss(&self, scene: Scene<'_>) -> PerMille {
        match scene {
            Scene::Started => self.odds.lost_started,
            Scene::Ended => self.odds.lost_ended,
            Scene::Left { .. } => self.odds.lost_leave,
            Scene::SharingEnded => self.odds.lost_sharing_ended,
            _ => PerMille(0),
        }
    }

    fn send(&mut self, dice: &mut Dice, stamp_ms: i64, body: String) {
        let mut at_ms = stamp_ms + within(dice, self.odds.travel_ms);
        if dice.happens(self.odds.delayed) {
            at_ms += within(dice, DELAY_MS);
        }
        if at_ms < self.opens_ms {
            at_ms = self.opens_ms + within(dice, (0, 800));
        }
        let delivery = Delivery { at_ms, body, request_id: cast::uuid(dice) };
        if dice.happens(self.odds.duplicated) {
            let again_ms = if dice.happens(self.odds.retried) {
                *dice.pick(&RETRIES_MS)
            } else {
                within(dice, TWIN_MS)
            };
            let at_ms = at_ms + again_ms;
            self.outbox.put(at_ms, Delivery { at_ms, ..delivery.clone() });
        }
        self.outbox.put(at_ms, delivery);
    }
}

fn within(dice: &mut Dice, (least, most): (i64, i64)) -> i64 {
    dice.between(least..=most)
}
