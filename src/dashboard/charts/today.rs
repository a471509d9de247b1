//! Today: a strip of its hours for each person who was in.

use serde::Serialize;

use super::super::visible::Visible;
use super::{ChartBuilder, known};
use crate::roster::{End, Person, Visit};
use crate::time::moment::Moment;

/// The maximum number of people with a strip.
const MAX_STRIPS: usize = 24;

/// The maximum number of visits in a strip's text.
const MAX_VISITS_IN_TEXT: usize = 4;

/// The number of hours between marks.
const MARK_HOURS: usize = 3;

/// Today, for each person who was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Today {
    /// The day and the zone: `5 Jan 2026, Europe/Istanbul`.
    pub note: String,
    /// The length of the day in minutes, usually 1440: the width of a strip.
    pub minutes: i64,
    /// Marks at every third hour, and at the end of the day.
    pub hours: Vec<HourMark>,
    /// Who is in, in the order in which they came, then who was in, the latest first. At most 24.
    pub people: Vec<Strip>,
    /// How many more people there were, as a sentence; null if all are shown.
    pub more: Option<String>,
}

/// A mark at an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HourMark {
    /// `06`.
    pub text: String,
    /// Its position, in per cent of the strip's width: `25.00`.
    pub at: String,
}

/// One person's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strip {
    /// The name shown.
    pub name: String,
    /// When the person was in, in order.
    pub bars: Vec<Bar>,
    /// The same as text: `19:00–20:15, since 20:38`.
    pub text: String,
}

/// A period in which the person was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Minutes from the start of the day.
    pub from: i64,
    /// The length in minutes, at least one.
    pub minutes: i64,
    /// Whether the person is still in.
    pub open: bool,
}

impl<'a> ChartBuilder<'a> {
    pub(super) fn day_chart(&self, visible: &Visible<'a>) -> Option<Today> {
        let mut people: Vec<&Person> = visible.present().into_iter().map(|(p, _)| p).collect();
        let out = visible.people.iter().filter(|person| person.present_since.is_none());
        people.extend(out.filter(|person| self.was_in_today(person)));
        let more = people.len().saturating_sub(MAX_STRIPS);
        people.truncate(MAX_STRIPS);
        (!people.is_empty()).then(|| Today {
            note: self.note(&self.clock.date(self.today.date)),
            minutes: self.today.seconds() / 60,
            hours: self.hour_marks(),
            people: people.into_iter().map(|person| self.strip(person)).collect(),
            more: (more > 0).then(|| (self.translation.more)(more)),
        })
    }

    fn was_in_today(&self, person: &Person) -> bool {
        let last = person.visits.last().and_then(|visit| known(visit, self.drawn_until));
        last.is_some_and(|(_, to)| to >= self.today.start)
    }

    fn hour_marks(&self) -> Vec<HourMark> {
        let hours = self.today.hours(self.zone);
        let marked = hours.iter().filter(|hour| hour.number.is_multiple_of(MARK_HOURS));
        let mark = |number: usize, at: Moment| {
            let hundredths = at.since(self.today.start) * 10_000 / self.today.seconds();
            HourMark {
                text: format!("{number:02}"),
                at: format!("{}.{:02}", hundredths / 100, hundredths % 100),
            }
        };
        let end = mark(24, self.today.end);
        marked.map(|hour| mark(hour.number, hour.start)).chain([end]).collect()
    }

    fn strip(&self, person: &Person) -> Strip {
        let is_today = |visit: &&Visit| {
            known(visit, self.drawn_until).is_some_and(|(_, to)| to >= self.today.start)
        };
        let visits: Vec<&Visit> = person.visits.iter().filter(is_today).collect();
        Strip {
            name: person.name.to_string(),
            bars: self.bars(&visits),
            text: self.visits_text(&visits),
        }
    }

    /// Merges visits with less than a minute between them into one bar.
    fn bars(&self, visits: &[&Visit]) -> Vec<Bar> {
        let last_minute = self.today.seconds() / 60 - 1;
        let minute = |at: Moment| (at.since(self.today.start) / 60).clamp(0, last_minute + 1);
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
            texts.push((self.translation.more)(omitted));
        }
        texts.join(", ")
    }

    fn visit_text(&self, visit: &Visit) -> String {
        let time = |moment| self.clock.short(moment);
        match (visit.start, visit.end) {
            (Some(start), End::At(end)) => format!("{}–{}", time(start), time(end)),
            (Some(start), End::Open) => self.translation.since.replace("{}", &time(start)),
            (Some(start), End::Unknown) => self.translation.unknown_end.replace("{}", &time(start)),
            (None, End::At(end)) => self.translation.unknown_start.replace("{}", &time(end)),
            (None, _) => String::new(),
        }
    }
}
