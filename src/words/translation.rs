//! All texts of one language, as the code uses them.

use super::catalogue::Catalogue;
use super::labels::Labels;
use super::locale::{DatePattern, Locale};
use super::plural::Plural;
use super::rules::Rules;
use super::text::Text;

/// All texts of one language.
#[derive(Debug)]
pub struct Translation {
    /// The `lang` of the page (BCP 47).
    pub lang: String,
    /// The `dir` of the page: `ltr` or `rtl`.
    pub dir: &'static str,
    /// Fixed texts for templates.
    pub labels: Labels,
    /// Status of somebody who is in.
    pub present: String,
    /// Status of somebody who is out.
    pub absent: String,
    /// Before the time of the last change.
    pub updated: String,
    /// Shown before the first change.
    pub not_updated: String,
    /// How many are in.
    pub summary: Plural,
    /// How many are in but not named, after a list of names.
    pub others: Plural,
    /// The same, if nobody is named.
    pub only_others: Plural,
    /// How many wait to be let in.
    pub waiting: Plural,
    /// How many more there are than were listed.
    pub more: Plural,
    /// How many are in, in two words.
    pub online: Plural,
    /// Since `{time}` somebody is in.
    pub since: Text,
    /// A visit with an unknown start that ended at `{time}`.
    pub unknown_start: Text,
    /// A visit with an unknown end that began at `{time}`.
    pub unknown_end: Text,
    /// The number `{hours}`, with its unit.
    pub hours: Text,
    /// The `{hours}` of all people together.
    pub together: Text,
    /// The name of the `{zone}` of all times.
    pub zone: Text,
    /// What a chart shows (`{what}`), and the `{zone}` of its times.
    pub note: Text,
    /// Between the names of a list.
    pub comma: String,
    /// The title when a `{room}` opened.
    pub opened: Text,
    /// The title when a `{room}` emptied.
    pub emptied: Text,
    /// The `{name}` of whoever came first.
    pub came: Text,
    /// The `{duration}` for which it was open, and the `{names}` of who was in.
    pub open_for: Text,
    minutes: Text,
    hours_and_minutes: Text,
    busiest: Plural,
    date_and_time: DateAndTime,
    locale: Locale,
}

/// The texts around a day and a year, in the order of the language.
#[derive(Debug, Clone, Copy)]
pub struct DateParts<'a> {
    pattern: &'a DatePattern,
}

/// The texts around a date and a time.
#[derive(Debug)]
struct DateAndTime {
    parts: [String; 3],
    is_time_first: bool,
}

impl Translation {
    pub(super) fn new(lang: &str, catalogue: &Catalogue, locale: Locale, english: &Locale) -> Self {
        let text = |name: &str| catalogue.text(&format!("sentences.{name}"));
        let plural = |name: &str| catalogue.plural(&format!("counts.{name}"), [&locale, english]);
        Self {
            lang: lang.to_owned(),
            dir: if locale.is_right_to_left { "rtl" } else { "ltr" },
            labels: catalogue.labels(),
            present: catalogue.text("page.present").fixed(),
            absent: catalogue.text("page.absent").fixed(),
            updated: catalogue.text("page.updated").fixed(),
            not_updated: catalogue.text("page.not_updated").fixed(),
            summary: plural("summary"),
            others: plural("others"),
            only_others: plural("only_others"),
            waiting: plural("waiting"),
            more: plural("more"),
            online: plural("online"),
            since: text("since"),
            unknown_start: text("unknown_start"),
            unknown_end: text("unknown_end"),
            hours: text("hours"),
            together: text("together"),
            zone: text("zone"),
            note: text("note"),
            comma: text("comma").fixed(),
            opened: text("opened"),
            emptied: text("emptied"),
            came: text("came"),
            open_for: text("open_for"),
            minutes: text("minutes"),
            hours_and_minutes: text("hours_and_minutes"),
            busiest: plural("busiest"),
            date_and_time: DateAndTime::new(&text("date_and_time")),
            locale,
        }
    }

    /// The plural rules of the language.
    pub fn rules(&self) -> &Rules {
        &self.locale.rules
    }

    /// The days from Monday to Sunday.
    pub fn days(&self) -> &[String] {
        &self.locale.days
    }

    /// The days from Monday to Sunday, shortened.
    pub fn weekdays(&self) -> &[String] {
        &self.locale.weekdays
    }

    /// The upper case of `letter`: in Turkish, `İ` for `i`.
    pub fn capital(&self, letter: char) -> String {
        self.locale.capital(letter)
    }

    /// A number of tenths: `3.5`, and `0` for none.
    pub fn tenths(&self, tenths: i64) -> String {
        if tenths == 0 {
            return "0".to_owned();
        }
        format!("{}{}{}", tenths / 10, self.locale.decimal_mark, tenths % 10)
    }

    /// A duration in hours and minutes, at least one minute.
    pub fn duration(&self, seconds: i64) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        match hours {
            0 => self.minutes.with("minutes", &minutes.max(1).to_string()),
            _ => {
                let (hours, minutes) = (hours.to_string(), minutes.to_string());
                self.hours_and_minutes.fill(&[("hours", &hours), ("minutes", &minutes)])
            }
        }
    }

    /// The busiest hour of the week, in which `tenths` of people were in on average.
    pub fn busiest(&self, day: &str, hour: &str, tenths: i64) -> String {
        let number = self.tenths(tenths);
        self.busiest.of_tenths(tenths, &number, &[("day", day), ("hour", hour)])
    }

    /// How to write a date of the month `month0`, which counts from 0.
    pub fn date(&self, month0: usize) -> DateParts<'_> {
        DateParts { pattern: &self.locale.months[month0] }
    }

    /// A date and a time, each of which is in parts.
    pub fn date_and_time(&self, date: [&str; 5], time: [&str; 3]) -> String {
        let DateAndTime { parts: [before, between, after], is_time_first } = &self.date_and_time;
        let [a, b, c, d, e] = date;
        let [hour, colon, minute] = time;
        match is_time_first {
            false => [before, a, b, c, d, e, between, hour, colon, minute, after].concat(),
            true => [before, hour, colon, minute, between, a, b, c, d, e, after].concat(),
        }
    }
}

impl<'a> DateParts<'a> {
    /// The texts of a date of `day`, which has two digits, and `year`.
    pub fn of(self, day: &'a str, year: &'a str) -> [&'a str; 5] {
        let DatePattern { before, between, after, is_year_first, is_day_padded } = self.pattern;
        let day = if *is_day_padded { day } else { day.trim_start_matches('0') };
        match is_year_first {
            true => [before, year, between, day, after],
            false => [before, day, between, year, after],
        }
    }
}

impl DateAndTime {
    fn new(text: &Text) -> Self {
        let parts = text.literals().try_into();
        Self {
            parts: parts.expect("words without both values are removed, so there are two"),
            is_time_first: text.values().next() == Some("time"),
        }
    }
}
