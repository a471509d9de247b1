//! Days and hours of the site's zone. Where clocks change, a day has 23 or 25 hours, and an hour may
//! occur twice or never.

use chrono::{Datelike, Days, NaiveDate, Timelike};

use crate::time::moment::Moment;
use crate::time::zone::Zone;

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) date: NaiveDate,
    /// Its first moment.
    pub(super) start: Moment,
    /// The first moment of the next day.
    pub(super) end: Moment,
}

/// One hour of a day as clocks show it. It is shorter where clocks change by half an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hour {
    /// 0 to 23.
    pub(super) number: usize,
    /// Its first moment.
    pub(super) start: Moment,
    /// Whether clocks show a full hour at `start`.
    pub(super) is_full: bool,
    /// The weekday that begins at `start`, 0 for Monday to 6 for Sunday, if one does.
    pub(super) begins: Option<usize>,
}

/// The hours from `from` until `to`, in order. The first may have begun before `from`.
pub(super) fn hours_between(zone: &Zone, from: Moment, to: Moment) -> Vec<Hour> {
    let mut hours = Vec::with_capacity(25);
    let mut date_before = zone.local(from.plus(-1)).map(|time| time.date());
    let mut start = from;
    while start < to
        && let Some(time) = zone.local(start)
    {
        let date = Some(time.date());
        // Clocks that are put back from midnight end the day again, but do not begin it twice.
        let begins = (date > date_before).then(|| time.weekday().num_days_from_monday() as usize);
        date_before = date.max(date_before);
        let into_the_hour = i64::from(time.minute() * 60 + time.second());
        let (number, is_full) = (time.hour() as usize, into_the_hour == 0);
        hours.push(Hour { number, start, is_full, begins });
        start = start.plus(3600 - into_the_hour);
    }
    hours
}

impl Day {
    /// The day `date`; `None` only outside of chrono's years.
    pub(super) fn of(zone: &Zone, date: NaiveDate) -> Option<Self> {
        let (start, end) = (zone.start_of(date), zone.start_of(date.succ_opt()?));
        Some(Self { date, start, end })
    }

    /// The `count` days before this one, oldest first.
    pub(super) fn before(&self, zone: &Zone, count: u64) -> Vec<Self> {
        let date = |back| self.date.checked_sub_days(Days::new(back));
        (1..=count).rev().filter_map(|back| Self::of(zone, date(back)?)).collect()
    }

    /// The week of this day, from Monday to Sunday.
    pub(super) fn week(&self, zone: &Zone) -> Vec<Self> {
        let since_monday = u64::from(self.date.weekday().num_days_from_monday());
        let monday = self.date.checked_sub_days(Days::new(since_monday));
        let date = |number| monday?.checked_add_days(Days::new(number));
        (0..7).filter_map(|number| Self::of(zone, date(number)?)).collect()
    }

    /// Its hours, in order.
    pub(super) fn hours(&self, zone: &Zone) -> Vec<Hour> {
        hours_between(zone, self.start, self.end)
    }

    /// 0 for Monday to 6 for Sunday.
    pub(super) fn weekday(&self) -> usize {
        self.date.weekday().num_days_from_monday() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &Zone, date: &str) -> Day {
        let date = date.parse().expect("test dates are ISO 8601");
        Day::of(zone, date).expect("it is no end of time")
    }

    #[test]
    fn a_day_is_as_long_as_it_is() {
        #[rustfmt::skip]
        let cases = [
            // what is special                 zone                    date          begins                  hours  minutes
            ("any day",                        "Europe/Berlin",        "2026-01-05", "2026-01-04T23:00:00Z", 24,    24 * 60),
            ("clocks are put forward",         "Europe/Berlin",        "2026-03-29", "2026-03-28T23:00:00Z", 23,    23 * 60),
            ("clocks are put back",            "Europe/Berlin",        "2026-10-25", "2026-10-24T22:00:00Z", 25,    25 * 60),
            ("it begins at one o'clock",       "Africa/Cairo",         "2026-04-24", "2026-04-23T22:00:00Z", 23,    23 * 60),
            ("half an hour back",              "Australia/Lord_Howe",  "2026-04-05", "2026-04-04T13:00:00Z", 25,    24 * 60 + 30),
            ("three quarters off the hour",    "Asia/Kathmandu",       "2026-01-05", "2026-01-04T18:15:00Z", 24,    24 * 60),
            ("midnight comes twice",           "America/Havana",       "2025-11-02", "2025-11-02T04:00:00Z", 25,    25 * 60),
            ("it was left out",                "Pacific/Apia",         "2011-12-30", "2011-12-30T10:00:00Z", 0,     0),
        ];
        for (what, zone, date, begins, hours, minutes) in cases {
            let zone = &Zone::built_in(zone).expect(what);
            let day = day(zone, date);
            assert_eq!(day.start.to_string(), begins, "{what}");
            assert_eq!(day.hours(zone).len(), hours, "{what}");
            assert_eq!(day.end.since(day.start) / 60, minutes, "{what}");
        }
    }

    #[test]
    fn days_follow_one_another() {
        let zone = &Zone::built_in("Europe/Berlin").expect("known");
        let thursday = day(zone, "2026-10-29");
        let week = thursday.week(zone);
        assert_eq!(week.iter().map(Day::weekday).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
        assert!(week.contains(&thursday));
        let before = thursday.before(zone, 28);
        assert_eq!(before.len(), 28);
        let all: Vec<Day> = before.into_iter().chain([thursday]).collect();
        for pair in all.windows(2) {
            assert_eq!(pair[0].end, pair[1].start);
        }
    }
}
