//! The last four weeks: how many people were in on average, by day of the week and hour.
//!
//! They are the 28 days before today, so that each day of the week is there
//! four times, and the chart moves on once a day. An average is over the time
//! there was: an hour that clocks left out or showed twice counts as what it was.

use serde::Serialize;

use super::super::calendar::Day;
use super::super::visible::Visible;
use super::Drawing;
use super::tally::Tally;
use crate::time::moment::Moment;
use crate::time::zone::Zone;

const DAYS: u64 = 28;

/// Hours of a week, from Monday at midnight.
const CELLS: usize = 7 * 24;

/// The last four weeks, hour by hour of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FourWeeks {
    /// Which days, and in whose time: `8 Dec 2025 – 4 Jan 2026, Europe/Istanbul`.
    pub note: String,
    /// The days from Monday to Sunday.
    pub days: Vec<Weekday>,
    /// The busiest hour, as a sentence.
    pub busiest: String,
    /// How many people level 4 stands for: `3.2`.
    pub most: String,
    /// The busiest hour of each day, in words.
    pub text: String,
}

/// One day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Weekday {
    /// `Mon`.
    pub name: &'static str,
    /// Hours in which somebody was in.
    pub runs: Vec<Run>,
}

/// Hours of the same level, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The first of them, 0 to 23.
    pub from: usize,
    /// How many they are.
    pub hours: usize,
    /// 1 to 4, in quarters of the busiest hour.
    pub level: i64,
}

/// The hours of the 28 days before today.
pub(super) struct Hours {
    /// Where each begins; last, where the last one ends.
    edges: Vec<Moment>,
    /// For each, which hour of the week it is.
    cells: Vec<usize>,
    /// For each hour of the week, how many seconds of it there were.
    seconds: Vec<i64>,
}

impl Hours {
    pub(super) fn before(today: &Day, zone: &Zone) -> Self {
        let (mut edges, mut cells) = (Vec::new(), Vec::new());
        for day in today.before(zone, DAYS) {
            for hour in day.hours(zone) {
                edges.push(hour.start);
                cells.push(day.weekday() * 24 + hour.number);
            }
        }
        edges.push(today.start);
        let mut seconds = vec![0; CELLS];
        for (&cell, ends) in cells.iter().zip(edges.windows(2)) {
            seconds[cell] += ends[1].since(ends[0]);
        }
        Self { edges, cells, seconds }
    }

    /// The first moment.
    pub(super) fn begin(&self) -> Moment {
        self.edges[0]
    }
}

impl<'a> Drawing<'a> {
    pub(super) fn four_weeks_chart(&self, visible: &Visible<'a>) -> Option<FourWeeks> {
        let averages = self.averages(visible);
        let most = *averages.iter().max()?;
        let busiest = averages.iter().position(|&average| average == most)?;
        (most > 0).then(|| FourWeeks {
            note: self.note(&self.dates()),
            days: self.weekdays(&averages, most),
            busiest: (self.words.busiest)(
                self.words.days[busiest / 24],
                &hour(busiest),
                &self.people(most),
            ),
            most: self.people(most),
            text: self.busiest_hours(&averages),
        })
    }

    /// For each hour of the week, the average number of people, in thousandths.
    fn averages(&self, visible: &Visible<'a>) -> Vec<i64> {
        let mut tally = Tally::new(&self.past.edges);
        for person in &visible.people {
            for (from, to) in self.times(person).take_while(|(_, to)| *to > self.past.begin()) {
                tally.add(from, to);
            }
        }
        let mut spent = vec![0; CELLS];
        for (&cell, seconds) in self.past.cells.iter().zip(tally.seconds()) {
            spent[cell] += seconds;
        }
        let all = spent.into_iter().zip(&self.past.seconds);
        all.map(|(spent, &seconds)| spent * 1000 / seconds.max(1)).collect()
    }

    fn weekdays(&self, averages: &[i64], most: i64) -> Vec<Weekday> {
        let days = self.words.weekdays.iter().zip(averages.chunks(24));
        days.map(|(name, hours)| Weekday { name, runs: runs(hours, most) }).collect()
    }

    fn dates(&self) -> String {
        let days = self.today.before(self.zone, DAYS);
        let date = |day: Option<&Day>| day.map(|day| self.clock.date(day.date)).unwrap_or_default();
        format!("{} – {}", date(days.first()), date(days.last()))
    }

    /// `Monday: 21:00, 2.5; …`, but for days on which nobody was in.
    fn busiest_hours(&self, averages: &[i64]) -> String {
        let told = self.words.days.iter().zip(averages.chunks(24)).filter_map(|(day, hours)| {
            let most = *hours.iter().max().filter(|&&most| most > 0)?;
            let at = hours.iter().position(|&average| average == most)?;
            Some(format!("{day}: {}, {}", hour(at), self.people(most)))
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// `3.2`, and never nobody where there was somebody.
    fn people(&self, thousandths: i64) -> String {
        self.words.tenths(((thousandths + 50) / 100).max(1))
    }
}

/// Hours of the same level in one.
fn runs(averages: &[i64], most: i64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (from, average) in averages.iter().enumerate().filter(|(_, average)| **average > 0) {
        let level = (4 * average + most - 1) / most;
        match runs.last_mut().filter(|run| run.level == level && run.from + run.hours == from) {
            Some(run) => run.hours += 1,
            None => runs.push(Run { from, hours: 1, level }),
        }
    }
    runs
}

/// `21:00`.
fn hour(cell: usize) -> String {
    format!("{:02}:00", cell % 24)
}
