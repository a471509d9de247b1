//! The last 24 hours: a strip for each person who was in.
//!
//! The strips end with the quarter of an hour that `now` is in, so that an evening stays visible past
//! midnight. They are always 24 hours long, also where clocks change meanwhile.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::calendar::hours_between;
use super::super::visible::Visible;
use super::{ChartBuilder, QUARTER_S, known};
use crate::roster::{End, Person, Visit};
use crate::time::moment::Moment;

/// The maximum number of people with a strip.
const MAX_STRIPS: usize = 24;

/// The maximum number of visits in a strip's text.
const MAX_VISITS_IN_TEXT: usize = 4;

/// The number of hours between marks.
const MARK_HOURS: usize = 3;

/// The number of hours between the marks that a narrow page shows.
const MAJOR_MARK_HOURS: usize = 6;

/// The length of a strip, in seconds.
const DAY_S: i64 = 24 * 60 * 60;

/// The last 24 hours, for each person who was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LastDay {
    /// The dates and the zone: `4 Jan 2026 – 5 Jan 2026, Europe/Istanbul`.
    pub note: String,
    /// The length in minutes, 1440: the width of a strip.
    pub minutes: i64,
    /// Marks at every third hour, and where a day begins.
    pub hours: Vec<HourMark>,
    /// Who is in, in the order in which they came, then who was in, the latest first. At most 24.
    pub people: Vec<Strip>,
    /// How many more people there were, as a sentence; null if all are shown.
    pub more: Option<String>,
}

/// A mark at an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HourMark {
    /// `06`; the weekday where a day begins, `Tue`.
    pub text: String,
    /// Its position, in per cent of the strip's width: `25.00`.
    pub at: String,
    /// Whether a day begins here.
    pub midnight: bool,
    /// Whether a narrow page shows its text, too.
    pub major: bool,
}

/// One person's last 24 hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Strip {
    /// The name shown.
    pub name: String,
    /// When the person was in, in order.
    pub bars: Vec<Bar>,
    /// The same as text: `19:00–20:15, since 20:38`.
    pub text: String,
}

/// A period in which the person was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Bar {
    /// Minutes from the start of the strip.
    pub from: i64,
    /// The length in minutes, at least one.
    pub minutes: i64,
    /// Whether the person is still in.
    pub open: bool,
}

impl<'a> ChartBuilder<'a> {
    pub(super) fn last_day_chart(&self, visible: &Visible<'a>) -> Option<LastDay> {
        let mut people: Vec<&Person> = visible.present().into_iter().map(|(p, _)| p).collect();
        let out = visible.people.iter().filter(|person| person.present_since.is_none());
        people.extend(out.filter(|person| self.has_strip(person)));
        let more = people.len().saturating_sub(MAX_STRIPS);
        people.truncate(MAX_STRIPS);
        let [from, to] = [self.last_day_start(), self.last_day_end()];
        (!people.is_empty()).then(|| LastDay {
            note: self.note(&format!("{} – {}", self.clock.day(from), self.clock.day(to))),
            minutes: DAY_S / 60,
            hours: self.hour_marks(),
            people: people.into_iter().map(|person| self.strip(person)).collect(),
            more: (more > 0).then(|| self.translation.more.of(more)),
        })
    }

    /// Whether somebody who is out has a strip.
    pub(super) fn has_strip(&self, person: &Person) -> bool {
        person.visits.last().is_some_and(|visit| self.is_in_last_day(visit))
    }

    fn is_in_last_day(&self, visit: &Visit) -> bool {
        known(visit, self.drawn_until).is_some_and(|(_, to)| to >= self.last_day_start())
    }

    fn last_day_start(&self) -> Moment {
        self.last_day_end().plus(-DAY_S)
    }

    fn last_day_end(&self) -> Moment {
        self.drawn_until.plus(QUARTER_S)
    }

    fn hour_marks(&self) -> Vec<HourMark> {
        let start = self.last_day_start();
        let mut marks: Vec<HourMark> = Vec::new();
        let mut before = None;
        for hour in hours_between(self.zone, start, self.last_day_end()) {
            // Where clocks are put back, an hour comes twice.
            let is_repeated = before.replace(hour.number) == Some(hour.number);
            let is_marked = hour.number.is_multiple_of(MARK_HOURS) && !is_repeated;
            if !hour.is_full || !(is_marked || hour.begins.is_some()) {
                continue;
            }
            let hundredths = hour.start.since(start) * 10_000 / DAY_S;
            marks.push(HourMark {
                text: match hour.begins {
                    Some(weekday) => self.translation.weekdays()[weekday].clone(),
                    None => format!("{:02}", hour.number),
                },
                at: format!("{}.{:02}", hundredths / 100, hundredths % 100),
                midnight: hour.begins.is_some(),
                major: hour.begins.is_some() || hour.number.is_multiple_of(MAJOR_MARK_HOURS),
            });
        }
        marks
    }

    fn strip(&self, person: &Person) -> Strip {
        let visits: Vec<&Visit> =
            person.visits.iter().filter(|visit| self.is_in_last_day(visit)).collect();
        Strip {
            name: person.name.to_string(),
            bars: self.bars(&visits),
            text: self.visits_text(&visits),
        }
    }

    /// Merges visits with less than a minute between them into one bar.
    fn bars(&self, visits: &[&Visit]) -> Vec<Bar> {
        let (start, last_minute) = (self.last_day_start(), DAY_S / 60 - 1);
        let minute = |at: Moment| (at.since(start) / 60).clamp(0, last_minute + 1);
        let mut bars: Vec<Bar> = Vec::new();
        for visit in visits {
            let Some((from, to)) = known(visit, self.drawn_until) else { continue };
            let open = visit.end == End::Open;
            let (from, to) = (minute(from).min(last_minute), minute(to));
            match bars.last_mut().filter(|bar| from <= bar.from + bar.minutes) {
                Some(bar) => {
                    bar.minutes = bar.minutes.max(to - bar.from);
                    bar.open = open;
                }
                None => bars.push(Bar { from, minutes: (to - from).max(1), open }),
            }
        }
        bars
    }

    /// The latest visits as text, and the number of earlier ones.
    fn visits_text(&self, visits: &[&Visit]) -> String {
        let omitted = visits.len().saturating_sub(MAX_VISITS_IN_TEXT);
        let mut texts: Vec<String> =
            visits[omitted..].iter().map(|visit| self.visit_text(visit)).collect();
        if omitted > 0 {
            texts.push(self.translation.more.of(omitted));
        }
        texts.join(&self.translation.comma)
    }

    fn visit_text(&self, visit: &Visit) -> String {
        let in_strip = self.last_day_start()..self.last_day_end();
        let time = |moment| match in_strip.contains(&moment) {
            true => self.clock.hour(moment),
            false => self.clock.short(moment),
        };
        match (visit.start, visit.end) {
            (Some(start), End::At(end)) => format!("{}–{}", time(start), time(end)),
            (Some(start), End::Open) => self.translation.since.with("time", &time(start)),
            (Some(start), End::Unknown) => self.translation.unknown_end.with("time", &time(start)),
            (None, End::At(end)) => self.translation.unknown_start.with("time", &time(end)),
            (None, _) => String::new(),
        }
    }
}
