//! When the next step is, and whether somebody joins or leaves in it.

use crate::simulate::plan::Pace;

use super::{Action, SessionId, Story};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// How many people join in each hour of a UTC day, in percent of the busiest.
const HOUR_PERCENT: [i64; 24] =
    [12, 6, 4, 3, 3, 4, 8, 16, 26, 34, 36, 38, 44, 40, 38, 40, 46, 58, 76, 94, 100, 88, 56, 28];

/// The same for the days from Sunday to Saturday.
const DAY_PERCENT: [i64; 7] = [100, 91, 91, 100, 91, 82, 72];

/// The quantiles of a stay, in minutes.
const STAYS_MIN: [i64; 10] = [1, 4, 9, 16, 25, 40, 60, 90, 130, 210];

impl Story {
    /// Lets something happen at the plan's pace, and schedules the next step.
    pub(super) fn step(&mut self, at_ms: i64) {
        match self.plan.pace {
            Pace::Daily { deliveries } => {
                if self.happens_at_this_hour(at_ms) {
                    self.arrive(at_ms);
                }
                let gap_ms = self.gap_at_busiest_hour_ms(deliveries);
                let wait_ms = self.rng.between(1..=2 * gap_ms);
                self.queue.push(at_ms + wait_ms, Action::Step);
            }
            Pace::Rate { per_1000_s } => {
                self.join_or_leave(at_ms);
                let per_1000_s = per_1000_s.max(1);
                let spent_ms = self.outbox.added().saturating_mul(1_000_000) / per_1000_s;
                let due_ms = self.plan.start.seconds() * 1000 + spent_ms as i64;
                self.queue.push(due_ms.max(at_ms), Action::Step);
            }
        }
    }

    /// Schedules the leave of a session. At a constant rate the steps decide who leaves.
    pub(super) fn plan_stay(&mut self, at_ms: i64, session: SessionId) {
        if !matches!(self.plan.pace, Pace::Daily { .. }) {
            return;
        }
        let typical_ms = self.rng.pick(&STAYS_MIN) * 60_000;
        let stay_ms = self.rng.between(typical_ms / 2..=typical_ms * 3 / 2);
        self.queue.push(at_ms + stay_ms, Action::Leave(session));
        if self.rng.happens(self.plan.probabilities.incident) {
            let wait_ms = self.rng.between(0..=stay_ms);
            self.queue.push(at_ms + wait_ms, Action::Incident(session));
        }
    }

    /// Somebody joins or leaves, or there is an incident. On average half of the people are in.
    fn join_or_leave(&mut self, at_ms: i64) {
        let inside = self.sessions.len();
        match self.pick_session() {
            Some(session) if self.rng.happens(self.plan.probabilities.incident) => {
                self.incident(at_ms, session);
            }
            Some(session) if self.rng.below(self.participants.len()) < inside => {
                self.leave(at_ms, session)
            }
            _ => self.arrive(at_ms),
        }
    }

    fn pick_session(&mut self) -> Option<SessionId> {
        let (&first, _) = self.sessions.first_key_value()?;
        let (&last, _) = self.sessions.last_key_value()?;
        let from = self.rng.between(first as i64..=last as i64) as u64;
        self.sessions.range(from..).next().map(|(&session, _)| session)
    }

    fn happens_at_this_hour(&mut self, at_ms: i64) -> bool {
        let hour = at_ms.div_euclid(HOUR_MS).rem_euclid(24) as usize;
        // 1970 began on a Thursday.
        let day = (at_ms.div_euclid(DAY_MS) + 4).rem_euclid(7) as usize;
        (self.rng.below(10_000) as i64) < HOUR_PERCENT[hour] * DAY_PERCENT[day]
    }

    /// The mean gap between joins at the busiest hour, from the deliveries per visit so far.
    fn gap_at_busiest_hour_ms(&self, deliveries: usize) -> i64 {
        let busy_hours_in_a_week =
            HOUR_PERCENT.iter().sum::<i64>() * DAY_PERCENT.iter().sum::<i64>();
        let busy_ms_in_a_day =
            i128::from(busy_hours_in_a_week) * i128::from(HOUR_MS) / (7 * 10_000);
        // The initial guess is four deliveries per visit, with the weight of ten visits.
        let (deliveries_so_far, visits) = (self.outbox.added() + 40, self.visits + 10);
        let gap = busy_ms_in_a_day * i128::from(deliveries_so_far)
            / i128::from(visits)
            / i128::from(deliveries.max(1) as u64);
        i64::try_from(gap).unwrap_or(DAY_MS).clamp(1, DAY_MS)
    }
}
