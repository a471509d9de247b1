//! Charts of when people were in: today, this week, in the last four weeks.
//!
//! Numbers arrive ready to be drawn, as positions and sizes, and each chart
//! comes with words that say the same. No time is invented: a visit whose
//! beginning or end nobody knows is a mark where it was seen. What lasts is drawn up to the
//! last full quarter of an hour, so a chart moves on four times an hour at
//! most, and not at all while nobody is in.

mod four_weeks;
mod tally;
mod today;
mod week;

use super::calendar::Day;
use super::clock::Clock;
use super::visible::Visible;
use super::words::Words;
use crate::roster::{End, Person, Visit};
use crate::time::moment::Moment;
use crate::time::zone::Zone;

pub use four_weeks::{FourWeeks, Run, Weekday};
pub use today::{Bar, HourMark, Strip, Today};
pub use week::{Week, WeekDay};

/// A chart moves on by this, in seconds.
const QUARTER_S: i64 = 15 * 60;

/// The charts of one page; each is absent where it would be empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Charts {
    pub(super) today: Option<Today>,
    pub(super) week: Option<Week>,
    pub(super) four_weeks: Option<FourWeeks>,
}

/// What the charts of all pages have in common.
pub(super) struct Drawing<'a> {
    clock: &'a Clock<'a>,
    words: &'static Words,
    zone: &'a Zone,
    /// What lasts is drawn up to here.
    until: Moment,
    today: Day,
    week: Vec<Day>,
    past: four_weeks::Hours,
}

impl<'a> Drawing<'a> {
    /// Prepares charts as of `now`; `None` only at the ends of time.
    pub(super) fn new(
        zone: &'a Zone,
        words: &'static Words,
        clock: &'a Clock<'a>,
        now: Moment,
    ) -> Option<Self> {
        let today = clock.today()?;
        let (week, past) = (today.week(zone), four_weeks::Hours::before(&today, zone));
        Some(Self { clock, words, zone, until: quarter(now), today, week, past })
    }

    /// The charts of those who are visible.
    pub(super) fn of(&self, visible: &Visible) -> Charts {
        Charts {
            today: self.day_chart(visible),
            week: self.week_chart(visible),
            four_weeks: self.four_weeks_chart(visible),
        }
    }

    /// When the charts of `visible` are other ones although nothing arrives: somebody in stays in
    /// for another quarter of an hour, or the day ends for somebody who is in a chart.
    pub(super) fn next_change(&self, visible: &Visible) -> Option<Moment> {
        let drawn_from = self.past.begin().min(self.today.start);
        let is_drawn = |person: &&Person| {
            let last = person.visits.last().and_then(|visit| known(visit, self.until));
            last.is_some_and(|(_, to)| to >= drawn_from)
        };
        let somebody_stays = visible.people.iter().any(|person| person.present_since.is_some());
        if somebody_stays {
            Some(self.until.plus(QUARTER_S).min(self.today.end))
        } else {
            visible.people.iter().copied().any(|person| is_drawn(&person)).then_some(self.today.end)
        }
    }

    /// The times that visits of `person` are known to have taken, the latest first.
    fn times(&self, person: &'a Person) -> impl Iterator<Item = (Moment, Moment)> {
        person.visits.iter().rev().filter_map(|visit| known(visit, self.until))
    }

    /// `5 Jan 2026, Europe/Istanbul`: what a chart shows, and in whose time.
    fn note(&self, what: &str) -> String {
        format!("{what}, {}", self.zone.name())
    }
}

/// From when to when somebody is known to have been in, up to `until` while it lasts.
fn known(visit: &Visit, until: Moment) -> Option<(Moment, Moment)> {
    match (visit.start, visit.end) {
        (Some(start), End::At(end)) => Some((start, end)),
        (Some(start), End::Open) => Some((start, until.max(start))),
        (Some(start), End::Unknown) => Some((start, start)),
        (None, End::At(end)) => Some((end, end)),
        (None, _) => None,
    }
}

/// The last full quarter of an hour. Every zone of today is whole quarters away from UTC.
fn quarter(now: Moment) -> Moment {
    Moment::from_seconds(now.seconds().div_euclid(QUARTER_S) * QUARTER_S)
}
