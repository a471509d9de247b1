//! This week: the hours that people spent in the room, day by day.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::visible::Visible;
use super::ChartBuilder;
use super::tally::Tally;
use crate::time::moment::Moment;

/// The hours of this week, from Monday to Sunday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Week {
    /// The sum of the hours, and the zone: `61.5 h, everybody's together, Europe/Istanbul`.
    pub note: String,
    /// The days from Monday to Sunday.
    pub days: Vec<WeekDay>,
}

/// One day of this week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WeekDay {
    /// `Mon`.
    pub name: String,
    /// The hours of all people together, `3.5 h`; null for a future day.
    pub hours: Option<String>,
    /// The height of the bar: the hours in per cent of the busiest day's.
    pub height: i64,
    /// Whether it is today.
    pub today: bool,
}

impl<'a> ChartBuilder<'a> {
    pub(super) fn week_chart(&self, visible: &Visible<'a>) -> Option<Week> {
        let seconds = self.week_seconds(visible);
        let (&most, all) = (seconds.iter().max()?, seconds.iter().sum::<i64>());
        (most > 0).then(|| Week {
            note: self.note(&self.translation.together.with("hours", &self.hours(all))),
            days: self
                .week
                .iter()
                .zip(&seconds)
                .map(|(day, &seconds)| WeekDay {
                    name: self.translation.weekdays()[day.weekday()].clone(),
                    hours: (day.start <= self.today.start).then(|| self.hours(seconds)),
                    height: (seconds * 100).div_euclid(most).max(i64::from(seconds > 0)),
                    today: day.start == self.today.start,
                })
                .collect(),
        })
    }

    fn week_seconds(&self, visible: &Visible<'a>) -> Vec<i64> {
        let starts = self.week.iter().map(|day| day.start);
        let end = self.week.last().map(|day| day.end);
        let edges: Vec<Moment> = starts.chain(end).collect();
        let mut tally = Tally::new(&edges);
        for person in &visible.people {
            let times = self.times(person);
            for (from, to) in times.take_while(|(_, to)| Some(to) > edges.first()) {
                tally.add(from, to);
            }
        }
        tally.seconds()
    }

    /// `3.5 h`.
    fn hours(&self, seconds: i64) -> String {
        let tenths = (seconds * 10 + 1800) / 3600;
        self.translation.hours.with("hours", &self.translation.tenths(tenths))
    }
}
