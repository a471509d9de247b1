//! Formats moments in the site's zone and language.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use compact_str::{CompactString, ToCompactString};
use schemars::JsonSchema;
use serde::Serialize;

use super::calendar::Day;
use crate::time::moment::{Moment, date_and_time, two_digits};
use crate::time::zone::Zone;
use crate::words::Translation;

/// A moment, written out for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Time {
    /// In the site's zone: `5 Jan 2026, 20:38`; a line breaks only after the comma.
    #[schemars(with = "String")]
    pub text: CompactString,
    /// For machines, in UTC: `2026-01-05T17:38:00Z`.
    #[schemars(with = "String")]
    pub datetime: CompactString,
}

/// Formats moments for a reader at `now`.
pub(super) struct TimeFormatter<'a> {
    zone: &'a Zone,
    translation: &'a Translation,
    today: Option<NaiveDate>,
}

impl<'a> TimeFormatter<'a> {
    pub(super) fn new(zone: &'a Zone, translation: &'a Translation, now: Moment) -> Self {
        let today = zone.local(now).map(|time| time.date());
        Self { zone, translation, today }
    }

    /// The words and rules of the language.
    pub(super) fn translation(&self) -> &'a Translation {
        self.translation
    }

    /// `moment` for the page.
    pub(super) fn time(&self, moment: Moment) -> Time {
        let datetime = moment.to_rfc3339();
        let text = match self.zone.local(moment) {
            Some(time) => self.day_and_hour(time),
            None => datetime.clone(),
        };
        Time { text, datetime }
    }

    /// Short: the time alone if it is today, `20:38`, else with the date.
    pub(super) fn short(&self, moment: Moment) -> CompactString {
        match self.zone.local(moment) {
            Some(time) if Some(time.date()) == self.today => hour_and_minute(time).concat().into(),
            Some(time) => self.day_and_hour(time),
            None => moment.to_rfc3339(),
        }
    }

    /// The time alone, `20:38`.
    pub(super) fn hour(&self, moment: Moment) -> CompactString {
        match self.zone.local(moment) {
            Some(time) => hour_and_minute(time).concat().into(),
            None => moment.to_rfc3339(),
        }
    }

    /// The date alone, `5 Jan 2026`.
    pub(super) fn day(&self, moment: Moment) -> CompactString {
        match self.zone.local(moment) {
            Some(time) => self.date(time.date()),
            None => moment.to_rfc3339(),
        }
    }

    /// `5 Jan 2026`, with non-breaking spaces.
    pub(super) fn date(&self, date: NaiveDate) -> CompactString {
        let year = date.year().to_compact_string();
        self.date_parts(date, &year).concat().into()
    }

    /// One allocation, because most of a page's text is times.
    fn day_and_hour(&self, time: NaiveDateTime) -> CompactString {
        let year = time.year().to_compact_string();
        let date = self.date_parts(time.date(), &year);
        self.translation.date_and_time(date, hour_and_minute(time)).into()
    }

    fn date_parts<'t>(&'t self, date: NaiveDate, year: &'t str) -> [&'t str; 5] {
        let day = two_digits(date.day());
        self.translation.date(date.month0() as usize).of(day, year)
    }

    /// Today; `None` only outside of chrono's years.
    pub(super) fn today(&self) -> Option<Day> {
        Day::of(self.zone, self.today?)
    }
}

/// Formats `moment` for the CSV: `2023-10-20-20:38:09`.
pub(super) fn csv_time(zone: &Zone, moment: Moment) -> CompactString {
    zone.local(moment)
        .and_then(|time| date_and_time(time, b"0000-00-00-00:00:00"))
        .unwrap_or_else(|| moment.to_rfc3339())
}

fn hour_and_minute(time: NaiveDateTime) -> [&'static str; 3] {
    [two_digits(time.hour()), ":", two_digits(time.minute())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).expect("test moments are RFC 3339")
    }

    #[test]
    fn a_moment_is_written_in_the_sites_zone_and_language() {
        let istanbul = Zone::built_in("Europe/Istanbul").expect("known");
        #[rustfmt::skip]
        let cases = [
            // what is special             language       moment                  short                  text
            ("today",                      "en", "2026-01-05T17:38:59Z", "20:38",               "5\u{a0}Jan\u{a0}2026, 20:38"),
            ("today there, not in UTC",    "en", "2026-01-04T21:00:00Z", "00:00",               "5\u{a0}Jan\u{a0}2026, 00:00"),
            ("yesterday there",            "en", "2026-01-04T20:59:59Z", "4\u{a0}Jan\u{a0}2026, 23:59",   "4\u{a0}Jan\u{a0}2026, 23:59"),
            ("no zero before the day",     "en", "2026-05-04T20:59:59Z", "4\u{a0}May\u{a0}2026, 23:59",   "4\u{a0}May\u{a0}2026, 23:59"),
            ("Turkish",                    "tr", "2026-08-04T20:59:59Z", "4\u{a0}Ağu\u{a0}2026, 23:59",   "4\u{a0}Ağu\u{a0}2026, 23:59"),
        ];
        for (what, language, moment, short, text) in cases {
            let language = Language::built_in(language).expect(what);
            let now = at("2026-01-05T18:00:00Z");
            let clock = TimeFormatter::new(&istanbul, language.translation(), now);
            let (datetime, text) = (moment.into(), text.into());
            assert_eq!(clock.time(at(moment)), Time { text, datetime }, "{what}");
            assert_eq!(clock.short(at(moment)), short, "{what}");
        }
    }

    #[test]
    fn the_csv_writes_local_time_to_the_second() {
        let istanbul = Zone::built_in("Europe/Istanbul").expect("known");
        let written = csv_time(&istanbul, at("2023-10-20T17:38:09Z"));
        assert_eq!(written, "2023-10-20-20:38:09");
    }
}
