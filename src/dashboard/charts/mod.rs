//! Charts of when people were in: in the last 24 hours, this week, in the last four weeks.
//!
//! Templates receive positions and sizes, and a text that says the same. No time is invented: a visit
//! with an unknown start or end is a mark at the known time. Open visits are drawn up to the last
//! full quarter of an hour, so a chart changes at most four times an hour, and not at all once nobody
//! was in for 24 hours, except at the end of a day.

mod four_weeks;
mod last_day;
mod tally;
mod week;

use super::calendar::Day;
use super::clock::TimeFormatter;
use super::visible::Visible;
use crate::roster::{End, Person, Visit};
use crate::time::moment::Moment;
use crate::time::zone::Zone;
use crate::words::Translation;

pub use four_weeks::{FourWeeks, Run, Weekday};
pub use last_day::{Bar, HourMark, LastDay, Strip};
pub use week::{Week, WeekDay};

/// The resolution of open visits, in seconds.
const QUARTER_S: i64 = 15 * 60;

/// The charts of one page; an empty chart is `None`.
#[derive(Debug, Clone, Default)]
pub(super) struct Charts {
    pub(super) last_day: Option<LastDay>,
    pub(super) week: Option<Week>,
    pub(super) four_weeks: Option<FourWeeks>,
}

/// Builds charts. Holds what those of all pages have in common.
pub(super) struct ChartBuilder<'a> {
    clock: &'a TimeFormatter<'a>,
    translation: &'a Translation,
    zone: &'a Zone,
    /// Open visits are drawn up to here.
    drawn_until: Moment,
    today: Day,
    week: Vec<Day>,
    past: four_weeks::Hours,
}

impl<'a> ChartBuilder<'a> {
    /// Prepares charts as of `now`; `None` only outside of chrono's years.
    pub(super) fn new(
        zone: &'a Zone,
        translation: &'a Translation,
        clock: &'a TimeFormatter<'a>,
        now: Moment,
    ) -> Option<Self> {
        let today = clock.today()?;
        let (week, past) = (today.week(zone), four_weeks::Hours::before(&today, zone));
        Some(Self { clock, translation, zone, drawn_until: quarter(now), today, week, past })
    }

    /// The charts of the visible people.
    pub(super) fn of(&self, visible: &Visible) -> Charts {
        Charts {
            last_day: self.last_day_chart(visible),
            week: self.week_chart(visible),
            four_weeks: self.four_weeks_chart(visible),
        }
    }

    /// When the charts of `visible` change next even if no event arrives: another quarter of an hour
    /// passes while somebody has a strip, or the day ends for somebody who is in another chart.
    pub(super) fn next_change(&self, visible: &Visible) -> Option<Moment> {
        let drawn_from = self.past.begin().min(self.today.start);
        let is_drawn = |person: &&Person| {
            let last = person.visits.last().and_then(|visit| known(visit, self.drawn_until));
            last.is_some_and(|(_, to)| to >= drawn_from)
        };
        let has_strip = |person: &Person| person.present_since.is_some() || self.has_strip(person);
        if visible.people.iter().any(|person| has_strip(person)) {
            Some(self.drawn_until.plus(QUARTER_S).min(self.today.end))
        } else {
            visible.people.iter().copied().any(|person| is_drawn(&person)).then_some(self.today.end)
        }
    }

    /// The known times of the visits of `person`, the latest first.
    fn times(&self, person: &'a Person) -> impl Iterator<Item = (Moment, Moment)> {
        person.visits.iter().rev().filter_map(|visit| known(visit, self.drawn_until))
    }

    /// What a chart shows and its zone: `5 Jan 2026, Europe/Istanbul`.
    fn note(&self, what: &str) -> String {
        self.translation.note.fill(&[("what", what), ("zone", self.zone.name())])
    }
}

/// The known start and end of a visit; an open one ends at `until`.
fn known(visit: &Visit, until: Moment) -> Option<(Moment, Moment)> {
    match (visit.start, visit.end) {
        (Some(start), End::At(end)) => Some((start, end)),
        (Some(start), End::Open) => Some((start, until.max(start))),
        (Some(start), End::Unknown) => Some((start, start)),
        (None, End::At(end)) => Some((end, end)),
        (None, _) => None,
    }
}

/// The last full quarter of an hour. All current zones are whole quarters away from UTC.
fn quarter(now: Moment) -> Moment {
    Moment::from_seconds(now.seconds().div_euclid(QUARTER_S) * QUARTER_S)
}
