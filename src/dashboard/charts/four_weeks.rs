//! The last four weeks: how many people were in on average, by day of the week and hour.
//!
//! They are the 28 days before today: each day of the week occurs four times, and the chart changes
//! once a day. Averages use the actual length of an hour, which differs where clocks change.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::calendar::Day;
use super::super::visible::Visible;
use super::ChartBuilder;
use super::tally::Tally;
use crate::time::moment::Moment;
use crate::time::zone::Zone;

const DAYS: u64 = 28;

/// Hours of a week, from Monday at midnight.
const CELLS: usize = 7 * 24;

/// The last four weeks, hour by hour of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FourWeeks {
    /// The days and the zone: `8 Dec 2025 – 4 Jan 2026, Europe/Istanbul`.
    pub note: String,
    /// The days from Monday to Sunday.
    pub days: Vec<Weekday>,
    /// The busiest hour, as a sentence.
    pub busiest: String,
    /// The number of people at level 4: `3.2`.
    pub most: String,
    /// The busiest hour of each day, as text.
    pub text: String,
}

/// One day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Weekday {
    /// `Mon`.
    pub name: String,
    /// Hours in which somebody was in.
    pub runs: Vec<Run>,
}

/// Hours of the same level, side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    /// The first of them, 0 to 23.
    pub from: usize,
    /// The number of hours.
    pub hours: usize,
    /// 1 to 4, in quarters of the busiest hour's average.
    pub level: i64,
}

/// The hours of the 28 days before today.
pub(super) struct Hours {
    /// The start of each hour, and the end of the last one.
    edges: Vec<Moment>,
    /// For each hour, which hour of the week it is.
    cells: Vec<usize>,
    /// For each hour of the week, its total length in seconds.
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

impl<'a> ChartBuilder<'a> {
    pub(super) fn four_weeks_chart(&self, visible: &Visible<'a>) -> Option<FourWeeks> {
        let averages = self.averages(visible);
        let most = *averages.iter().max()?;
        let busiest = averages.iter().position(|&average| average == most)?;
        (most > 0).then(|| FourWeeks {
            note: self.note(&self.dates()),
            days: self.weekdays(&averages, most),
            busiest: self.translation.busiest(
                &self.translation.days()[busiest / 24],
                &hour(busiest),
                tenths(most),
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
        let days = self.translation.weekdays().iter().zip(averages.chunks(24));
        days.map(|(name, hours)| Weekday { name: name.clone(), runs: runs(hours, most) }).collect()
    }

    fn dates(&self) -> String {
        let days = self.today.before(self.zone, DAYS);
        let date = |day: Option<&Day>| day.map(|day| self.clock.date(day.date)).unwrap_or_default();
        format!("{} – {}", date(days.first()), date(days.last()))
    }

    /// `Monday: 21:00, 2.5; …`, without days on which nobody was in.
    fn busiest_hours(&self, averages: &[i64]) -> String {
        let told =
            self.translation.days().iter().zip(averages.chunks(24)).filter_map(|(day, hours)| {
                let most = *hours.iter().max().filter(|&&most| most > 0)?;
                let at = hours.iter().position(|&average| average == most)?;
                Some(format!("{day}: {}, {}", hour(at), self.people(most)))
            });
        told.collect::<Vec<_>>().join("; ")
    }

    /// `3.2`, and at least `0.1`.
    fn people(&self, thousandths: i64) -> String {
        self.translation.tenths(tenths(thousandths))
    }
}

/// Tenths of `thousandths`, at least one.
fn tenths(thousandths: i64) -> i64 {
    ((thousandths + 50) / 100).max(1)
}

/// Merges adjacent hours of the same level.
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
