//! Today: a strip of its hours for each person who was in.

use serde::Serialize;

use super::super::visible::Visible;
use super::{Drawing, known};
use crate::roster::{End, Person, Visit};
use crate::time::moment::Moment;

/// How many people get a strip.
const STRIPS: usize = 24;

/// How many visits a strip tells in words.
const TOLD: usize = 4;

/// Every so many hours there is a mark.
const MARK_HOURS: usize = 3;

/// Today, for each person who was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Today {
    /// Which day, and in whose time: `5 Jan 2026, Europe/Istanbul`.
    pub note: String,
    /// How long the day is, in minutes: 1440, but where clocks change. The width of a strip.
    pub minutes: i64,
    /// Marks at every third hour, and at the end of the day.
    pub hours: Vec<HourMark>,
    /// Who is in, the first to come first; then who was, the last to go first. At most 24.
    pub people: Vec<Strip>,
    /// How many more people there were, as a sentence; null where all are shown.
    pub more: Option<String>,
}

/// A mark at an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HourMark {
    /// `06`.
    pub text: String,
    /// Where it is, in hundredths of the strip's width: `25.00`.
    pub at: String,
}

/// One person's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Strip {
    /// The name shown.
    pub name: String,
    /// When the person was in, in order.
    pub bars: Vec<Bar>,
    /// The same in words: `19:00–20:15, since 20:38`.
    pub text: String,
}

/// A time in which somebody was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// Minutes from the beginning of the day.
    pub from: i64,
    /// How many minutes long; at least one.
    pub minutes: i64,
    /// Whether it lasts.
    pub open: bool,
}

impl<'a> Drawing<'a> {
    pub(super) fn day_chart(&self, visible: &Visible<'a>) -> Option<Today> {
        let mut people: Vec<&Person> = visible.present().into_iter().map(|(p, _)| p).collect();
        let out = visible.people.iter().filter(|person| person.present_since.is_none());
        people.extend(out.filter(|person| self.was_in_today(person)));
        let more = people.len().saturating_sub(STRIPS);
        people.truncate(STRIPS);
        (!people.is_empty()).then(|| Today {
            note: self.note(&self.clock.date(self.today.date)),
            minutes: self.today.seconds() / 60,
            hours: self.hour_marks(),
            people: people.into_iter().map(|person| self.strip(person)).collect(),
            more: (more > 0).then(|| (self.words.more)(more)),
        })
    }

    fn was_in_today(&self, person: &Person) -> bool {
        let last = person.visits.last().and_then(|visit| known(visit, self.until));
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
        let is_today =
            |visit: &&Visit| known(visit, self.until).is_some_and(|(_, to)| to >= self.today.start);
        let visits: Vec<&Visit> = person.visits.iter().filter(is_today).collect();
        Strip { name: person.name.to_string(), bars: self.bars(&visits), text: self.told(&visits) }
    }

    /// Visits with less than a minute between them are one bar.
    fn bars(&self, visits: &[&Visit]) -> Vec<Bar> {
        let last_minute = self.today.seconds() / 60 - 1;
        let minute = |at: Moment| (at.since(self.today.start) / 60).clamp(0, last_minute + 1);
        let mut bars: Vec<Bar> = Vec::new();
        for visit in visits {
            let Some((from, to)) = known(visit, self.until) else { continue };
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

    /// The latest visits in words, the earlier ones as a number.
    fn told(&self, visits: &[&Visit]) -> String {
        let untold = visits.len().saturating_sub(TOLD);
        let mut told: Vec<String> = visits[untold..].iter().map(|visit| self.tell(visit)).collect();
        if untold > 0 {
            told.push((self.words.more)(untold));
        }
        told.join(", ")
    }

    fn tell(&self, visit: &Visit) -> String {
        let time = |moment| self.clock.short(moment);
        match (visit.start, visit.end) {
            (Some(start), End::At(end)) => format!("{}–{}", time(start), time(end)),
            (Some(start), End::Open) => self.words.since.replace("{}", &time(start)),
            (Some(start), End::Unknown) => self.words.unknown_end.replace("{}", &time(start)),
            (None, End::At(end)) => self.words.unknown_start.replace("{}", &time(end)),
            (None, _) => String::new(),
        }
    }
}
