//! When something happens next, and whether somebody comes or goes.

use crate::simulate::plan::Pace;

use super::{Doing, SessionId, Story};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// How likely each hour of a UTC day is to see somebody come, in hundredths of the busiest.
const HOURS: [i64; 24] =
    [12, 6, 4, 3, 3, 4, 8, 16, 26, 34, 36, 38, 44, 40, 38, 40, 46, 58, 76, 94, 100, 88, 56, 28];

/// The same for the days from Sunday to Saturday.
const DAYS: [i64; 7] = [100, 91, 91, 100, 91, 82, 72];

/// The quantiles of a stay, in minutes.
const STAYS_MIN: [i64; 10] = [1, 4, 9, 16, 25, 40, 60, 90, 130, 210];

impl Story {
    /// Something happens by the plan's pace, and the next thing is put on the agenda.
    pub(super) fn go(&mut self, at_ms: i64) {
        match self.plan.pace {
            Pace::Daily { deliveries } => {
                if self.is_busy_enough(at_ms) {
                    self.arrive(at_ms);
                }
                let gap_ms = self.gap_at_the_busiest_hour_ms(deliveries);
                let wait_ms = self.dice.between(1..=2 * gap_ms);
                self.agenda.put(at_ms + wait_ms, Doing::Go);
            }
            Pace::Rate { per_1000_s } => {
                self.beat(at_ms);
                let per_1000_s = per_1000_s.max(1);
                let spent_ms = self.post.made().saturating_mul(1_000_000) / per_1000_s;
                let due_ms = self.plan.start.seconds() * 1000 + spent_ms as i64;
                self.agenda.put(due_ms.max(at_ms), Doing::Go);
            }
            Pace::Beats { min_ms, max_ms } => {
                self.beat(at_ms);
                let wait_ms = self.dice.between(min_ms..=max_ms);
                self.agenda.put(at_ms + wait_ms, Doing::Go);
            }
        }
    }

    /// By daily rhythm everybody knows how long to stay; by beats, the beat decides.
    pub(super) fn plan_the_stay(&mut self, at_ms: i64, session: SessionId) {
        if !matches!(self.plan.pace, Pace::Daily { .. }) {
            return;
        }
        let typical_ms = self.dice.pick(&STAYS_MIN) * 60_000;
        let stay_ms = self.dice.between(typical_ms / 2..=typical_ms * 3 / 2);
        self.agenda.put(at_ms + stay_ms, Doing::Leave(session));
        if self.dice.happens(self.plan.odds.incident) {
            let wait_ms = self.dice.between(0..=stay_ms);
            self.agenda.put(at_ms + wait_ms, Doing::Incident(session));
        }
    }

    /// Somebody comes, goes, or does something else; on the whole half of them are in.
    fn beat(&mut self, at_ms: i64) {
        let inside = self.sessions.len();
        let somebody = self.anybody_inside();
        match somebody {
            Some(session) if self.dice.happens(self.plan.odds.incident) => {
                self.incident(at_ms, session);
            }
            Some(session) if self.dice.below(self.cast.len()) < inside => {
                self.leave(at_ms, session)
            }
            _ => self.arrive(at_ms),
        }
    }

    fn anybody_inside(&mut self) -> Option<SessionId> {
        let (&first, _) = self.sessions.first_key_value()?;
        let (&last, _) = self.sessions.last_key_value()?;
        let from = self.dice.between(first as i64..=last as i64) as u64;
        self.sessions.range(from..).next().map(|(&session, _)| session)
    }

    fn is_busy_enough(&mut self, at_ms: i64) -> bool {
        let hour = at_ms.div_euclid(HOUR_MS).rem_euclid(24) as usize;
        // 1970 began on a Thursday.
        let day = (at_ms.div_euclid(DAY_MS) + 4).rem_euclid(7) as usize;
        (self.dice.below(10_000) as i64) < HOURS[hour] * DAYS[day]
    }

    /// The mean gap between arrivals at the busiest hour, from what a visit has cost so far.
    fn gap_at_the_busiest_hour_ms(&self, deliveries: usize) -> i64 {
        let busy_hours_in_a_week = HOURS.iter().sum::<i64>() * DAYS.iter().sum::<i64>();
        let busy_ms_in_a_day =
            i128::from(busy_hours_in_a_week) * i128::from(HOUR_MS) / (7 * 10_000);
        // Begin with a guess of four deliveries a visit, worth ten visits.
        let (made, visits) = (self.post.made() + 40, self.visits + 10);
        let gap = busy_ms_in_a_day * i128::from(made)
            / i128::from(visits)
            / i128::from(deliveries.max(1) as u64);
        i64::try_from(gap).unwrap_or(DAY_MS).clamp(1, DAY_MS)
    }
}
